"""An address shows nothing of anybody to whom nobody has given it: not without a person, not to another therapist."""

from __future__ import annotations

from urllib.parse import urlencode

import psycopg
import pytest
from playwright.sync_api import Page, WebSocket, expect

from dashboard.ui.navigation import SCREENS
from tests.pages.conftest import Dashboard, arrived, open_as

pytestmark = pytest.mark.browser

IDS = (
    "patient",
    "appointment",
    "invoice",
    "payment",
    "session",
    "consent",
    "therapist",
    "site",
    "entry",
    "run",
    "rule",
)
HOSTILE = (
    dict.fromkeys(IDS, "1"),
    {**dict.fromkeys(IDS, "1 or 1=1"), "view": "../../etc/passwd", "p": "-1", "figure": "kpi_show_rate; drop"},
    {**dict.fromkeys(IDS, "9" * 40), "p": "9" * 18, "week": "9999-99-99", "day": "0001-01-01", "app_user_id": "1"},
    {**dict.fromkeys(IDS, "<script>alert(1)</script>"), "figure": "\u202e\u0000", "view": "x" * 5000},
)


class Traffic:
    """Everything that a page receives through its web sockets, and its text."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.received = b""
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", self._keep)

    def _keep(self, frame: bytes | str) -> None:
        self.received += frame.encode() if isinstance(frame, str) else frame

    def told(self, secrets: list[str]) -> list[str]:
        """Return those of ``secrets`` that arrived."""
        everything = self.received + self.page.content().encode()
        return [secret for secret in secrets if secret.encode() in everything]


def people(dashboard: Dashboard, where: str = "true") -> list[str]:
    """Return what would give patients away: names as screens write them, numbers of identity, telephones, mail."""
    rows = dashboard.rows(
        "select given_name || ' ' || surname_1, surname_1 || ' ' || surname_2, id_value, telephone, email"
        f" from patient where {where}"
    )
    team = str(dashboard.rows("select display_name from app_user"))
    return [str(value) for row in rows for value in row if value and str(value) not in team]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_without_a_person_no_address_shows_anything_of_anybody(page: Page, dashboard: Dashboard, number: int) -> None:
    secrets = people(dashboard)
    assert len(secrets) > 100
    traffic = Traffic(page)
    for screen in SCREENS:
        page.goto(f"{dashboard.url}/{screen.slug}?{urlencode(HOSTILE[number])}")
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert traffic.told(secrets) == []


def test_with_a_person_the_same_address_does_show_somebody(page: Page, dashboard: Dashboard) -> None:
    (row,) = dashboard.rows("select id from patient order by id limit 1")
    traffic = Traffic(page)
    open_as(page, dashboard, "manager", f"patient_files?patient={row[0]}")
    assert traffic.told(people(dashboard, f"id = {row[0]}"))


def test_a_hostile_address_is_a_normal_screen_for_who_has_it(page: Page, dashboard: Dashboard) -> None:
    """One kind of address a screen, in turn; without a browser every value is tried on every screen."""
    open_as(page, dashboard, "manager")
    for number, screen in enumerate(SCREENS):
        page.evaluate(
            "address => { history.pushState({}, '', address); dispatchEvent(new PopStateEvent('popstate')); }",
            f"/{screen.slug}?{urlencode(HOSTILE[number % len(HOSTILE)])}",
        )
        arrived(page, screen.slug)
        expect(page.get_by_test_id("stException")).to_have_count(0)
        expect(page.get_by_text("Something went wrong")).to_have_count(0)
        expect(page.get_by_text("(reference")).to_have_count(0)


def test_a_therapist_is_told_nothing_of_a_colleagues_patient(page: Page, dashboard: Dashboard) -> None:
    (therapist_id, name) = dashboard.rows(
        "select therapist_id, display_name from app_user where role = 'therapist' order by id limit 1"
    )[0]
    foreign = dashboard.rows(
        "select p.id from patient as p where p.main_therapist_id <> %s and not exists ("
        " select 1 from appointment_patient as ap join appointment as a on a.id = ap.appointment_id"
        " where ap.patient_id = p.id and a.therapist_id = %s) and p.surname_2 is not null and p.email is not null"
        " order by p.id limit 1",
        therapist_id,
        therapist_id,
    )[0][0]
    secrets = people(dashboard, f"id = {foreign}")
    traffic = Traffic(page)
    for slug in ("patient_files", "consents", "incomplete_files", "agenda"):
        open_as(page, dashboard, "therapist", f"{slug}?patient={foreign}", person=str(name))
    assert traffic.told(secrets) == []


def test_who_is_no_longer_active_is_out_at_the_next_click(page: Page, dashboard: Dashboard) -> None:
    open_as(page, dashboard, "front_desk", "today")
    with psycopg.connect(dashboard.database_url, options="-c search_path=practice") as connection:
        connection.execute("update app_user set is_active = false where role = 'front_desk'")
    try:
        traffic = Traffic(page)
        page.get_by_test_id("stSidebarNavLink").filter(has_text="Patient files").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        assert traffic.told(people(dashboard)) == []
    finally:
        with psycopg.connect(dashboard.database_url, options="-c search_path=practice") as connection:
            connection.execute("update app_user set is_active = true where role = 'front_desk'")
