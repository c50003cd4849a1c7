"""What people decide about messages: not to send one, to send one again, that it was told; and the practice's rule."""

from __future__ import annotations

from collections.abc import Collection
from datetime import time

from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard import clock
from dashboard.access.actor import OFFICE, Actor, NotFoundError, RuleBrokenError, transaction
from dashboard.messages.models import Message, MessageRule

LONGEST_STEP_HOURS = 720
MOST_STEPS = 6
SENTENCES = {
    "cancel": "This message no longer waits.",
    "send_again": "Only what failed can be sent again.",
    "tell": "This message was sent already.",
}


def cancel(actor: Actor, message_id: int) -> None:
    """Keep a message that waits from being sent.

    Raises:
        NotFoundError: no such message for this person.
        RuleBrokenError: it waits no longer.
    """
    with transaction(actor, *OFFICE) as session:
        found = _locked(session, message_id, ("planned", "withheld"), "cancel")
        found.state = "cancelled"
        found.settled_by_id, found.settled_at = actor.user_id, clock.now()


def send_again(actor: Actor, message_id: int) -> None:
    """Let a message that failed be sent again, under the same number; who decides so accepts that it may arrive twice.

    Raises:
        NotFoundError: no such message for this person.
        RuleBrokenError: it did not fail, or it would come too late.
    """
    now = clock.now()
    with transaction(actor, *OFFICE) as session:
        found = _locked(session, message_id, ("failed",), "send_again")
        if found.lapses_at <= now:
            raise RuleBrokenError("It is too late for this message. Tell it by telephone.")
        found.state, found.attempts = "planned", 0
        found.due_at, found.next_attempt_at = now, None
        found.settled_by_id, found.settled_at = actor.user_id, now


def tell_by_telephone(actor: Actor, message_id: int) -> None:
    """Record that somebody told the recipient what a message says.

    Raises:
        NotFoundError: no such message for this person.
        RuleBrokenError: it was sent, or is being sent.
    """
    unsent = ("planned", "withheld", "failed", "lapsed", "cancelled")
    with transaction(actor, *OFFICE) as session:
        found = _locked(session, message_id, unsent, "tell")
        found.state = "told"
        found.settled_by_id, found.settled_at = actor.user_id, clock.now()


def _locked(session: Session, message_id: int, states: Collection[str], wanted: str) -> Message:
    """Return a message that is in one of ``states``, locked; the worker that sends it waits or has gone before."""
    found = session.scalar(select(Message).where(Message.id == message_id).with_for_update())
    if found is None:
        raise NotFoundError("Not found.")
    if found.state not in states:
        raise RuleBrokenError(SENTENCES[wanted])
    return found


def set_rule(actor: Actor, steps: Collection[int], quiet_from: time, quiet_until: time, *, is_on: bool) -> None:
    """Set the practice's rule: how many hours before a session to remind of it, quiet hours, and whether to send.

    What was planned by the former steps and is not sent yet is still sent.

    Raises:
        RuleBrokenError: too many steps, or one that is no sensible number of hours.
    """
    wanted = sorted(set(steps), reverse=True)
    if len(wanted) > MOST_STEPS:
        raise RuleBrokenError("Six reminders of one session are enough.")
    if not all(1 <= step <= LONGEST_STEP_HOURS for step in wanted):
        raise RuleBrokenError("A reminder is sent between one hour and thirty days before a session.")
    with transaction(actor, "manager") as session:
        found = session.scalars(select(MessageRule).with_for_update()).one()
        found.steps, found.quiet_from, found.quiet_until, found.is_on = wanted, quiet_from, quiet_until, is_on
