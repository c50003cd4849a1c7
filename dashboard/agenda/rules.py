"""Pure decisions of the agenda: which state may follow which, what is late, and when a cancellation was told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo

OPEN_STATES = frozenset({"held", "booked", "confirmed"})
MARKED_STATES = frozenset({"attended", "no_show", "late_cancelled", "cancelled"})
HAPPENED_STATES = frozenset({"attended", "no_show"})
CANCELLED_STATES = frozenset({"late_cancelled", "cancelled"})
FEE_STATES = frozenset({"no_show", "late_cancelled"})
BUSY_STATES = OPEN_STATES | {"attended"}
"""States in which the therapist's time is taken; what was cancelled or missed is nobody else's matter."""

FOLLOWING: Mapping[str, frozenset[str]] = {
    "held": frozenset({"booked", "cancelled"}),
    "booked": frozenset({"confirmed"}) | MARKED_STATES,
    "confirmed": MARKED_STATES,
    "attended": frozenset({"booked", "confirmed"}),
    "no_show": frozenset({"booked", "confirmed"}),
    "late_cancelled": frozenset({"booked", "confirmed"}),
    "cancelled": frozenset({"booked", "confirmed"}),
}
"""What may follow each state. A marked appointment is first taken back to what it was, then marked anew."""

CONFIRMED_AS = {"held": "booked", "booked": "confirmed"}
"""What confirming turns a state into: a request is accepted, a booking is confirmed by the patient."""


def may_follow(state: str, wanted: str) -> bool:
    """Return whether an appointment in ``state`` may go to ``wanted``."""
    return wanted in FOLLOWING[state]


def may_mark(state: str, wanted: str, starts_at: datetime, now: datetime) -> bool:
    """Return whether ``wanted`` may be recorded now: nobody has attended or missed what has not begun."""
    return may_follow(state, wanted) and (wanted not in HAPPENED_STATES or now >= starts_at)


def is_unconfirmed(state: str, ends_at: datetime, now: datetime) -> bool:
    """Return whether an appointment is over and nobody said what became of it; a request never became one."""
    return state in {"booked", "confirmed"} and ends_at <= now


def is_late(cancelled_at: datetime, starts_at: datetime, window_hours: int) -> bool:
    """Return whether a cancellation came inside the service's window; exactly at its edge is still in time."""
    return cancelled_at > starts_at - timedelta(hours=window_hours)


def cancelled_state(cancelled_by: str, cancelled_at: datetime, starts_at: datetime, window_hours: int) -> str:
    """Return which of the two cancelled states applies: only a patient can be late, the practice never is."""
    is_patient_late = cancelled_by == "patient" and is_late(cancelled_at, starts_at, window_hours)
    return "late_cancelled" if is_patient_late else "cancelled"


def told_at(state: str, cancelled_by: str, starts_at: datetime, window_hours: int, now: datetime) -> datetime:
    """Return when a cancellation was told: now, or for a past appointment the last moment that fits its state.

    Reception often writes down in the evening who rang in the morning: the moment of writing would turn every such
    cancellation into one that came after the session.
    """
    is_in_time = state == "cancelled" and cancelled_by == "patient"
    latest = starts_at - timedelta(hours=window_hours) if is_in_time else starts_at
    return now if now < starts_at else latest


def instant(local: datetime, zone: tzinfo) -> datetime:
    """Return the moment of a local time without an offset.

    What the spring change leaves out is as long after the last hour as if the clock had not changed (02:30 is 03:30);
    what the autumn change has twice is its first.
    """
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)
