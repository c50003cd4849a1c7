"""A calendar elsewhere in a real browser: connected on the Account screen, and what is changed there decided here."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from dashboard.config import ROOT
from tests.conftest import Cluster
from tests.dashboard.calendars.conftest import stamp
from tests.pages.conftest import Dashboard, open_as, serve_clone, settled
from tests.pages.test_calendars_by_clicks import NEXT, Session
from tests.pages.test_every_screen import WIDER
from tests.radicale import PASSWORD, USER, Radicale, serving

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def dashboard(cluster: Cluster, figures_template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """Return a dashboard that may ask a calendar server of this machine."""
    folder = tmp_path_factory.mktemp("server")
    yield from serve_clone(cluster, figures_template, folder, INTERSESSION_CALENDAR_HOSTS="127.0.0.1")


@pytest.fixture
def radicale(tmp_path: Path) -> Iterator[Radicale]:
    with serving(tmp_path) as server:
        yield server


def exchanged(dashboard: Dashboard) -> None:
    """Go one round of the worker."""
    command = [sys.executable, "-m", "dashboard.messenger", "--once"]
    subprocess.run(command, env=dashboard.environment, cwd=ROOT, check=True)


def moved(server: Radicale, begins: datetime, to: datetime) -> None:
    """Move the session that begins then, as another program does."""
    [(name, text)] = [each for each in server.files("work").items() if f"DTSTART:{stamp(begins)}" in each[1]]
    text = re.sub(r"DTSTART:\w+", f"DTSTART:{stamp(to)}", text)
    server.put_bytes(f"work/{name}", re.sub(r"DTEND:\w+", f"DTEND:{stamp(to + timedelta(hours=1))}", text).encode())


def test_a_calendar_is_connected_and_what_is_moved_there_is_moved_here_once_that_is_accepted(
    page: Page, dashboard: Dashboard, radicale: Radicale
) -> None:
    [row] = dashboard.rows(NEXT)
    session = Session(*row)  # type: ignore[arg-type]
    open_as(page, dashboard, "therapist", "account", person=session.therapist)
    page.get_by_role("textbox", name="Address of the calendar server").fill(radicale.address)
    page.get_by_role("textbox", name="User name there").fill(USER)
    page.get_by_role("textbox", name="App password").fill("wrong")
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_text("The calendar server refuses the user name or the password.")).to_be_visible()
    page.get_by_role("textbox", name="App password").fill(PASSWORD)
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.get_by_text("Connected: 2 calendars.")).to_be_visible()
    assert PASSWORD not in settled(page).content()
    page.locator(".st-key-account_linked_outgoing").get_by_role("combobox").click()
    page.get_by_role("option", name="Práctica").click()
    settled(page).get_by_role("button", name="Save the choice").click()
    expect(page.get_by_text("Saved. The calendars are exchanged within a minute or two.")).to_be_visible()
    exchanged(dashboard)
    assert "Session" in "".join(radicale.files("work").values())

    night = (session.starts_at + timedelta(days=40)).replace(hour=1, minute=0)
    moved(radicale, session.starts_at, night)
    exchanged(dashboard)
    page.reload()
    expect(page.get_by_text("1 session was changed in your calendar. Nothing was changed here.")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 900})
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert settled(page).evaluate(WIDER) == 0
    page.set_viewport_size({"width": 1440, "height": 1000})
    settled(page).get_by_role("button", name="Move the session here too").click()
    expect(page.get_by_text("Outside the therapist's hours of work.")).to_be_visible()
    settled(page).get_by_role("button", name="Move all the same").click()
    expect(page.get_by_text("The session was moved.")).to_be_visible()
    assert dashboard.rows("select starts_at from appointment where id = %s", session.id) == [(night,)]
    assert dashboard.rows("select state from linked_proposal") == [("accepted",)]
