"""What can be done with an appointment: confirm it, say what became of it, take that back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard import clock
from dashboard.access.actor import Actor, RuleBrokenError, transaction
from dashboard.agenda import rules
from dashboard.agenda.booking import Target, explained, moved, refuse
from dashboard.agenda.free_hours import CARE, obstacles_in
from dashboard.agenda.locking import lock_days, locked
from dashboard.agenda.models import CANCELLED_BY, REASONS, Appointment
from dashboard.db import DatabaseRefusal
from dashboard.team.models import Service

HAS_CHARGE = "charged_stays_marked"


def mark_attendance(
    actor: Actor,
    appointment_id: int,
    state: str,
    *,
    version: int,
    is_fee_charged: bool = False,
    cancelled_by: str | None = None,
    reason: str | None = None,
) -> None:
    """Record what became of an appointment: attended, missed, or cancelled (late or in time).

    Args:
        actor: The office, or the therapist whose appointment it is.
        appointment_id: The appointment.
        state: One of ``rules.MARKED_STATES``.
        version: The version that the person saw.
        is_fee_charged: Whether a missed or late cancelled appointment is charged.
        cancelled_by: Who cancelled, for the cancelled states.
        reason: Why, one of the agenda's reasons; only with a cancelled state.

    Raises:
        NotFoundError: no such appointment, or a colleague's for a therapist.
        ChangedSinceError: somebody changed it since.
        RuleBrokenError: the state may not follow, or it is too early to know.
    """
    now = clock.now()
    with transaction(actor, *CARE) as session:
        found = locked(session, actor, appointment_id, version)
        _require_markable(found, state, now)
        record(actor, session, found, state, cancelled_by, reason)
        found.is_fee_charged = is_fee_charged and state in rules.FEE_STATES


def confirm_appointment(actor: Actor, appointment_id: int, *, version: int) -> None:
    """Accept a request, or record that the patient confirmed a booking.

    Raises:
        NotFoundError: no such appointment, or a colleague's for a therapist.
        ChangedSinceError: somebody changed it since.
        RuleBrokenError: there is nothing to confirm, or the request lapsed.
    """
    now = clock.now()
    with transaction(actor, *CARE) as session:
        found = locked(session, actor, appointment_id, version)
        wanted = rules.CONFIRMED_AS.get(found.state)
        if wanted is None:
            raise RuleBrokenError("Only a request or a booking can be confirmed.")
        if found.held_until is not None and found.held_until <= now:
            raise RuleBrokenError("This request has lapsed; the hour is free again.")
        found.state = wanted
        found.held_until = None
        found.confirmed_at = now if wanted == "confirmed" else None


def undo_marking(actor: Actor, appointment_id: int, *, version: int) -> None:
    """Take back what was recorded: the appointment is booked or confirmed again, as it was before.

    Raises:
        NotFoundError: no such appointment, or a colleague's for a therapist.
        ChangedSinceError: somebody changed it since.
        RuleBrokenError: nothing was recorded, it was moved, or a charge stands.
        NotFreeError: the hour was given to somebody else meanwhile.
    """
    with explained(), _charge_explained(), transaction(actor, *CARE) as session:
        lock_days(session, appointment_id)
        found = locked(session, actor, appointment_id, version)
        if found.state not in rules.MARKED_STATES:
            raise RuleBrokenError("Nothing was recorded that could be taken back.")
        if found.moved_to_id is not None:
            raise RuleBrokenError("This appointment was moved; change the one that replaced it.")
        _require_still_free(session, found)
        found.state = "confirmed" if found.confirmed_at else "booked"
        found.marked_at = None
        found.marked_by_id = None
        found.cancelled_at = None
        found.cancelled_by = None
        found.cancellation_reason = None
        found.is_fee_charged = False


def record(
    actor: Actor, session: Session, found: Appointment, state: str, cancelled_by: str | None, reason: str | None
) -> None:
    """Write what became of an appointment that is locked and may be marked, without a fee."""
    now = clock.now()
    if state in rules.CANCELLED_STATES:
        _write_cancellation(session, found, state, cancelled_by, reason, now)
    found.state = state
    found.held_until = None
    found.marked_at = now
    found.marked_by_id = actor.user_id


def cancel(actor: Actor, session: Session, found: Appointment, cancelled_by: str, reason: str | None) -> None:
    """Cancel an appointment that is locked and ahead, late or in time as its service has it, without a fee."""
    window = session.scalars(select(Service.cancellation_window_hours).where(Service.id == found.service_id)).one()
    state = rules.cancelled_state(cancelled_by, clock.now(), found.starts_at, window)
    record(actor, session, found, state, cancelled_by, reason)


def _require_markable(found: Appointment, state: str, now: datetime) -> None:
    if state not in rules.MARKED_STATES or not rules.may_follow(found.state, state):
        raise RuleBrokenError("What is recorded already must be taken back first.")
    if not rules.may_mark(found.state, state, found.starts_at, now):
        raise RuleBrokenError("This appointment has not begun yet: nobody has attended or missed it.")


def _require_still_free(session: Session, found: Appointment) -> None:
    """Refuse when somebody else has the hour now; that it is past or outside hours of work was so before."""
    wish = moved(session, found, Target(found.starts_at, found.ends_at))
    met = obstacles_in(session, [wish], [found.id])
    refuse([each for each in met if each.busy_from is not None and not each.may_override])


def _write_cancellation(
    session: Session, found: Appointment, state: str, cancelled_by: str | None, reason: str | None, now: datetime
) -> None:
    """Write who cancelled, why and when; before the session the service's window decides whether it is late."""
    if cancelled_by not in CANCELLED_BY:
        raise RuleBrokenError("Say who cancelled.")
    if reason is not None and reason not in REASONS:
        raise RuleBrokenError("Choose one of the reasons.")
    if state == "late_cancelled" and cancelled_by != "patient":
        raise RuleBrokenError("Only the patient can cancel late.")
    window = session.scalars(select(Service.cancellation_window_hours).where(Service.id == found.service_id)).one()
    if now < found.starts_at and state != rules.cancelled_state(cancelled_by, now, found.starts_at, window):
        raise RuleBrokenError("The cancellation window of the service decides whether this is late.")
    found.cancelled_by = cancelled_by
    found.cancellation_reason = reason
    found.cancelled_at = rules.told_at(state, cancelled_by, found.starts_at, window, now)


@contextmanager
def _charge_explained() -> Iterator[None]:
    """Turn the database's refusal to unmark what was charged into a sentence."""
    try:
        yield
    except DatabaseRefusal as error:
        if error.constraint == HAS_CHARGE:
            raise RuleBrokenError("This appointment was charged. Reverse the charge first.") from None
        raise
