"""An appointment is confirmed, marked and taken back: by whom it may, as it was read, and within the rules."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from dashboard import clock
from dashboard.access.actor import Actor, ChangedSinceError, NotAllowedError, NotFoundError, RuleBrokenError
from dashboard.agenda import commands
from dashboard.agenda.free_hours import NotFreeError
from dashboard.billing import commands as billing
from tests.dashboard.agenda.conftest import Week, now_of
from tests.dashboard.billing.conftest import owner, rows


def test_what_was_attended_is_marked_by_whom_and_when(week: Week) -> None:
    appointment = week.book(-2)
    commands.mark_attendance(week.front_desk, appointment, "attended", version=1)
    row = now_of(appointment)
    assert (row.state, row.marked_by_id, row.version) == ("attended", week.front_desk.user_id, 2)
    assert abs(row.marked_at - clock.now()) < timedelta(minutes=1)
    assert rows("select state from appointment_patient where appointment_id = :id", id=appointment) == [("attended",)]


@pytest.mark.parametrize("state", ["attended", "no_show"])
def test_nothing_is_attended_or_missed_before_it_begins(week: Week, state: str) -> None:
    appointment = week.book(2)
    with pytest.raises(RuleBrokenError, match="has not begun"):
        commands.mark_attendance(week.manager, appointment, state, version=1)
    assert now_of(appointment).state == "booked"


@pytest.mark.parametrize("state", ["booked", "confirmed", "held", "moved", ""])
def test_only_what_became_of_it_can_be_marked(week: Week, state: str) -> None:
    appointment = week.book(-2)
    with pytest.raises(RuleBrokenError):
        commands.mark_attendance(week.manager, appointment, state, version=1)


def test_who_marks_what_a_colleague_marked_meanwhile_is_told_and_overwrites_nothing(week: Week) -> None:
    appointment = week.book(-2)
    commands.mark_attendance(week.front_desk, appointment, "attended", version=1)
    with pytest.raises(ChangedSinceError):
        commands.mark_attendance(week.manager, appointment, "no_show", version=1)
    with pytest.raises(RuleBrokenError, match="taken back first"):
        commands.mark_attendance(week.manager, appointment, "no_show", version=2)
    assert now_of(appointment).state == "attended"


def test_of_many_who_mark_at_once_exactly_one_does(week: Week) -> None:
    appointment = week.book(-2)

    def mark(state: str) -> str:
        try:
            commands.mark_attendance(week.manager, appointment, state, version=1)
        except ChangedSinceError:
            return "told"
        return state

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(mark, ["attended", "no_show"] * 4))
    [winner] = [answer for answer in answers if answer != "told"]
    assert now_of(appointment).state == winner
    assert now_of(appointment).version == 2


def test_a_therapist_marks_their_own_and_does_not_find_a_colleagues(week: Week) -> None:
    own, colleagues = week.book(-2), week.book(-4, therapist=week.colleague)
    commands.mark_attendance(week.therapist, own, "attended", version=1)
    for refused in (colleagues, 999_999):
        with pytest.raises(NotFoundError, match="No such appointment"):
            commands.mark_attendance(week.therapist, refused, "attended", version=1)


def test_an_auditor_and_nobody_change_nothing(week: Week) -> None:
    appointment = week.book(-2)
    for nobody in (week.auditor, None):
        with pytest.raises(NotAllowedError):
            commands.mark_attendance(nobody, appointment, "attended", version=1)  # type: ignore[arg-type]
        with pytest.raises(NotAllowedError):
            commands.confirm_appointment(nobody, appointment, version=1)  # type: ignore[arg-type]
        with pytest.raises(NotAllowedError):
            commands.undo_marking(nobody, appointment, version=1)  # type: ignore[arg-type]
    assert now_of(appointment).version == 1


@pytest.mark.parametrize(("hours", "state"), [(48, "cancelled"), (3, "late_cancelled")])
def test_before_the_session_the_window_decides_whether_a_patient_is_late(week: Week, hours: int, state: str) -> None:
    appointment = week.book(hours)
    [other] = {"cancelled", "late_cancelled"} - {state}
    with pytest.raises(RuleBrokenError, match="window"):
        commands.mark_attendance(week.front_desk, appointment, other, version=1, cancelled_by="patient")
    commands.mark_attendance(week.front_desk, appointment, state, version=1, cancelled_by="patient", reason="illness")
    row = now_of(appointment)
    assert (row.state, row.cancelled_by, row.cancellation_reason) == (state, "patient", "illness")
    assert abs(row.cancelled_at - clock.now()) < timedelta(minutes=1)


def test_the_practice_cancels_at_the_last_hour_and_it_is_not_late(week: Week) -> None:
    appointment = week.book(1)
    commands.mark_attendance(
        week.therapist, appointment, "cancelled", version=1, cancelled_by="therapist", reason="therapist_away"
    )
    assert now_of(appointment).state == "cancelled"
    with pytest.raises(RuleBrokenError, match="Only the patient"):
        commands.mark_attendance(week.therapist, week.book(5), "late_cancelled", version=1, cancelled_by="practice")


def test_a_cancellation_says_who_and_takes_its_reason_from_the_list(week: Week) -> None:
    appointment = week.book(-2)
    with pytest.raises(RuleBrokenError, match="who cancelled"):
        commands.mark_attendance(week.manager, appointment, "cancelled", version=1)
    with pytest.raises(RuleBrokenError, match="reasons"):
        commands.mark_attendance(
            week.manager, appointment, "cancelled", version=1, cancelled_by="patient", reason="bored"
        )


def test_a_fee_belongs_to_what_was_missed_and_to_nothing_else(week: Week) -> None:
    missed, attended = week.book(-2), week.book(-4)
    commands.mark_attendance(week.front_desk, missed, "no_show", version=1, is_fee_charged=True)
    commands.mark_attendance(week.front_desk, attended, "attended", version=1, is_fee_charged=True)
    assert (now_of(missed).is_fee_charged, now_of(attended).is_fee_charged) == (True, False)


def test_confirming_accepts_a_request_and_then_confirms_the_booking(week: Week) -> None:
    appointment = week.book(30, state="held", held_until=clock.now() + timedelta(minutes=9))
    commands.confirm_appointment(week.front_desk, appointment, version=1)
    assert (now_of(appointment).state, now_of(appointment).held_until) == ("booked", None)
    commands.confirm_appointment(week.front_desk, appointment, version=2)
    assert now_of(appointment).state == "confirmed"
    assert now_of(appointment).confirmed_at is not None
    with pytest.raises(RuleBrokenError, match="Only a request or a booking"):
        commands.confirm_appointment(week.front_desk, appointment, version=3)


def test_a_lapsed_request_is_not_accepted(week: Week) -> None:
    appointment = week.book(30, state="held", held_until=clock.now() - timedelta(seconds=1))
    with pytest.raises(RuleBrokenError, match="lapsed"):
        commands.confirm_appointment(week.front_desk, appointment, version=1)


def test_taking_back_leaves_the_appointment_as_it_was_before(week: Week) -> None:
    was_confirmed = clock.now() - timedelta(days=1)
    for confirmed_at, state in ((None, "booked"), (was_confirmed, "confirmed")):
        appointment = week.book(-2, state=state, confirmed_at=confirmed_at)
        commands.mark_attendance(
            week.front_desk, appointment, "late_cancelled", version=1, cancelled_by="patient", is_fee_charged=True
        )
        commands.undo_marking(week.front_desk, appointment, version=2)
        row = now_of(appointment)
        assert (row.state, row.confirmed_at, row.is_fee_charged) == (state, confirmed_at, False)
        assert (row.marked_at, row.marked_by_id, row.cancelled_at, row.cancelled_by) == (None, None, None, None)
        commands.mark_attendance(week.front_desk, appointment, "attended", version=3)


def test_there_is_nothing_to_take_back_of_a_booking_or_of_what_was_moved(week: Week) -> None:
    booked = week.book(30)
    moved = week.book(40, state="cancelled", moved_to_id=booked)
    for appointment in (booked, moved):
        with pytest.raises(RuleBrokenError):
            commands.undo_marking(week.manager, appointment, version=1)


def test_an_hour_that_was_given_away_is_not_taken_back(week: Week) -> None:
    starts = clock.now() + timedelta(days=3)
    freed = week.book(0, starts_at=starts)
    commands.mark_attendance(week.front_desk, freed, "cancelled", version=1, cancelled_by="patient")
    week.book(0, week.partner, starts_at=starts)
    with pytest.raises(NotFreeError) as refused:
        commands.undo_marking(week.front_desk, freed, version=2)
    assert [each.kind for each in refused.value.obstacles] == ["therapist_busy"]
    assert now_of(freed).state == "cancelled"


def attended_and_charged(week: Week, actor: Actor) -> int:
    appointment = week.book(-2)
    commands.mark_attendance(actor, appointment, "attended", version=1)
    assert billing.charge_session(actor, appointment) == 1
    return appointment


def test_what_was_charged_stays_marked_until_the_charge_is_reversed(week: Week) -> None:
    appointment = attended_and_charged(week, week.therapist)
    with pytest.raises(RuleBrokenError, match="Reverse the charge"):
        commands.undo_marking(week.therapist, appointment, version=2)
    assert now_of(appointment).state == "attended"
    billing.reverse_session(week.therapist, appointment)
    commands.undo_marking(week.therapist, appointment, version=2)
    assert now_of(appointment).state == "booked"


def test_without_the_rule_in_the_database_a_charged_appointment_could_be_unmarked(week: Week) -> None:
    appointment = attended_and_charged(week, week.front_desk)
    with owner() as connection:
        connection.exec_driver_sql("drop trigger charged_stays_marked on appointment")
    commands.undo_marking(week.front_desk, appointment, version=2)
    assert now_of(appointment).state == "booked"
