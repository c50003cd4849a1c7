"""An hour is booked when nothing stands in the way: therapist, room, patients, and the rules of the house."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from dashboard import clock
from dashboard.access.actor import NotAllowedError, NotFoundError, RuleBrokenError
from dashboard.agenda import booking, commands, free_hours
from dashboard.agenda.booking import Target, book, move
from dashboard.agenda.free_hours import NotFreeError, Wish
from dashboard.calendars.models import BusyTime
from dashboard.patients import rights
from dashboard.patients.models import Patient
from dashboard.team.models import Absence, Room, Site, SiteClosure, WorkingHours
from tests.dashboard.agenda.conftest import Week, now_of
from tests.dashboard.billing.conftest import add, owner, rows

MADRID = ZoneInfo("Europe/Madrid")
HOUR = timedelta(hours=1)


def next_monday(at: time = time(10)) -> datetime:
    """Return an hour of the Monday after next, in Madrid."""
    today = clock.today("Europe/Madrid")
    return datetime.combine(today + timedelta(days=14 - today.weekday()), at, MADRID)


def wished(week: Week, starts_at: datetime | None = None, **changes: Any) -> Wish:
    """Return a wish for an hour of the therapist with their patient."""
    begins = starts_at or next_monday()
    made = Wish(
        therapist_id=week.therapist.therapist_id or 0,
        site_id=week.site,
        service_id=week.service,
        patient_ids=(week.patient,),
        starts_at=begins,
        ends_at=begins + HOUR,
    )
    return replace(made, **changes)


def kinds(week: Week, wish: Wish, overriding: tuple[str, ...] = ()) -> list[str]:
    """Return what a booking is refused for; nothing when it was booked."""
    try:
        book(week.front_desk, wish, key=uuid4(), overriding=overriding)
    except NotFreeError as error:
        return sorted({each.kind for each in error.obstacles})
    return []


def test_an_hour_is_booked_with_its_price_and_by_whom(week: Week) -> None:
    made = book(week.front_desk, wished(week, room_id=week.room), key=uuid4())
    row = now_of(made)
    assert (row.state, row.fee_cents, row.booked_by_id, row.overridden) == (
        "booked",
        6_000,
        week.front_desk.user_id,
        None,
    )
    assert rows("select patient_id, position, state from appointment_patient") == [(week.patient, 1, "booked")]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda week: {"patient_ids": (week.partner,), "room_id": None}, ["therapist_busy"]),
        (
            lambda week: {"patient_ids": (week.partner,), "therapist_id": week.colleague.therapist_id},
            ["room_busy"],
        ),
        (lambda week: {"therapist_id": week.colleague.therapist_id, "room_id": None}, ["patient_busy"]),
        (lambda week: {}, ["patient_busy", "room_busy", "therapist_busy"]),
    ],
)
def test_a_refusal_names_everybody_who_is_busy(
    week: Week, change: Callable[[Week], dict[str, Any]], expected: list[str]
) -> None:
    assert kinds(week, wished(week, room_id=week.room)) == []
    half_past = next_monday(time(10, 30))
    wish = replace(wished(week, half_past, room_id=week.room), **change(week))
    assert kinds(week, wish) == expected
    assert kinds(week, wish, ("therapist_busy", "room_busy", "patient_busy")) == expected
    assert rows("select count(*) from appointment") == [(1,)]


def test_hours_that_touch_are_both_booked(week: Week) -> None:
    assert kinds(week, wished(week)) == []
    assert kinds(week, wished(week, next_monday(time(11)))) == []
    assert kinds(week, wished(week, next_monday(time(9)))) == []


def working(week: Week) -> None:
    add(
        WorkingHours,
        therapist_id=week.therapist.therapist_id,
        site_id=week.site,
        weekday=0,
        starts_at=time(9),
        ends_at=time(14),
        valid_from=date(2026, 1, 1),
    )


def absent(week: Week) -> None:
    add(
        Absence,
        therapist_id=week.therapist.therapist_id,
        kind="training",
        starts_at=next_monday(time(10, 30)),
        ends_at=next_monday(time(18)),
    )


def busy_elsewhere(week: Week) -> None:
    add(
        BusyTime,
        therapist_id=week.therapist.therapist_id,
        calendar="Own",
        uid_sha256=bytes(32),
        starts_at=next_monday(time(10, 30)),
        ends_at=next_monday(time(18)),
        is_all_day=False,
    )


def closed(week: Week) -> None:
    add(SiteClosure, site_id=week.site, closed_on=next_monday().date(), name="Fiesta")


def buffered(week: Week) -> None:
    with owner() as connection:
        connection.exec_driver_sql("update service set buffer_minutes = 10")
    week.book(0, week.partner, starts_at=next_monday(time(11, 5)))


def broken(week: Week) -> None:
    with owner() as connection:
        connection.exec_driver_sql("update room set is_in_service = false")


def small(week: Week) -> None:
    with owner() as connection:
        connection.exec_driver_sql("update room set capacity = 1")


@pytest.mark.parametrize(
    ("given", "change", "expected"),
    [
        (working, {"starts_at": next_monday(time(13, 30)), "ends_at": next_monday(time(14, 30))}, "outside_hours"),
        (working, {"starts_at": next_monday() + 24 * HOUR, "ends_at": next_monday() + 25 * HOUR}, "outside_hours"),
        (absent, {}, "absent"),
        (busy_elsewhere, {}, "busy_elsewhere"),
        (closed, {}, "closed"),
        (buffered, {}, "too_close"),
        (broken, {}, "room_out_of_service"),
        (small, {}, "room_too_small"),
    ],
)  # fmt: skip
def test_a_rule_of_the_house_is_booked_over_knowingly_and_that_is_kept(
    week: Week, given: Callable[[Week], None], change: dict[str, Any], expected: str
) -> None:
    given(week)
    wish = replace(wished(week, room_id=week.room), **change)
    assert kinds(week, wish) == [expected]
    assert kinds(week, wish, ("past",)) == [expected]
    made = book(week.therapist, wish, key=uuid4(), overriding=[expected, "closed", "absent"])
    assert now_of(made).overridden == [expected]


def test_hours_of_work_at_another_site_serve_for_a_call_and_not_for_a_visit(week: Week) -> None:
    working(week)
    other = wished(week, site_id=add(Site, name="Sur"))
    assert kinds(week, other) == ["outside_hours"]
    assert kinds(week, replace(other, mode="online")) == []


def test_a_service_takes_so_many_and_no_more_unless_knowingly(week: Week) -> None:
    both = wished(week, patient_ids=(week.patient, week.partner))
    assert kinds(week, both) == ["too_many"]
    assert kinds(week, both, ("too_many",)) == []


@pytest.mark.parametrize(
    ("begins", "hours", "expected"),
    [
        (timedelta(days=-2), 1, "past"),
        (timedelta(days=-40), 1, "long_past"),
        (timedelta(days=3 * 365), 1, "too_far"),
        (timedelta(days=6 * 365), 1, "much_too_far"),
        (timedelta(days=7), 1 / 60, "bad_length"),
        (timedelta(days=7), 13, "bad_length"),
    ],
)
def test_impossible_times_are_refused_with_the_reason(
    week: Week, begins: timedelta, hours: float, expected: str
) -> None:
    starts = clock.now() + begins
    wish = wished(week, starts, ends_at=starts + hours * HOUR)
    assert kinds(week, wish) == [expected]
    assert kinds(week, wish, (expected,)) == ([] if expected in {"past", "too_far"} else [expected])


def test_who_left_and_what_is_no_longer_offered_are_not_booked(week: Week) -> None:
    with owner() as connection:
        connection.exec_driver_sql("update therapist set ended_on = '2026-01-31'; update service set is_active = false")
    assert kinds(week, wished(week), ("therapist_gone", "service_ended")) == ["service_ended", "therapist_gone"]


def test_one_form_sent_32_times_at_once_is_one_appointment_and_one_answer(week: Week) -> None:
    key, wish = uuid4(), wished(week)
    with ThreadPoolExecutor(32) as pool:
        answers = set(pool.map(lambda _: book(week.front_desk, wish, key=key), range(32)))
    assert len(answers) == 1
    assert rows("select count(*) from appointment") == [(1,)]


def test_of_32_people_on_one_hour_exactly_one_has_it(week: Week) -> None:
    people = [add(Patient, given_name=f"P{number}") for number in range(32)]

    def ask(patient: int) -> str:
        try:
            book(week.front_desk, wished(week, patient_ids=(patient,)), key=uuid4())
        except NotFreeError as refused:
            return refused.obstacles[0].kind
        return "booked"

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(ask, people))
    assert sorted(answers) == ["booked", *["therapist_busy"] * 31]
    assert rows("select count(*) from appointment") == [(1,)]


def test_the_same_key_with_another_wish_is_refused(week: Week) -> None:
    key = uuid4()
    book(week.front_desk, wished(week), key=key)
    with pytest.raises(RuleBrokenError, match="sent before"):
        book(week.front_desk, wished(week, next_monday(time(17))), key=key)


def test_a_therapist_books_for_themselves_alone_and_an_auditor_not_at_all(week: Week) -> None:
    with pytest.raises(NotFoundError):
        book(week.therapist, wished(week, therapist_id=week.colleague.therapist_id), key=uuid4())
    for nobody in (week.auditor, None):
        with pytest.raises(NotAllowedError):
            book(nobody, wished(week), key=uuid4())  # type: ignore[arg-type]
    assert rows("select count(*) from appointment") == [(0,)]


def test_a_patient_whom_a_colleague_sees_is_busy_though_the_therapist_cannot_see_why(week: Week) -> None:
    with owner() as connection:  # they held a session once, and the file is in nobody's care
        connection.exec_driver_sql("update patient set main_therapist_id = null")
    week.book(-48, state="attended")
    week.book(0, starts_at=next_monday(), therapist=week.colleague)
    with pytest.raises(NotFreeError) as refused:
        book(week.therapist, wished(week), key=uuid4())
    [met] = refused.value.obstacles
    assert (met.kind, met.subject_id, met.busy_from) == ("patient_busy", None, None)


def test_a_restricted_file_is_not_booked(week: Week) -> None:
    rights.restrict(week.manager, week.patient, "The entries are disputed.")
    with pytest.raises(booking.DatabaseRefusal, match="rule"):
        book(week.front_desk, wished(week), key=uuid4())


def test_a_request_that_lapsed_gives_its_hour_back(week: Week) -> None:
    held = week.book(0, starts_at=next_monday(), state="held", held_until=clock.now() + HOUR)
    assert kinds(week, wished(week)) == ["patient_busy", "therapist_busy"]
    with owner() as connection:
        connection.exec_driver_sql("update appointment set held_until = now() - interval '1 second'")
    assert kinds(week, wished(week)) == []
    assert rows("select count(*) from appointment where id = :id", id=held) == [(0,)]


def test_a_request_that_lapsed_is_in_the_way_of_no_move_and_no_return(week: Week) -> None:
    lapsed = {"state": "held", "held_until": clock.now() - HOUR}
    made = week.book(0, starts_at=next_monday())
    week.book(0, starts_at=next_monday(time(16)), **lapsed)
    assert free_hours.obstacles(week.front_desk, wished(week, next_monday(time(16)))) == []
    move(week.front_desk, made, Target(next_monday(time(16)), next_monday(time(17))), version=1)
    commands.mark_attendance(week.front_desk, made, "cancelled", version=2, cancelled_by="patient")
    week.book(0, starts_at=next_monday(time(16)), **lapsed)
    commands.undo_marking(week.front_desk, made, version=3)
    assert rows("select state from appointment") == [("booked",)]


def test_a_therapist_books_nobody_whose_file_is_not_theirs_to_read(week: Week) -> None:
    with pytest.raises(booking.DatabaseRefusal, match="not_allowed"):
        book(week.colleague, wished(week, therapist_id=week.colleague.therapist_id), key=uuid4())
    assert rows("select count(*) from appointment") == [(0,)]
    with owner() as connection:  # as a patient of their own
        connection.exec_driver_sql(
            "update patient set main_therapist_id = %s where id = %s", (week.colleague.therapist_id, week.patient)
        )
    book(week.colleague, wished(week, therapist_id=week.colleague.therapist_id), key=uuid4())


def test_the_next_free_hours_leave_out_all_that_is_taken(week: Week) -> None:
    working(week)
    week.book(0, week.partner, starts_at=next_monday(time(10)), room_id=week.room)
    week.book(0, starts_at=next_monday(time(12)), therapist=week.colleague)
    found = free_hours.next_free(week.front_desk, wished(week, room_id=week.room))
    assert [(each.starts_at.astimezone(MADRID).time(), each.room_id) for each in found] == [
        (time(9), week.room),
        (time(11), week.room),
        (time(13), week.room),
    ]
    for each in found[:2]:
        assert kinds(week, each) == []


def test_a_closed_day_an_absence_and_a_full_house_leave_nothing_free(week: Week) -> None:
    working(week)
    day = next_monday(time(0))

    def free() -> int:
        therapists = [week.therapist.therapist_id or 0]
        return len(free_hours.free_hours(week.front_desk, therapists, week.service, 60, day, day + timedelta(days=1)))

    assert free() == 9
    week.book(0, week.partner, therapist=week.colleague, starts_at=next_monday(time(9)), room_id=week.room)
    assert free() == 7
    add(Room, site_id=week.site, name="Sala 2")
    assert free() == 9
    busy_elsewhere(week)
    assert free() == 2
    closed(week)
    assert free() == 0
