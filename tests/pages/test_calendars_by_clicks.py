"""Calendars of others in a real browser: an address is made, fetched and revoked; a file is read and told about."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import vobject
from playwright.sync_api import Page, expect

from tests.calendars import calendar, event
from tests.pages.conftest import Dashboard, open_as, settled, unfold
from tests.pages.test_every_screen import WIDER

pytestmark = pytest.mark.browser

# A therapist's next booked session, which is in nobody else's way.
NEXT = """
select u.display_name, a.therapist_id, a.id, a.starts_at, p.given_name, p.surname_1
from appointment as a
join app_user as u on u.therapist_id = a.therapist_id and u.is_active
join appointment_patient as ap on ap.appointment_id = a.id
join patient as p on p.id = ap.patient_id
where a.state in ('booked', 'confirmed') and a.starts_at > now() + interval '1 day'
    and (select count(*) from appointment_patient as o where o.appointment_id = a.id) = 1
order by a.starts_at, a.id limit 1
"""


@dataclass(frozen=True)
class Session:
    """A session to come: whose it is, when, and whom with."""

    therapist: str
    therapist_id: int
    id: int
    starts_at: datetime
    given_name: str
    surname: str


@pytest.fixture
def session(dashboard: Dashboard) -> Session:
    [row] = dashboard.rows(NEXT)
    return Session(*row)  # type: ignore[arg-type]


def fetched(address: str) -> tuple[int, str]:
    """Return what an address answers a program that has no cookie."""
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def of_home(session: Session, *, since: timedelta = timedelta(0)) -> bytes:
    """Return a calendar: an hour at the session's, a dentist every month, an event that ends before it begins."""
    begins = session.starts_at + since
    daily = begins.replace(hour=3)
    return calendar(
        event(f"DTSTART:{stamp(begins)}", "DURATION:PT1H", "SUMMARY:Quokka with Dr Smith"),
        event(f"DTSTART:{stamp(daily)}", "DURATION:PT1H", "RRULE:FREQ=MONTHLY;COUNT=4", uid="two@test"),
        event(f"DTSTART:{stamp(begins)}", f"DTEND:{stamp(begins - timedelta(hours=1))}", uid="three@test"),
        event(f"DTSTART:{stamp(begins)}", "DURATION:PT1H", "STATUS:CANCELLED", uid="four@test"),
    )


def choose(page: Page, name: str, content: bytes) -> None:
    page.get_by_role("textbox", name="Name of the calendar").fill(name)
    page.locator("input[type=file]").set_input_files({"name": "home.ics", "mimeType": "", "buffer": content})
    expect(page.get_by_test_id("stFileUploader").get_by_text("home.ics")).to_be_visible()
    page.get_by_role("button", name="Read the calendar").click()
    settled(page)


def make(page: Page) -> str:
    """Make an address and return it."""
    page.get_by_role("button", name="Make an address").click()
    expect(page.get_by_text("It is shown this once")).to_be_visible()
    address = page.get_by_test_id("stCode").inner_text().strip()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/calendar/[\w-]{43}\.ics", address)
    return address


def test_an_address_is_made_fetched_without_a_session_and_revoked(
    page: Page, dashboard: Dashboard, session: Session
) -> None:
    open_as(page, dashboard, "therapist", "account", person=session.therapist)
    settled(page).get_by_text("Initials of the patients").click()
    address = make(settled(page))
    status, content = fetched(address)
    assert status == 200
    read = vobject.readOne(content)
    initials = (session.given_name[0] + session.surname[0]).upper()
    said = {(each.dtstart.value, each.summary.value, each.status.value) for each in read.vevent_list}
    assert (session.starts_at, initials, "CONFIRMED") in said
    assert len(read.vevent_list) > 10
    assert session.given_name not in content
    assert session.surname not in content
    page.get_by_role("button", name="I have copied it").click()
    expect(page.get_by_test_id("stCode")).to_have_count(0)
    expect(page.get_by_text(re.compile("last fetched about"))).to_be_visible()
    unfold(page, page.get_by_test_id("stPopover").get_by_text("Revoke"))
    page.get_by_role("button", name="Revoke this address").click()
    expect(page.get_by_text("The address was revoked.")).to_be_visible()
    assert fetched(address) == (404, "Not Found")
    expect(page.get_by_text(re.compile("last fetched about"))).to_have_count(0)
    noted = dashboard.rows(
        "select array_agg(changed::text order by id) from audit_log where table_name = 'calendar_feed'"
    )
    assert noted == [([None, "{last_fetched_at}", "{revoked_at}"],)]


def test_the_manager_makes_the_address_of_a_room(page: Page, dashboard: Dashboard) -> None:
    open_as(page, dashboard, "manager", "account")
    status, content = fetched(make(page))
    [(name,)] = dashboard.rows(
        "select r.name from calendar_feed join room as r on r.id = room_id where revoked_at is null"
    )
    assert status == 200
    assert str(name) in content
    assert {each.summary.value for each in vobject.readOne(content).vevent_list} == {"Session"}


def test_a_file_is_read_its_bad_event_named_and_what_is_booked_meanwhile_listed(
    page: Page, dashboard: Dashboard, session: Session, tmp_path: Path
) -> None:
    before = dashboard.rows("select count(*), max(version) from appointment")
    open_as(page, dashboard, "therapist", "account", person=session.therapist)
    choose(page, "Home", of_home(session))
    expect(page.get_by_text("Home: 5 busy times, 5 new, 0 gone.")).to_be_visible()
    expect(page.get_by_text("2 events with a remark")).to_be_visible()
    expect(page.get_by_text("1 session is booked while you are busy elsewhere. It was left as it is.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").first.click()
    download.value.save_as(tmp_path / "aside.csv")
    lines = (tmp_path / "aside.csv").read_text("utf-8-sig").splitlines()
    assert lines == [
        "reason,outcome,event,line",
        "The end is not after the start.,Not read,3,18",
        "The event is cancelled.,Takes no time,4,24",
    ]
    assert dashboard.rows(
        "select count(*) from audit_log where operation = 'exported' and table_name = 'calendar_set_aside'"
    ) == [(1,)]

    choose(page, "Home", of_home(session))
    expect(page.get_by_text("Home: 5 busy times, nothing changed.")).to_be_visible()
    choose(page, "Home", b"no calendar")
    expect(page.get_by_text("Nothing was read or changed.")).to_be_visible()
    choose(page, "Home", of_home(session, since=timedelta(days=-400)))
    expect(page.get_by_text("Home: 0 busy times, 0 new, 5 gone.")).to_be_visible()
    expect(page.get_by_text("is booked while you are busy elsewhere")).to_have_count(0)

    choose(page, "Home", of_home(session))
    expect(page.get_by_text("Home: 5 busy times, 5 new, 0 gone.")).to_be_visible()
    unfold(page, page.get_by_test_id("stPopover").get_by_text("Take out"))
    page.get_by_role("button", name="Take this calendar out").click()
    expect(page.get_by_text("The calendar was taken out.")).to_be_visible()
    assert dashboard.rows("select count(*) from busy_time") == [(0,)]
    assert dashboard.rows("select count(*), max(version) from appointment") == before


def test_a_telephone_shows_all_of_it_without_moving_sideways(
    page: Page, dashboard: Dashboard, session: Session
) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    open_as(page, dashboard, "therapist", "account", person=session.therapist)
    make(page)
    choose(page, "The calendar of the whole family and of the neighbours too", of_home(session))
    expect(page.get_by_text("1 session is booked while you are busy elsewhere")).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(WIDER) == 0
