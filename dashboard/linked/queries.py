"""Questions about linked calendars: is there an account, how is it, what was changed there. A therapist's own only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from dashboard.access.actor import Actor, NotFoundError, reading
from dashboard.agenda.models import Appointment, Attendee
from dashboard.agenda.queries import PATIENT_NAME
from dashboard.calendars.queries import own_therapist
from dashboard.linked.models import LinkedAccount, LinkedCalendar, LinkedEvent, LinkedProposal
from dashboard.patients.models import Patient

MOST_PROPOSALS = 200


@dataclass(frozen=True)
class CalendarFact:
    """A calendar of the account: what is done with it, what is wrong with it, how many sessions were written to it."""

    id: int
    name: str
    is_outgoing: bool
    is_busy: bool
    problem: str | None
    written: int


@dataclass(frozen=True)
class AccountFact:
    """A connected account, without its password, which nobody is shown; ``problem`` is a code of ``SENTENCES``."""

    address: str
    user_name: str
    shows: str
    problem: str | None
    connected_at: datetime
    synced_at: datetime | None
    calendars: tuple[CalendarFact, ...]


@dataclass(frozen=True)
class Proposal:
    """What was done to a session in a calendar elsewhere, which nobody has decided about.

    ``kind`` is ``move`` (to ``starts_at``), ``cancel`` or ``unclear``. ``present_from`` and ``present_until`` are when
    the session is now; ``is_changed_here`` tells that it was moved here too since it was last written there.
    """

    id: int
    appointment_id: int
    version: int
    kind: str
    starts_at: datetime | None
    ends_at: datetime | None
    present_from: datetime
    present_until: datetime
    is_changed_here: bool
    patients: str
    calendar: str
    found_at: datetime


def account(actor: Actor) -> AccountFact | None:
    """Return the therapist's connected account, or nothing."""
    therapist_id = own_therapist(actor)
    kept = LinkedAccount
    asked = select(kept.address, kept.user_name, kept.shows, kept.problem, kept.connected_at, kept.synced_at).where(
        kept.therapist_id == therapist_id, kept.is_connected
    )
    written = (
        select(func.count(LinkedEvent.id))
        .where(LinkedEvent.calendar_id == LinkedCalendar.id)
        .correlate(LinkedCalendar)
        .scalar_subquery()
    )
    own = LinkedCalendar
    listed: Any = (
        select(own.id, own.name, own.is_outgoing, own.is_busy, own.problem, written.label("written"))
        .where(own.therapist_id == therapist_id)
        .order_by(own.name)
    )
    with reading(actor, "therapist") as session:
        row = session.execute(asked).one_or_none()
        calendars = tuple(CalendarFact(**each) for each in session.execute(listed).mappings())
    return None if row is None else AccountFact(*row, calendars)


def proposals(actor: Actor) -> list[Proposal]:
    """Return what nobody has decided about, the next session first."""
    ordered = _proposals(actor).order_by(Appointment.starts_at, LinkedProposal.id).limit(MOST_PROPOSALS)
    with reading(actor, "therapist") as session:
        return [Proposal(**row) for row in session.execute(ordered).mappings()]


def proposal(actor: Actor, proposal_id: int) -> Proposal:
    """Return a proposal that nobody has decided about.

    Raises:
        NotFoundError: there is none, or it is a colleague's.
    """
    with reading(actor, "therapist") as session:
        row = session.execute(_proposals(actor).where(LinkedProposal.id == proposal_id)).mappings().one_or_none()
    if row is None:
        raise NotFoundError("No such proposal.")
    return Proposal(**row)


def _proposals(actor: Actor) -> Any:
    names = (
        select(func.string_agg(PATIENT_NAME, aggregate_order_by(literal(", "), Attendee.position, Patient.id)))
        .join(Patient, Patient.id == Attendee.patient_id)
        .where(Attendee.appointment_id == Appointment.id)
        .correlate(Appointment)
        .scalar_subquery()
    )
    is_changed = (LinkedEvent.starts_at != Appointment.starts_at) | (LinkedEvent.ends_at != Appointment.ends_at)
    found: Any = (
        select(
            LinkedProposal.id,
            LinkedProposal.appointment_id,
            Appointment.version,
            LinkedProposal.kind,
            LinkedProposal.starts_at,
            LinkedProposal.ends_at,
            Appointment.starts_at.label("present_from"),
            Appointment.ends_at.label("present_until"),
            is_changed.label("is_changed_here"),
            func.coalesce(names, "").label("patients"),
            LinkedCalendar.name.label("calendar"),
            LinkedProposal.found_at,
        )
        .join(LinkedEvent, LinkedEvent.id == LinkedProposal.event_id)
        .join(LinkedCalendar, LinkedCalendar.id == LinkedEvent.calendar_id)
        .join(Appointment, Appointment.id == LinkedProposal.appointment_id)
        .where(LinkedProposal.therapist_id == own_therapist(actor), LinkedProposal.state == "open")
    )
    return found
