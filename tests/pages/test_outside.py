"""The browser's way out is watched: what a page would ask another machine for is noted and not answered."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Page

from tests.conftest import EGRESS_LOG, NOBODYS
from tests.pages.conftest import Dashboard, open_as


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return a page that goes with all it belongs to: by itself, one whose error is yet to come might never close."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.mark.browser
def test_a_page_that_asks_another_machine_is_noted_and_gets_nothing(page: Page) -> None:
    for address in (f"http://{NOBODYS}/", f"https://{NOBODYS}/"):
        with pytest.raises(Error):
            page.goto(address)
    log = Path(os.environ[EGRESS_LOG]).read_text()
    assert f"browser GET http://{NOBODYS}/" in log
    assert f"browser CONNECT {NOBODYS}:443" in log


@pytest.mark.browser
def test_no_screen_can_load_anything_from_another_machine(page: Page, dashboard: Dashboard) -> None:
    open_as(page, dashboard, "manager", "key_figures")
    for address, why in ((f"http://{NOBODYS}/screen.png", "img-src"), (f"http://{NOBODYS}/screen.js", "script-src")):
        kind = address.rsplit(".", 1)[1]
        refused = page.evaluate(
            """([address, kind]) => new Promise(done => {
                document.addEventListener("securitypolicyviolation", e => done(e.effectiveDirective), {once: true});
                const part = document.createElement(kind === "png" ? "img" : "script");
                part.src = address;
                document.body.append(part);
            })""",
            [address, kind],
        )
        assert str(refused).startswith(why)
    assert "screen." not in Path(os.environ[EGRESS_LOG]).read_text()
