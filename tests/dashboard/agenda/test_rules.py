"""Which state may follow which, what is late, and when a cancellation was told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.agenda import rules
from dashboard.agenda.models import OPEN_STATES, STATES

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_every_state_of_the_records_says_what_may_follow_it() -> None:
    assert set(rules.FOLLOWING) == set(STATES)
    assert set(OPEN_STATES) == rules.OPEN_STATES
    assert set(STATES) == rules.OPEN_STATES | rules.MARKED_STATES


@pytest.mark.parametrize("state", sorted(rules.MARKED_STATES))
def test_what_is_marked_is_first_taken_back_and_then_marked_anew(state: str) -> None:
    assert not any(rules.may_follow(state, other) for other in rules.MARKED_STATES)
    assert rules.may_follow(state, "booked")
    assert rules.may_follow(state, "confirmed")


def test_a_request_is_accepted_or_declined_and_never_attended() -> None:
    assert rules.FOLLOWING["held"] == {"booked", "cancelled"}


@pytest.mark.parametrize("wanted", ["attended", "no_show"])
def test_nobody_attends_or_misses_what_has_not_begun(wanted: str) -> None:
    assert not rules.may_mark("booked", wanted, NOON, NOON - SECOND)
    assert rules.may_mark("booked", wanted, NOON, NOON)


@pytest.mark.parametrize("wanted", ["late_cancelled", "cancelled"])
def test_what_has_not_begun_can_be_cancelled(wanted: str) -> None:
    assert rules.may_mark("confirmed", wanted, NOON, NOON - SECOND)


def test_an_appointment_is_unconfirmed_from_its_end_on_and_only_when_it_was_booked() -> None:
    assert not rules.is_unconfirmed("booked", NOON, NOON - SECOND)
    assert rules.is_unconfirmed("booked", NOON, NOON)
    assert rules.is_unconfirmed("confirmed", NOON, NOON)
    assert not rules.is_unconfirmed("held", NOON, NOON)
    assert not rules.is_unconfirmed("attended", NOON, NOON)


@pytest.mark.parametrize("hours", [24, 48, 72])
def test_a_cancellation_is_late_inside_the_window_and_in_time_at_its_edge(hours: int) -> None:
    edge = NOON - timedelta(hours=hours)
    assert not rules.is_late(edge, NOON, hours)
    assert rules.is_late(edge + SECOND, NOON, hours)


def test_without_a_window_only_a_cancellation_after_the_beginning_is_late() -> None:
    assert not rules.is_late(NOON, NOON, 0)
    assert rules.is_late(NOON + SECOND, NOON, 0)


def test_the_window_counts_hours_also_over_a_clock_change() -> None:
    starts = datetime.fromisoformat("2026-03-29T10:00:00+02:00")
    assert not rules.is_late(datetime.fromisoformat("2026-03-28T09:00:00+01:00"), starts, 24)
    assert rules.is_late(datetime.fromisoformat("2026-03-28T09:30:00+01:00"), starts, 24)


@pytest.mark.parametrize("who", ["practice", "therapist"])
def test_the_practice_never_cancels_late(who: str) -> None:
    assert rules.cancelled_state(who, NOON - SECOND, NOON, 24) == "cancelled"
    assert rules.cancelled_state("patient", NOON - SECOND, NOON, 24) == "late_cancelled"


@given(
    hours_before=st.integers(-100, 100),
    window=st.sampled_from([0, 24, 48, 72]),
    who=st.sampled_from(["patient", "practice", "therapist"]),
    state=st.sampled_from(["late_cancelled", "cancelled"]),
)
def test_a_cancellation_is_never_told_after_the_session_nor_after_now(
    hours_before: int, window: int, who: str, state: str
) -> None:
    now = NOON - timedelta(hours=hours_before)
    told = rules.told_at(state, who, NOON, window, now)
    assert told <= NOON
    assert told <= now


def test_what_is_written_down_in_the_evening_keeps_the_state_that_was_chosen() -> None:
    evening = NOON + timedelta(hours=8)
    in_time = rules.told_at("cancelled", "patient", NOON, 24, evening)
    late = rules.told_at("late_cancelled", "patient", NOON, 24, evening)
    assert not rules.is_late(in_time, NOON, 24)
    assert rules.is_late(late, NOON, 24)
