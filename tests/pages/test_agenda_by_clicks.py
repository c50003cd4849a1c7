"""The agenda in a real browser: appointments are marked, taken back, opened from the calendar and shared by address."""

from __future__ import annotations

import re
from pathlib import Path

import pikepdf
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.pages.conftest import Dashboard, address_with, address_without, open_as, settled, until_shown

pytestmark = pytest.mark.browser

OLDEST = """
select id, state from appointment
where state in ('booked', 'confirmed') and ends_at <= now() and moved_to_id is null
order by starts_at, id limit 1
"""
BUSY_DAY = """
select (starts_at at time zone 'Europe/Madrid')::date::text, min(therapist_id), count(distinct therapist_id)
from appointment where starts_at < now() and state = 'attended'
group by 1 having count(distinct therapist_id) > 1 order by 1 desc limit 1
"""
LAST_MONTH = """
update appointment set state = 'booked', marked_at = null, marked_by_id = null where id = (
    select id from appointment as a where state = 'no_show' and moved_to_id is null
        and date_trunc('month', starts_at at time zone 'Europe/Madrid')
        = date_trunc('month', now() at time zone 'Europe/Madrid' - interval '1 month')
        and not exists (select from charge where appointment_id = a.id) order by id limit 1
) returning id, date_trunc('month', starts_at at time zone 'Europe/Madrid')::date
"""
AHEAD = """
select id, (starts_at at time zone 'Europe/Madrid')::date::text from appointment
where state = 'booked' and starts_at > now() + interval '15 days' order by starts_at, id limit 1
"""
DELIVERED = "select value from marts.kpi_delivered_sessions where grain = 'practice' and item is null and month = %s"


def not_marked(page: Page) -> int:
    """Return the number that the register's heading tells."""
    words = page.get_by_text(re.compile(r"^[\d,]+ appointments are not marked yet\.$")).inner_text()
    return int(words.split()[0].replace(",", ""))


def undo(page: Page) -> Locator:
    return page.get_by_role("button", name="Undo")


def test_the_oldest_appointment_is_marked_with_one_click_and_taken_back(page: Page, dashboard: Dashboard) -> None:
    [(oldest, state)] = dashboard.rows(OLDEST)
    open_as(page, dashboard, "front_desk", "agenda?view=not_marked")
    before = not_marked(page)

    page.get_by_role("button", name="Attended").first.click()
    expect(undo(page)).to_be_visible()
    assert not_marked(settled(page)) == before - 1
    assert dashboard.rows("select state, marked_by_id is not null from appointment where id = %s", oldest) == [
        ("attended", True)
    ]
    assert dashboard.rows("select sum(amount_cents) > 0 from charge where appointment_id = %s", oldest) == [(True,)]

    undo(page).click()
    expect(undo(page)).to_be_hidden()
    assert not_marked(settled(page)) == before
    assert dashboard.rows("select state from appointment where id = %s", oldest) == [(state,)]
    assert dashboard.rows("select sum(amount_cents) from charge where appointment_id = %s", oldest) == [(0,)]


def delivered(page: Page, dashboard: Dashboard) -> int:
    """Return the delivered sessions of the last month that is over, as the key figure tells them."""
    open_as(page, dashboard, "manager", "key_figures?figure=kpi_delivered_sessions")
    return int(page.get_by_test_id("stMetricValue").inner_text().split()[0].replace(",", ""))


def act_in_panel(page: Page, dashboard: Dashboard, appointment: object, button: str) -> None:
    open_as(page, dashboard, "front_desk", f"agenda?appointment={appointment}")
    panel = page.get_by_role("dialog")
    panel.get_by_role("button", name=button).click()
    expect(panel).to_be_hidden()
    settled(page)


def test_a_session_marked_is_a_session_delivered_at_the_next_refresh_and_taken_back_it_is_not(
    page: Page, dashboard: Dashboard
) -> None:
    [(appointment, month)] = dashboard.rows(LAST_MONTH)
    before = delivered(page, dashboard)
    assert dashboard.rows(DELIVERED, month) == [(before,)]

    act_in_panel(page, dashboard, appointment, "Record: attended")
    assert delivered(page, dashboard) == before
    dashboard.refresh_figure("kpi_delivered_sessions")
    assert dashboard.rows(DELIVERED, month) == [(before + 1,)]
    assert delivered(page, dashboard) == before + 1

    act_in_panel(page, dashboard, appointment, "Take this back")
    dashboard.refresh_figure("kpi_delivered_sessions")
    assert dashboard.rows(DELIVERED, month) == [(before,)]
    assert delivered(page, dashboard) == before


@pytest.mark.parametrize("width", [1440, 390])
def test_a_key_marks_the_first_row(page: Page, dashboard: Dashboard, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 1000})
    [(oldest, _state)] = dashboard.rows(OLDEST)
    open_as(page, dashboard, "manager", "agenda?view=not_marked")
    page.get_by_role("heading", name="Agenda").click()  # away from the fields, where a letter is only a letter
    until_shown(page, lambda: page.keyboard.press("n"), undo(page))
    assert dashboard.rows("select state, is_fee_charged from appointment where id = %s", oldest) == [("no_show", False)]


def test_a_late_cancellation_is_recorded_with_its_fee_in_the_panel(page: Page, dashboard: Dashboard) -> None:
    [(oldest, _state)] = dashboard.rows(OLDEST)
    open_as(page, dashboard, "front_desk", f"agenda?view=not_marked&appointment={oldest}")
    panel = page.get_by_role("dialog")
    panel.get_by_text("Late cancelled").click()
    panel.get_by_text(re.compile("Charge the fee")).click()
    settled(page)
    panel.get_by_role("button", name="Record: late cancelled").click()
    expect(panel).to_be_hidden()
    found = "select state, is_fee_charged, cancelled_by from appointment where id = %s"
    assert dashboard.rows(found, oldest) == [("late_cancelled", True, "patient")]
    charged = "select kind from charge where appointment_id = %s order by id desc limit 1"
    assert dashboard.rows(charged, oldest) == [("late_cancellation",)]


AT_THE_PRACTICE = """
select id, room_id from appointment
where state = 'booked' and mode = 'in_person' and room_id is not null and starts_at > now() + interval '1 day'
order by starts_at, id limit 1
"""


@pytest.mark.parametrize("width", [1440, 390])
def test_a_session_is_held_online_with_one_click_and_at_the_practice_again(
    page: Page, dashboard: Dashboard, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 1000})
    [(appointment, room)] = dashboard.rows(AT_THE_PRACTICE)
    held = "select mode, room_id from appointment where id = %s"
    open_as(page, dashboard, "front_desk", f"agenda?appointment={appointment}")
    panel = page.get_by_role("dialog")
    panel.get_by_text("Change how it is held").click()
    expect(panel.get_by_role("button", name="Change", exact=True)).to_be_disabled()
    panel.get_by_text("Online", exact=True).click()
    settled(page)
    panel.get_by_role("button", name="Change", exact=True).click()
    expect(panel).to_be_hidden()
    expect(page.get_by_text("It was: in person.")).to_be_visible()
    assert dashboard.rows(held, appointment) == [("online", None)]
    undo(settled(page)).click()
    expect(undo(page)).to_be_hidden()
    settled(page)
    assert dashboard.rows(held, appointment) == [("in_person", room)]


def test_an_event_opens_its_panel_and_again_after_it_was_closed(page: Page, dashboard: Dashboard) -> None:
    [(day, _therapist, _count)] = dashboard.rows(BUSY_DAY)
    open_as(page, dashboard, "front_desk", f"agenda?day={day}")
    event = page.frame_locator("iframe").locator(".fc-event").first
    for _time in range(2):
        event.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        address_with(page, "appointment=")
        page.get_by_role("button", name="Close").click()
        expect(page.get_by_role("dialog")).to_be_hidden()
        address_without(page, "appointment=")
        settled(page)  # the calendar is drawn anew: a click on the old one would reach nobody


def test_a_link_to_an_appointment_opens_it_over_its_own_day(page: Page, dashboard: Dashboard) -> None:
    [(appointment, day)] = dashboard.rows(AHEAD)
    open_as(page, dashboard, "front_desk", f"agenda?appointment={appointment}")
    expect(page.get_by_role("dialog")).to_be_visible()
    address_with(page, f"day={day}")
    page.keyboard.press("Escape")
    address_without(page, "appointment=")
    settled(page)  # while the screen is drawn anew there are two calendars
    expect(page.frame_locator("iframe").locator(f"[data-date='{day}']").first).to_be_visible()


def printed_words(path: Path) -> str:
    """Return what a PDF in one of its built-in fonts says."""
    with pikepdf.open(path) as read:
        told = [each.operands for page in read.pages for each in pikepdf.parse_content_stream(page)]
    return " ".join(
        bytes(one).decode("latin-1") for operands in told for one in operands if isinstance(one, pikepdf.String)
    )


def test_a_day_is_printed_with_everybody_of_it_once_that_is_clicked(page: Page, dashboard: Dashboard) -> None:
    [(day, _therapist, therapists)] = dashboard.rows(BUSY_DAY)
    open_as(page, dashboard, "front_desk", f"agenda?view=day&day={day}")
    with page.expect_download() as taken:
        page.get_by_role("button", name="Print the day").click()
    printed = printed_words(taken.value.path())
    assert taken.value.suggested_filename == f"agenda-{day}.pdf"
    assert printed.count("Attended") >= therapists


def test_a_therapist_sees_colleagues_busy_and_cannot_open_them(page: Page, dashboard: Dashboard) -> None:
    [(day, _therapist, _count)] = dashboard.rows(BUSY_DAY)
    open_as(page, dashboard, "therapist", f"agenda?view=list&day={day}&therapist=all")
    busy = page.frame_locator("iframe").locator(".is-busy")
    expect(busy.first).to_contain_text("Busy")
    busy.first.click()
    settled(page)
    expect(page.get_by_role("dialog")).to_be_hidden()
