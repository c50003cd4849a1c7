"""Nobody is double-booked; each rule is shown to be what prevents it, by taking it away."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from dashboard import clock
from tests.dashboard.agenda.conftest import Week
from tests.dashboard.billing.conftest import owner, rows

CONSTRAINTS = {
    "therapist": ("appointment", "no_double_booked_therapist"),
    "room": ("appointment", "no_double_booked_room"),
    "patient": ("appointment_patient", "no_double_booked_patient"),
}


def overlap(week: Week, whom: str) -> None:
    """Book two appointments half an hour apart that share only ``whom``."""
    starts = clock.now() + timedelta(days=2)
    room = week.room if whom == "room" else None
    week.book(0, starts_at=starts, room_id=room)
    week.book(
        0,
        week.patient if whom == "patient" else week.partner,
        therapist=week.therapist if whom == "therapist" else week.colleague,
        starts_at=starts + timedelta(minutes=30),
        room_id=room,
    )


@pytest.mark.parametrize("whom", CONSTRAINTS)
def test_two_open_appointments_never_share(week: Week, whom: str) -> None:
    _table, constraint = CONSTRAINTS[whom]
    with pytest.raises(IntegrityError, match=constraint):
        overlap(week, whom)


@pytest.mark.parametrize("whom", CONSTRAINTS)
def test_without_its_constraint_the_overlap_gets_in(week: Week, whom: str) -> None:
    table, constraint = CONSTRAINTS[whom]
    with owner() as connection:
        connection.exec_driver_sql(f"alter table {table} drop constraint {constraint}")
    overlap(week, whom)
    assert rows("select count(*) from appointment") == [(2,)]


def test_appointments_that_touch_do_not_overlap(week: Week) -> None:
    starts = clock.now() + timedelta(days=2)
    week.book(0, starts_at=starts, room_id=week.room)
    week.book(0, starts_at=starts + timedelta(hours=1), room_id=week.room)
    assert rows("select count(*) from appointment") == [(2,)]


def test_a_cancelled_hour_is_free_for_somebody_else(week: Week) -> None:
    starts = clock.now() + timedelta(days=2)
    week.book(0, starts_at=starts, state="cancelled")
    week.book(0, week.partner, starts_at=starts)
    assert rows("select count(*) from appointment where state = 'booked'") == [(1,)]
