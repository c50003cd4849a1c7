"""What the practice decides about public booking: what is open, and what becomes of a request."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dashboard import clock
from dashboard.access.actor import OFFICE, Actor, NotFoundError, RuleBrokenError, transaction
from dashboard.agenda.booking import explained
from dashboard.agenda.locking import lock_days
from dashboard.agenda.models import Appointment, Attendee
from dashboard.patients import commands as patients
from dashboard.public_booking.models import (
    ADMITS,
    MODES,
    OnlineBooking,
    OnlineLetter,
    OnlineRequest,
    OnlineService,
    OnlineTherapist,
)
from dashboard.public_booking.queries import Asked

LONGEST_PRIVACY = 8_000


@dataclass(frozen=True)
class ServiceRule:
    """By which rules a service can be asked for; see ``OnlineService``."""

    is_open: bool
    admits: str
    modes: str
    notice_hours: int
    horizon_days: int
    change_hours: int
    is_approved_at_once: bool
    asks_birth_date: bool


def set_opening(actor: Actor, *, is_on: bool, privacy_es: str | None, privacy_en: str | None) -> None:
    """Take requests online, or do not, and say something of one's own about privacy.

    Raises:
        RuleBrokenError: a text is too long.
    """
    texts = [(text or "").strip() or None for text in (privacy_es, privacy_en)]
    if any(len(text or "") > LONGEST_PRIVACY for text in texts):
        raise RuleBrokenError("A text is too long.")
    with transaction(actor, "manager") as session:
        found = session.scalars(select(OnlineBooking).with_for_update()).one()
        found.is_on, found.privacy_es, found.privacy_en = is_on, *texts


def set_rule(actor: Actor, service_id: int, rule: ServiceRule) -> None:
    """Open or close a service, by these rules; what was asked for before stays.

    Raises:
        RuleBrokenError: a rule makes no sense.
    """
    if rule.admits not in ADMITS or rule.modes not in MODES:
        raise RuleBrokenError("This choice is not on the list.")
    if not (0 <= rule.notice_hours <= 720 and 1 <= rule.horizon_days <= 180 and 0 <= rule.change_hours <= 336):
        raise RuleBrokenError("Hours of notice are 0 to 720, days ahead 1 to 180, hours for changes 0 to 336.")
    values = dict(vars(rule))
    with transaction(actor, "manager") as session:
        written = insert(OnlineService).values(service_id=service_id, **values)
        session.execute(written.on_conflict_do_update(index_elements=["service_id"], set_=values))


def offer_therapists(actor: Actor, therapist_ids: Collection[int]) -> None:
    """Offer the free hours of these therapists and of no others."""
    wanted = set(therapist_ids)
    with transaction(actor, "manager") as session:
        known = set(session.scalars(select(OnlineTherapist.therapist_id)))
        session.execute(delete(OnlineTherapist).where(OnlineTherapist.therapist_id.in_(known - wanted)))
        session.add_all(OnlineTherapist(therapist_id=each) for each in sorted(wanted - known))


def approve(actor: Actor, asked: Asked, patient_id: int | None = None) -> int:
    """Accept a request for a file, a new one when none is named, and return the file's id; the visitor is told.

    Raises:
        NotFoundError: there is no such file or request.
        NotFreeError: the person has another appointment then.
        RuleBrokenError: the request waits no longer, or what it says cannot be kept in a file.
    """
    with transaction(actor, *OFFICE) as session:
        _require_waiting(session, asked.id)
    file = patient_id if patient_id is not None else _open_file(actor, asked)
    with explained(), transaction(actor, *OFFICE) as session:
        lock_days(session, asked.appointment_id)
        found = _require_waiting(session, asked.id)
        slot = session.scalars(
            select(Appointment).where(Appointment.id == asked.appointment_id).with_for_update()
        ).one()
        present = select(Attendee.patient_id).where(Attendee.appointment_id == slot.id)
        if file not in session.scalars(present).all():
            session.add(Attendee(appointment_id=slot.id, patient_id=file, therapist_id=slot.therapist_id))
        if slot.state == "held":
            slot.state, slot.held_until = "booked", None
            session.add(OnlineLetter(request_id=found.id, kind="booked"))
        found.state, found.patient_id = "booked", file
        found.decided_by_id, found.decided_at = actor.user_id, clock.now()
    return file


def _open_file(actor: Actor, asked: Asked) -> int:
    fields = {
        "given_name": asked.given_name,
        "surname_1": asked.surnames[:120],
        "email": asked.email,
        "telephone": asked.telephone,
        "birth_date": asked.birth_date,
        "preferred_language": asked.language,
        "main_therapist_id": asked.therapist_id,
        "site_id": asked.site_id,
        "status": "waiting",
    }
    return patients.open_file(actor, fields)


def decline(actor: Actor, asked: Asked) -> None:
    """Decline a request: its hour is free again, and the visitor is told so in plain words.

    Raises:
        NotFoundError: there is no such request.
        RuleBrokenError: it waits no longer.
    """
    now = clock.now()
    with transaction(actor, *OFFICE) as session:
        lock_days(session, asked.appointment_id)
        found = _require_waiting(session, asked.id)
        slot = session.scalars(
            select(Appointment).where(Appointment.id == asked.appointment_id).with_for_update()
        ).one()
        slot.state, slot.held_until = "cancelled", None
        slot.cancelled_at, slot.cancelled_by, slot.confirmed_at = now, "practice", None
        slot.marked_at, slot.marked_by_id = now, actor.user_id
        found.state, found.decided_by_id, found.decided_at = "declined", actor.user_id, now
        session.add(OnlineLetter(request_id=found.id, kind="declined"))


def _require_waiting(session: Session, request_id: int) -> OnlineRequest:
    found = session.scalar(select(OnlineRequest).where(OnlineRequest.id == request_id).with_for_update())
    if found is None:
        raise NotFoundError("Not found.")
    slot = session.get(Appointment, found.appointment_id) if found.appointment_id else None
    is_open = slot is not None and slot.state in {"held", "booked", "confirmed"}
    if found.state not in {"asked", "booked"} or found.patient_id is not None or not is_open:
        raise RuleBrokenError("This request waits no longer.")
    return found
