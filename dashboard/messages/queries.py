"""Questions about messages: what waits, what went out, what did not, what one says, and the practice's rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, text

from dashboard.access.actor import OFFICE, Actor, NotFoundError, reading
from dashboard.access.frames import Question, frame, number_of_rows
from dashboard.agenda.models import Appointment
from dashboard.messages.letters import Content
from dashboard.messages.models import Message, MessageRule
from dashboard.patients import queries as patients
from dashboard.patients.models import Guardian, Patient

if TYPE_CHECKING:
    import pandas as pd

VIEWS = {
    "outbox": ("planned", "sending", "withheld"),
    "sent": ("sent", "told"),
    "unsent": ("failed", "lapsed", "cancelled"),
}
CONTENT = text("select c.*, message_video_link(:id) as link from message_content(:id) as c")


@dataclass(frozen=True)
class Filter:
    """What narrows a list; nothing chosen narrows nothing."""

    kind: str | None = None
    site_id: int | None = None


@dataclass(frozen=True)
class Rule:
    """When the practice sends: hours before a session, the longest first, outside quiet hours, and whether at all."""

    steps: tuple[int, ...]
    quiet_from: time
    quiet_until: time
    is_on: bool


def messages(actor: Actor, view: str, chosen: Filter, *, limit: int = 25, offset: int = 0) -> pd.DataFrame:
    """Return the messages of a view: what waits with the next first, the others with the latest first.

    Columns: message_id, patient_id, number, name, guardian, kind, step, starts_at, due_at, sent_at, state, reason,
    error.
    """
    shown = (
        Message.id.label("message_id"),
        Message.patient_id,
        Patient.number,
        patients.NAME,
        func.nullif(func.concat_ws(" ", Guardian.given_name, Guardian.surnames), "").label("guardian"),
        *(Message.kind, Message.step, Message.starts_at, Message.due_at),
        func.coalesce(Message.sent_at, Message.settled_at).label("sent_at"),
        Message.state,
        Message.withheld_reason.label("reason"),
        Message.last_error.label("error"),
    )
    order = (Message.due_at, Message.id) if view == "outbox" else (Message.due_at.desc(), Message.id.desc())
    found = _found(view, chosen, select(*shown)).outerjoin(Guardian, Guardian.id == Message.guardian_id)
    return frame(actor, found.order_by(*order).limit(limit).offset(offset), *OFFICE)


def messages_number(actor: Actor, view: str, chosen: Filter) -> int:
    """Return how many rows ``messages`` has over all its pages."""
    return number_of_rows(actor, _found(view, chosen, select(Message.id)), *OFFICE)


def _found(view: str, chosen: Filter, asked: Question) -> Question:
    found = asked.select_from(Message).join(Patient, Patient.id == Message.patient_id)
    found = found.where(Message.state.in_(VIEWS[view]))
    if chosen.kind is not None:
        found = found.where(Message.kind == chosen.kind)
    if chosen.site_id is not None:
        found = found.join(Appointment, Appointment.id == Message.appointment_id)
        found = found.where(Appointment.site_id == chosen.site_id)
    return found


@dataclass(frozen=True)
class Opened:
    """One message as it is looked at; ``content`` is what it says, or would say."""

    id: int
    patient_id: int
    number: int
    name: str
    kind: str
    state: str
    reason: str | None
    error: str | None
    due_at: datetime
    lapses_at: datetime
    sent_at: datetime | None
    attempts: int
    next_attempt_at: datetime | None
    content: Content


def message(actor: Actor, message_id: int) -> Opened:
    """Return a message and what it says.

    Raises:
        NotFoundError: there is no such message for this person.
    """
    columns = (
        *(Message.id, Message.patient_id, Patient.number, patients.NAME, Message.kind, Message.state),
        Message.withheld_reason.label("reason"),
        Message.last_error.label("error"),
        *(Message.due_at, Message.lapses_at),
        func.coalesce(Message.sent_at, Message.settled_at).label("sent_at"),
        *(Message.attempts, Message.next_attempt_at),
    )
    found = select(*columns).join(Patient, Patient.id == Message.patient_id).where(Message.id == message_id)
    with reading(actor, *OFFICE) as session:
        row: Any = session.execute(found).mappings().one_or_none()
        content: Any = session.execute(CONTENT, {"id": message_id}).mappings().one_or_none()
    if row is None or content is None:
        raise NotFoundError("Not found.")
    return Opened(**row, content=Content(**content))


def rule(actor: Actor) -> Rule:
    """Return the practice's rule."""
    with reading(actor, *OFFICE) as session:
        row = session.scalars(select(MessageRule)).one()
        return Rule(tuple(sorted(row.steps, reverse=True)), row.quiet_from, row.quiet_until, row.is_on)
