"""An appointment is moved, or held in another way, when nothing stands in the way; and nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import pytest

from dashboard.access.actor import ChangedSinceError, NotFoundError, RuleBrokenError
from dashboard.agenda import commands
from dashboard.agenda.booking import Target, move
from dashboard.agenda.free_hours import NotFreeError
from dashboard.team.models import Room, Site
from tests.dashboard.agenda.conftest import Week, now_of
from tests.dashboard.agenda.test_booking import HOUR, next_monday, working
from tests.dashboard.billing.conftest import add, rows


def test_a_move_keeps_what_it_was_moved_over_and_nothing_else(week: Week) -> None:
    working(week)
    made = week.book(0, starts_at=next_monday())
    late = Target(next_monday(time(18)), next_monday(time(19)))
    former = move(week.front_desk, made, late, version=1, overriding=["outside_hours", "closed", "absent"])
    assert now_of(made).overridden == ["outside_hours"]
    move(week.front_desk, made, former, version=2, overriding=["outside_hours", "closed", "absent"])
    assert now_of(made).overridden is None


def test_an_appointment_is_moved_and_has_to_be_confirmed_anew(week: Week) -> None:
    made = week.book(0, starts_at=next_monday(), room_id=week.room)
    commands.confirm_appointment(week.front_desk, made, version=1)
    begins = next_monday(time(16))
    former = move(week.front_desk, made, Target(begins, begins + HOUR), version=2)
    row = now_of(made)
    assert (row.starts_at, row.state, row.confirmed_at, row.room_id) == (begins, "booked", None, week.room)
    assert rows("select starts_at from appointment_patient") == [(begins,)]
    move(week.front_desk, made, former, version=3)
    assert now_of(made).starts_at == next_monday()


def test_a_session_is_held_online_at_its_hour_and_its_room_is_free(week: Week) -> None:
    made = week.book(0, starts_at=next_monday(), room_id=week.room)
    commands.confirm_appointment(week.front_desk, made, version=1)
    same = Target(next_monday(), next_monday() + HOUR, keeps_room=False)
    former = move(week.front_desk, made, replace(same, mode="online"), version=2)
    row = now_of(made)
    assert (row.mode, row.room_id, row.state, row.starts_at) == ("online", None, "confirmed", next_monday())
    week.book(0, week.partner, starts_at=next_monday(), room_id=week.room, therapist=week.colleague)
    with pytest.raises(NotFreeError) as refused:
        move(week.front_desk, made, former, version=3)
    assert [each.kind for each in refused.value.obstacles] == ["room_busy"]
    move(week.front_desk, made, replace(same, mode="in_person"), version=3)
    assert (now_of(made).mode, now_of(made).room_id) == ("in_person", None)
    with pytest.raises(RuleBrokenError, match="how the session is held"):
        move(week.front_desk, made, replace(same, mode="by pigeon"), version=4)


def test_a_session_is_moved_to_another_site_and_leaves_its_room_there(week: Week) -> None:
    site = add(Site, name="Norte")
    room = add(Room, site_id=site, name="Sala del norte")
    made = week.book(0, starts_at=next_monday(), room_id=week.room)
    there = Target(next_monday(), next_monday() + HOUR, site_id=site)
    former = move(week.front_desk, made, there, version=1)
    assert (now_of(made).site_id, now_of(made).room_id) == (site, None)
    move(week.front_desk, made, replace(there, room_id=room, keeps_room=False), version=2)
    assert (now_of(made).site_id, now_of(made).room_id) == (site, room)
    move(week.front_desk, made, former, version=3)
    assert (now_of(made).site_id, now_of(made).room_id) == (week.site, week.room)


def test_the_office_gives_a_session_to_a_colleague_and_a_therapist_does_not(week: Week) -> None:
    made = week.book(0, starts_at=next_monday())
    colleagues = Target(next_monday(), next_monday() + HOUR, therapist_id=week.colleague.therapist_id)
    with pytest.raises(NotFoundError):
        move(week.therapist, made, colleagues, version=1)
    former = move(week.front_desk, made, colleagues, version=1)
    assert now_of(made).therapist_id == week.colleague.therapist_id
    assert former.therapist_id == week.therapist.therapist_id


def test_a_move_to_a_busy_hour_changes_nothing(week: Week) -> None:
    made = week.book(0, starts_at=next_monday())
    week.book(0, week.partner, starts_at=next_monday(time(16)))
    begins = next_monday(time(16, 30))
    with pytest.raises(NotFreeError) as refused:
        move(week.front_desk, made, Target(begins, begins + HOUR), version=1)
    assert [each.kind for each in refused.value.obstacles] == ["therapist_busy"]
    assert now_of(made).starts_at == next_monday()


def test_an_appointment_is_not_in_the_way_of_itself(week: Week) -> None:
    made = week.book(0, starts_at=next_monday(), room_id=week.room)
    begins = next_monday(time(10, 15))
    move(week.front_desk, made, Target(begins, begins + HOUR), version=1)
    with pytest.raises(ChangedSinceError):
        move(week.front_desk, made, Target(begins, begins + 2 * HOUR), version=1)


def test_a_therapist_moves_their_own_and_what_is_recorded_stays(week: Week) -> None:
    colleagues = week.book(0, week.partner, starts_at=next_monday(), therapist=week.colleague)
    past = week.book(-3)
    commands.mark_attendance(week.therapist, past, "attended", version=1)
    target = Target(next_monday(time(16)), next_monday(time(17)))
    with pytest.raises(NotFoundError):
        move(week.therapist, colleagues, target, version=1)
    with pytest.raises(RuleBrokenError, match="taken back first"):
        move(week.therapist, past, target, version=2)
