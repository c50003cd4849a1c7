"""A real dashboard and a real browser: one server process a test module, one Chromium a worker."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import TimeoutError as TooLateError

from dashboard import db
from dashboard.config import ROOT
from dashboard.ui.navigation import title
from tests.conftest import BUILD, Cluster, cloned, free_port
from tests.pages import outside
from tests.pages.warm import Server

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=AutofillServerCommunication,OptimizationHints,OptimizationGuideModelDownloading",
    # A page lives for seconds here: what would make it quicker later costs more than it gives.
    "--in-process-gpu",
    "--num-raster-threads=1",
    "--js-flags=--no-opt,--no-maglev,--no-flush-bytecode,--min-semi-space-size=64,--max-semi-space-size=64",
)
WAIT_MS = 20_000
STILL_MS = 300
STILL = """
(longEnough) => {
    const moving = document.getAnimations().some(
        (a) => a.playState === "running" && a.effect?.getComputedTiming().iterations !== Infinity
    );
    const busy = !document.querySelector('[data-testid="stApp"][data-test-script-state="notRunning"]')
        || document.querySelector('[data-stale="true"], [data-testid="stSkeleton"]')
        || document.fonts.status !== "loaded" || moving;
    const now = performance.now();
    if (busy || window.stillSince === undefined) window.stillSince = now;
    return !busy && now - window.stillSince >= longEnough;
}
"""
ROLE_NAMES = {
    "manager": "Practice manager",
    "therapist": "Therapist",
    "front_desk": "Front desk",
    "auditor": "Auditor",
}

ROLE_NAMES_ES = {
    "manager": "Gerencia",
    "therapist": "Terapeuta",
    "front_desk": "Recepción",
    "auditor": "Auditoría",
}


@dataclass(frozen=True)
class Dashboard:
    """A running dashboard: its address, and the environment in which commands work on its database."""

    url: str
    environment: dict[str, str]
    database_url: str

    def rows(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Return the rows of a query of the test's own, past every right."""
        with psycopg.connect(self.database_url, options="-c search_path=practice") as connection:
            return connection.execute(statement, values).fetchall()

    def refresh(self) -> None:
        """Run one round of figures and checks."""
        self._run("-m", "dashboard.refresh", "--once")

    def check(self) -> None:
        """Run the checks."""
        self._run("-m", "expectations")

    def refresh_figure(self, name: str) -> None:
        """Build one figure and what it is made of, as a round does."""
        self._run("-c", BUILD, f"+{name}")

    def _run(self, *arguments: str) -> None:
        subprocess.run([sys.executable, *arguments], env=self.environment, cwd=ROOT, check=True)


@cache
def _usual_port() -> int:
    """Return this worker's port: at the same address the browser has the dashboard's programs read already."""
    return free_port()


def _await_health(url: str, server: Server) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.is_running, "the server ended"
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail("the server did not answer within 60 s")


def serve_clone(cluster: Cluster, template: str, folder: Path, **settings: str) -> Iterator[Dashboard]:
    """Serve a dashboard on a clone of ``template``, with further settings, until the generator is closed."""
    port = free_port(_usual_port())
    with cloned(cluster, template) as database:
        environment = {**database.environment, **settings}
        server = Server(environment, ["--port", str(port)], folder / "server.log")
        try:
            url = f"http://127.0.0.1:{port}"
            _await_health(url, server)
            yield Dashboard(url, environment, database.url)
        finally:
            server.end()


@pytest.fixture(scope="module")
def dashboard(cluster: Cluster, figures_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """Return a dashboard over a small synthetic practice with figures and findings."""
    yield from serve_clone(cluster, figures_template, tmp_path_factory.mktemp("server"))


@pytest.fixture(scope="module")
def empty_dashboard(
    cluster: Cluster, migrated_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Dashboard]:
    """Return a dashboard over a practice without a single row."""
    yield from serve_clone(cluster, migrated_template, tmp_path_factory.mktemp("server"))


def chromium() -> str | None:
    """Return the browser to drive: the configured one, one on PATH, else Playwright's own."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return os.environ.get("INTERSESSION_CHROMIUM") or next((p for n in names if (p := shutil.which(n))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return a headless Chromium, kept for the whole run of this worker."""
    with outside.noted() as proxy, sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, f"--proxy-server={proxy}"])
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def visits(browser: Browser) -> BrowserContext:
    """Return the English visitor of all tests of this worker, who keeps nothing but the dashboard's programs."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, locale="en-GB", color_scheme="light")
    context.set_default_timeout(WAIT_MS)
    expect.set_options(timeout=WAIT_MS)
    return context


@pytest.fixture
def page(visits: BrowserContext) -> Iterator[Page]:
    """Return a fresh English page, 1440 px wide, of somebody who was never here."""
    opened = visits.new_page()
    yield opened
    with suppress(PlaywrightError):  # nothing may be open that could keep anything
        opened.evaluate("localStorage.clear()")
    visits.clear_cookies()
    for left in visits.pages:
        left.close()


def settled(page: Page) -> Page:
    """Wait until the screen has finished running and moving, and has stayed so.

    A click is answered a moment later (the run that it starts is announced by the server), and what opens or closes
    moves for a while, as all does when a font arrives: a click on something that moves may miss it.
    """
    page.evaluate("window.stillSince = undefined")
    page.wait_for_function(STILL, arg=STILL_MS, polling=50)
    return page


def until_shown(page: Page, act: Callable[[], None], shown: Locator) -> None:
    """Act, and again when ``shown`` does not come: a loaded machine may take a key or a click before it listens."""
    for _attempt in range(3):
        settled(page)
        act()
        with suppress(TooLateError):
            shown.wait_for(timeout=WAIT_MS / 3)
            return
    pytest.fail("what was done had no effect")


def unfold(page: Page, button: Locator) -> None:
    """Open what a button unfolds, which no run of the screen tells of."""
    until_shown(page, button.click, page.get_by_test_id("stPopoverBody"))


def choose(page: Page, form: Locator, field: str, option: str) -> None:
    """Choose in a list that opens; it closes again when what it hangs on moves."""
    picked = form.get_by_role("combobox", name=field)
    picked.scroll_into_view_if_needed()
    settled(page)
    picked.click()
    page.get_by_role("option", name=option, exact=True).click()
    settled(page)


def choose_first_row(page: Page, shown: Locator) -> None:
    """Tick the first row of the only table, which is a picture and no elements; ``shown`` comes of it."""
    until_shown(page, lambda: page.get_by_test_id("stDataFrame").click(position={"x": 17, "y": 52}), shown)


def address_with(page: Page, part: str) -> None:
    """Wait until the page's address holds ``part``."""
    expect(page).to_have_url(re.compile(re.escape(part)))


def address_without(page: Page, part: str) -> None:
    """Wait until the page's address no longer holds ``part``."""
    expect(page).not_to_have_url(re.compile(re.escape(part)))


def open_as(page: Page, dashboard: Dashboard, role: str, slug: str = "today", person: str | None = None) -> Page:
    """Open ``slug`` and choose a person of ``role`` (the first, or the one named); who was there before is out."""
    page.context.clear_cookies()
    page.goto(f"{dashboard.url}/{slug}")
    field = page.locator("#person")
    names = field.locator("option").all_text_contents()
    field.select_option(next(name for name in names if name.startswith(f"{role_label(page, role)} · {person or ''}")))
    page.locator("form button").click()
    page.locator(".st-key-app_sign_out").wait_for(state="attached")  # by key: the person may read Spanish
    return settled(page)


def go(page: Page, slug: str) -> None:
    """Go to a screen as the back button does, in the same session, whether or not the menu has it."""
    page.evaluate(
        "slug => { history.pushState({}, '', '/' + slug); dispatchEvent(new PopStateEvent('popstate', {state: {}})); }",
        slug,
    )
    arrived(page, slug)


def arrived(page: Page, slug: str) -> None:
    """Wait until a screen is there, or its words for who has it not."""
    page.get_by_role("heading", level=1, name=title(slug), exact=True).wait_for()
    settled(page)


def role_label(page: Page, role: str) -> str:
    """Return the words of a role in the page's language."""
    return (ROLE_NAMES if page.locator("html").get_attribute("lang") == "en" else ROLE_NAMES_ES)[role]


@pytest.fixture(autouse=True)
def _forget_engines() -> Iterator[None]:
    """Close what a test opened in this process, so that its database can be dropped."""
    yield
    db.forget_engines()
