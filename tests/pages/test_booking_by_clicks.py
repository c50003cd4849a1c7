"""Booking and moving in a real browser: by a click into a free hour and a form, and by dragging, also to no avail."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.pages.conftest import Dashboard, address_with, choose, open_as, settled, until_shown

pytestmark = pytest.mark.browser

# A day ahead on which a therapist has at least two appointments and an hour where nothing is drawn, and works.
FREE_HOUR = """
select a.id, a.therapist_id, (a.starts_at at time zone 'Europe/Madrid')::date::text,
    to_char(f.starts_at at time zone 'Europe/Madrid', 'HH24:MI'), p.number,
    to_char(b.starts_at at time zone 'Europe/Madrid', 'HH24:MI')
from appointment as a
join appointment_patient as ap on ap.appointment_id = a.id and ap.position = 1
join patient as p on p.id = ap.patient_id
join service as s on s.id = a.service_id and s.kind = 'individual'
join appointment as b on b.therapist_id = a.therapist_id and b.id <> a.id and b.state in ('booked', 'confirmed')
    and (b.starts_at at time zone 'Europe/Madrid')::date = (a.starts_at at time zone 'Europe/Madrid')::date
cross join lateral agenda_free_hours(array[a.therapist_id], a.site_id, a.service_id, '{}', a.mode, 60,
    date_trunc('day', a.starts_at), date_trunc('day', a.starts_at) + interval '1 day', 30, 100) as f
where a.state in ('booked', 'confirmed') and a.starts_at > now() + interval '2 days'
    and extract(minute from f.starts_at) = 0
    and not exists (
        select from appointment as o where o.therapist_id = a.therapist_id
            and o.starts_at < f.starts_at + interval '1 hour' and o.ends_at > f.starts_at
    )
order by a.starts_at, a.id, f.starts_at limit 1
"""
PLACE = """
select to_char(starts_at at time zone 'Europe/Madrid', 'HH24:MI'), version from appointment where id = %s
"""


@dataclass(frozen=True)
class Day:
    """A therapist's day: an appointment, another one, a free hour, and the number of the patient's file."""

    appointment: int
    therapist: int
    day: str
    free: str
    number: int
    busy: str


@pytest.fixture(params=[1440, 390])
def page(page: Page, request: pytest.FixtureRequest) -> Page:
    """Return a fresh page on a desk, and one on a telephone: long, as nothing is scrolled while it is dragged."""
    page.set_viewport_size({"width": request.param, "height": 1000 if request.param > 1000 else 2000})
    return page


@pytest.fixture
def day(dashboard: Dashboard) -> Day:
    [row] = dashboard.rows(FREE_HOUR)
    return Day(*row)  # type: ignore[arg-type]


def calendar(page: Page) -> FrameLocator:
    return page.frame_locator("iframe")


def hour(page: Page, time: str) -> Locator:
    """Return the row of the calendar's half hour that begins at ``time``."""
    return calendar(page).locator(f'td.fc-timegrid-slot-lane[data-time="{time}:00"]')


def top(drawn: Locator) -> float:
    box = drawn.bounding_box()
    assert box is not None
    return box["y"]


def drag(page: Page, event: Locator, to: Locator) -> None:
    """Drag an event by its top to the beginning of an hour."""
    grip, place = event.bounding_box(), to.bounding_box()
    assert grip is not None
    assert place is not None
    page.mouse.move(grip["x"] + 20, grip["y"] + 4)
    page.mouse.down()
    page.mouse.move(grip["x"] + 20, grip["y"] + 20, steps=4)
    page.mouse.move(grip["x"] + 20, place["y"] + 4, steps=12)
    page.wait_for_timeout(100)
    page.mouse.up()


def event_of(page: Page, dashboard: Dashboard, appointment: int) -> Locator:
    [(names,)] = dashboard.rows(
        "select concat_ws(' ', given_name, surname_1, surname_2) from patient join appointment_patient"
        " on patient_id = id where appointment_id = %s order by position limit 1",
        appointment,
    )
    return calendar(page).locator(".fc-timegrid-event", has_text=str(names)).first


def choose_patient(page: Page, form: Locator, number: int) -> None:
    form.get_by_label("Search").fill(str(number))
    page.keyboard.press("Enter")
    settled(page)
    form.get_by_label("Who comes").click()
    page.get_by_role("option", name=re.compile(f"· {number}$")).click()
    page.keyboard.press("Tab")  # which closes the list
    settled(page)


def test_dragging_to_a_free_hour_moves_and_undo_moves_back(page: Page, dashboard: Dashboard, day: Day) -> None:
    [(before, _version)] = dashboard.rows(PLACE, day.appointment)
    open_as(page, dashboard, "front_desk", f"agenda?view=day&day={day.day}&therapist={day.therapist}")
    event = event_of(page, dashboard, day.appointment)
    assert top(event) >= top(hour(page, str(before))) + 0.5, "a hair above its line it is of the quarter before"
    drag(page, event, hour(page, day.free))
    expect(page.get_by_text(re.compile(f"Moved to .*, {day.free}. It was at"))).to_be_visible()
    assert dashboard.rows(PLACE, day.appointment)[0][0] == day.free
    settled(page)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("It was at")).to_be_hidden()
    assert dashboard.rows(PLACE, day.appointment)[0][0] == before


def test_an_appointment_is_moved_by_keys_and_undo_moves_back(page: Page, dashboard: Dashboard, day: Day) -> None:
    [(before, _version)] = dashboard.rows(PLACE, day.appointment)
    open_as(page, dashboard, "front_desk", f"agenda?day={day.day}&appointment={day.appointment}")
    form = page.get_by_role("dialog")
    form.get_by_text("Move", exact=True).click()
    expect(form.get_by_text("Choose what is to change.")).to_be_visible()
    form.get_by_role("spinbutton", name="hour, Begins").focus()
    page.keyboard.type(day.free.replace(":", ""))
    page.keyboard.press("Tab")
    expect(form.get_by_text("The hour is free.")).to_be_visible()
    form.get_by_role("button", name="Move", exact=True).press("Enter")
    expect(page.get_by_text(re.compile(f"Moved to .*, {day.free}. It was at"))).to_be_visible()
    assert dashboard.rows(PLACE, day.appointment)[0][0] == day.free
    settled(page)
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.get_by_text("It was at")).to_be_hidden()
    assert dashboard.rows(PLACE, day.appointment)[0][0] == before


FREE_PATIENT = """
select p.number from patient as p where p.status = 'active' and not exists (
    select from appointment_patient as ap where ap.patient_id = p.id and ap.starts_at::date = %s::date
) order by p.id limit 1
"""
COMING = "select count(*) from appointment_patient where appointment_id = %s"


def test_somebody_comes_along_once_that_is_said_twice(page: Page, dashboard: Dashboard, day: Day) -> None:
    [(number,)], [(before,)] = dashboard.rows(FREE_PATIENT, day.day), dashboard.rows(COMING, day.appointment)
    open_as(page, dashboard, "front_desk", f"agenda?day={day.day}&appointment={day.appointment}")
    form = page.get_by_role("dialog")
    form.get_by_text("Change who comes", exact=True).click()
    expect(form.get_by_role("button", name="Change", exact=True).last).to_be_disabled()
    choose_patient(page, form, int(str(number)))
    expect(form.get_by_text("This service is not meant for so many people.")).to_be_visible()
    form.get_by_role("button", name="Change all the same").click()
    expect(page.get_by_text("Who comes was changed.")).to_be_visible()
    assert dashboard.rows(COMING, day.appointment) == [(int(str(before)) + 1,)]


def test_dragging_to_a_busy_hour_goes_back_and_says_why(page: Page, dashboard: Dashboard, day: Day) -> None:
    before = dashboard.rows(PLACE, day.appointment)
    open_as(page, dashboard, "front_desk", f"agenda?view=day&day={day.day}&therapist={day.therapist}")
    event = event_of(page, dashboard, day.appointment)
    was = event.bounding_box()
    drag(page, event, hour(page, day.busy[:3] + "00"))
    expect(page.get_by_text("has another appointment").first).to_be_visible()
    settled(page)
    assert dashboard.rows(PLACE, day.appointment) == before
    expect(page.get_by_text("Free instead:")).to_be_visible()
    assert was is not None
    page.get_by_role("button", name="Leave it where it is").click()
    expect(page.get_by_text("Free instead:")).to_be_hidden()
    settled(page)
    again = event_of(page, dashboard, day.appointment).bounding_box()
    assert again is not None
    assert abs(again["y"] - was["y"]) < 2


def test_a_click_into_a_free_hour_books_it(page: Page, dashboard: Dashboard, day: Day) -> None:
    open_as(page, dashboard, "front_desk", f"agenda?view=day&day={day.day}&therapist={day.therapist}")
    hour(page, day.free).click(position={"x": 200, "y": 5})
    form = page.get_by_role("dialog")
    expect(form.get_by_text("New appointment")).to_be_visible()
    choose_patient(page, form, day.number)
    expect(form.get_by_text("The hour is free.")).to_be_visible()
    form.get_by_role("button", name="Book", exact=True).click()
    expect(page.get_by_text(re.compile("^Booked: "))).to_be_visible()
    address_with(page, f"day={day.day}")
    [(state, booked)] = dashboard.rows(
        "select state, to_char(starts_at at time zone 'Europe/Madrid', 'HH24:MI')"
        " from appointment order by id desc limit 1"
    )
    assert (state, booked) == ("booked", day.free)


CANCELLED = """
insert into appointment (therapist_id, site_id, service_id, starts_at, ends_at, mode, state, cancelled_at, cancelled_by)
select therapist_id, site_id, service_id, at, at + interval '1 hour', 'telephone', 'cancelled', now(), 'patient'
from appointment, (values ((%s::date + time '10:00') at time zone 'Europe/Madrid')) as w (at)
where id = %s returning id
"""


def test_beside_what_was_cancelled_the_hour_is_booked(page: Page, dashboard: Dashboard, day: Day) -> None:
    [(later,)] = dashboard.rows("select (%s::date + 371)::text", day.day)  # nothing else is drawn
    dashboard.rows(CANCELLED, later, day.appointment)
    open_as(page, dashboard, "front_desk", f"agenda?view=day&day={later}&therapist={day.therapist}")
    column = hour(page, "10:00").bounding_box()
    assert column is not None
    hour(page, "10:00").click(position={"x": column["width"] * 0.9, "y": 5})
    form = page.get_by_role("dialog")
    expect(form.get_by_text("New appointment")).to_be_visible()
    expect(form.get_by_role("spinbutton", name="hour, Begins")).to_have_text("10")


ROOM = """
select r.id, r.name, s.id, s.name, r.name || ' · ' || s.name from room as r join site as s on s.id = r.site_id
where r.is_in_service and s.is_active order by s.name, r.name limit 1
"""
IN_ROOM = """
insert into appointment (therapist_id, site_id, service_id, starts_at, ends_at, mode, room_id)
select therapist_id, %s, service_id, at, at + interval '1 hour', 'in_person', %s
from appointment, (values ((%s::date + time '20:00') at time zone 'Europe/Madrid')) as w (at)
where id = %s returning id
"""


def test_the_rooms_show_who_is_where_and_a_free_hour_of_one_can_be_booked(
    page: Page, dashboard: Dashboard, day: Day
) -> None:
    [(room, name, site, _site_name, label)] = dashboard.rows(ROOM)
    width = page.viewport_size["width"] if page.viewport_size else 0
    later = dashboard.rows("select (%s::date + 364 + %s %% 4)::text", day.day, width)[0][0]  # nothing is booked yet
    open_as(page, dashboard, "front_desk", f"agenda?view=rooms&day={later}")
    at_eight = page.locator(f'[aria-roledescription="bar"][aria-label*="begins: 20; room: {label}"]')
    form = page.get_by_role("dialog")
    until_shown(page, lambda: at_eight.click(force=True), form)  # a free hour has no colour
    expect(form.get_by_role("combobox", name="Room")).to_have_value(str(name))
    expect(form.get_by_role("spinbutton", name="hour, Begins")).to_have_text("20")
    [(appointment,)] = dashboard.rows(IN_ROOM, site, room, later, day.appointment)
    open_as(page, dashboard, "front_desk", f"agenda?view=rooms&day={later}")
    page.locator('[aria-roledescription="bar"][aria-label*="Booked"]').click(force=True)  # below its words
    expect(page.get_by_role("dialog").get_by_text("20:00–21:00")).to_be_visible()
    address_with(page, f"appointment={appointment}")


CROWD = """
insert into appointment (therapist_id, site_id, service_id, starts_at, ends_at, mode)
select therapist_id, site_id, service_id, at, at + interval '1 hour', 'telephone'
from appointment, (values ((%s::date + 14 + %s::time) at time zone 'Europe/Madrid')) as w (at)
where id = %s on conflict do nothing returning id
"""


def test_a_series_with_a_taken_date_is_booked_once_that_has_its_remedy(
    page: Page, dashboard: Dashboard, day: Day
) -> None:
    dashboard.rows(CROWD, day.day, day.free, day.appointment)
    open_as(page, dashboard, "front_desk", f"agenda?view=day&day={day.day}&therapist={day.therapist}")
    hour(page, day.free).click(position={"x": 200, "y": 5})
    form = page.get_by_role("dialog")
    choose_patient(page, form, day.number)
    choose(page, form, "Repeats", "Every week")
    form.get_by_role("spinbutton", name="Dates").fill("10")
    page.keyboard.press("Enter")
    expect(form.get_by_text(re.compile(". of 10 dates (is|are) taken:"))).to_be_visible()
    expect(form.get_by_role("button", name="Book 10 dates")).to_be_disabled()
    taken = form.get_by_role("combobox", name="What to do on date")
    places = [str(each.get_attribute("aria-label")) for each in taken.all()]
    assert "What to do on date 3" in places
    for place in places:  # a holiday may be among the ten
        choose(page, form, place, "Leave this date out")
    left = 10 - len(places)
    form.get_by_role("button", name=f"Book {left} dates").click()
    expect(page.get_by_text(re.compile(f"^Booked: {left} dates"))).to_be_visible()
    assert dashboard.rows(
        "select count(*) from appointment where series_id = (select max(id) from appointment_series)"
    ) == [(left,)]
    [(last,)] = dashboard.rows("select max(id) from appointment where series_id is not null")
    open_as(page, dashboard, "front_desk", f"agenda?appointment={last}")
    expect(page.get_by_role("dialog").get_by_text("1 date of the series left")).to_be_visible()
