"""Questions about video calls: the online sessions ahead and what each lacks; a therapist's own only."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Row, Select, String, and_, case, cast, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.sql.selectable import LateralFromClause

from dashboard import clock
from dashboard.access.actor import Actor, NotFoundError, Role, reading, require
from dashboard.access.models import AppUser
from dashboard.agenda.models import Appointment, Attendee
from dashboard.clinical.models import Document
from dashboard.consent.marts import CONSENT_STATUS
from dashboard.messages.models import Message
from dashboard.patients import queries as patients
from dashboard.patients.models import Guardian, Patient
from dashboard.team.models import Service, Site, Therapist
from dashboard.video.models import VideoLink, VideoMaterial, VideoPlace, VideoProvider, VideoTick
from dashboard.video.rules import Consent, Participant, Session

CARE: tuple[Role, ...] = ("manager", "front_desk", "therapist")
MOST_ROWS = 500
"""More patients than this in online sessions are no list that a person reads; the page asks for a shorter period."""
THERAPIST_NAME = func.btrim(Therapist.given_name + " " + Therapist.surnames)
STREET = func.nullif(func.btrim(Patient.address_line), "")
# A town alone sends no ambulance.
ADDRESS = case((STREET.is_not(None), func.concat_ws(", ", STREET, Patient.postal_code, Patient.city)))


@dataclass(frozen=True)
class Tick:
    """That somebody ticked an item, or took the tick back."""

    patient_id: int
    item: str
    is_done: bool
    at: datetime
    by: str


@dataclass(frozen=True)
class Material:
    """Something to share in a session: an address, or a document of whose file."""

    id: int
    title: str
    address: str | None
    document_id: int | None
    patient_id: int | None


@dataclass(frozen=True)
class Provider:
    """Where calls are held: of a therapist, or of everybody who has none of their own."""

    therapist_id: int | None
    therapist_name: str | None
    kind: str
    address: str


def sessions_ahead(
    actor: Actor,
    until: datetime,
    *,
    therapist_id: int | None = None,
    site_id: int | None = None,
    among: Collection[int] | None = None,
) -> list[Session]:
    """Return the online sessions that are not over and begin before ``until``, in order; a therapist's own only.

    ``among`` keeps those of some appointments, by their identifiers.

    Raises:
        DatabaseRefusal: with ``not_built`` while the figures, which define a valid consent, are being built.
    """
    found = _asked(actor).where(Appointment.starts_at < until)
    if among is not None:
        found = found.where(Appointment.id.in_(among))
    for column, wanted in ((Appointment.therapist_id, therapist_id), (Appointment.site_id, site_id)):
        if wanted is not None:
            found = found.where(column == wanted)
    with reading(actor, *CARE) as session:
        return list(_sessions(session.execute(found.limit(MOST_ROWS)).all()))


def session_ahead(actor: Actor, appointment_id: int) -> Session:
    """Return an online session that is not over.

    Raises:
        NotFoundError: there is none, or it is a colleague's.
        DatabaseRefusal: with ``not_built`` while the figures are being built.
    """
    with reading(actor, *CARE) as session:
        for found in _sessions(session.execute(_asked(actor).where(Appointment.id == appointment_id)).all()):
            return found
    raise NotFoundError("No such session.")


def require_ahead(actor: Actor, appointment_id: int, patient_id: int | None = None) -> None:
    """Return when the actor has an online session ahead, and a patient (if given) takes part in it.

    Raises:
        NotFoundError: it is not so.
    """
    found = _ahead(actor, select(Attendee.patient_id)).where(Appointment.id == appointment_id)
    if patient_id is not None:
        found = found.where(Attendee.patient_id == patient_id)
    with reading(actor, *CARE) as session:
        if session.scalar(found.limit(1)) is None:
            raise NotFoundError("No such session.")


def _ahead(actor: Actor, asked: Select[Any]) -> Select[Any]:
    """Return a question about the online sessions that are not over, and who takes part."""
    return (
        asked.select_from(Appointment)
        .join(Attendee, Attendee.appointment_id == Appointment.id)
        .where(
            Appointment.mode == "online",
            Appointment.state.in_(("booked", "confirmed")),
            Appointment.moved_to_id.is_(None),
            Appointment.ends_at > clock.now(),
            _is_own(actor),
        )
    )


def _asked(actor: Actor) -> Select[Any]:
    """Return the question for a row per session and patient, in the order of sessions."""
    consent, message = _consent(), _message()
    shown = (
        *(Appointment.id, Appointment.starts_at, Appointment.ends_at, Appointment.therapist_id),
        *(THERAPIST_NAME.label("therapist_name"), Appointment.site_id, Site.time_zone),
        *(Service.name.label("service_name"), VideoLink.address.label("link"), VideoLink.is_fixed),
        *(Patient.id.label("patient_id"), Patient.number, patients.NAME, Patient.birth_date),
        *(_is_in_care(actor), ADDRESS.label("address"), Patient.telephone, Patient.emergency_telephone),
        *(VideoPlace.place, VideoPlace.telephone.label("told_telephone"), _guardian().label("guardian_telephone")),
        *(consent.c.status, consent.c.is_valid, consent.c.valid_until, _ticked().label("ticked")),
        *(message.c.is_sent, message.c.state.label("message_state"), message.c.withheld_reason),
    )
    return (
        _ahead(actor, select(*shown))
        .join(Patient, Patient.id == Attendee.patient_id)
        .join(Therapist, Therapist.id == Appointment.therapist_id)
        .join(Site, Site.id == Appointment.site_id)
        .join(Service, Service.id == Appointment.service_id)
        .outerjoin(VideoLink, and_(VideoLink.appointment_id == Appointment.id, VideoLink.ended_at.is_(None)))
        .outerjoin(
            VideoPlace, and_(VideoPlace.appointment_id == Appointment.id, VideoPlace.patient_id == Attendee.patient_id)
        )
        .outerjoin(consent, true())
        .outerjoin(message, true())
        .order_by(Appointment.starts_at, Appointment.id, Attendee.position, Patient.id)
    )


def _is_own(actor: Actor) -> ColumnElement[bool]:
    if require(actor, *CARE).role == "therapist":
        return Appointment.therapist_id == actor.therapist_id
    return true()


def _is_in_care(actor: Actor) -> ColumnElement[bool]:
    known: ColumnElement[bool] = patients.IN_CARE if actor.role == "therapist" else literal(True, Boolean)
    return known.label("is_in_care")


def _consent() -> LateralFromClause:
    """Return what the figures say of consent to video, for the patient of the row; ``offset 0`` keeps it a look-up."""
    asked = CONSENT_STATUS.c
    return (
        select(asked.status, asked.is_valid, asked.valid_until)
        .where(asked.patient_id == Patient.id, asked.kind == "telehealth")
        .offset(0)
        .correlate(Patient)
        .lateral("consent")
    )


def _guardian() -> Any:
    return (
        select(func.min(Guardian.telephone))
        .where(Guardian.patient_id == Patient.id, Guardian.has_authority.is_(True))
        .correlate(Patient)
        .scalar_subquery()
    )


def _ticked() -> Any:
    """Return the items that are ticked: of each item the last word counts."""
    last = (
        select(VideoTick.item, VideoTick.is_done)
        .ext(distinct_on(VideoTick.item))
        .where(VideoTick.appointment_id == Appointment.id, VideoTick.patient_id == Patient.id)
        .order_by(VideoTick.item, VideoTick.id.desc())
        .correlate(Appointment, Patient)
        .subquery("last")
    )
    return select(func.array_agg(last.c.item)).where(last.c.is_done).scalar_subquery()


def _message() -> LateralFromClause:
    """Return what became of the messages with the present link; whatever was sent after it was made had it."""
    of_link = and_(Message.kind == "video_link", Message.step == cast(VideoLink.id, String))
    later = and_(
        Message.kind.in_(("confirmation", "reminder", "change")),
        Message.state == "sent",
        Message.claimed_at > VideoLink.made_at,
    )
    latest = func.array_agg(Message.state).filter(of_link)
    why = func.array_agg(Message.withheld_reason).filter(of_link)
    return (
        select(
            func.bool_or(or_(later, and_(of_link, Message.state.in_(("sent", "told"))))).label("is_sent"),
            latest[func.array_length(latest, 1)].label("state"),
            why[func.array_length(why, 1)].label("withheld_reason"),
        )
        .where(Message.appointment_id == Appointment.id, Message.patient_id == Patient.id)
        .correlate(Appointment, Patient, VideoLink)
        .lateral("message")
    )


def _sessions(rows: Any) -> Iterator[Session]:
    for _id, group in groupby(rows, key=lambda row: row.id):
        found = list(group)
        first = found[0]
        yield Session(
            *(first.id, first.starts_at, first.ends_at, first.therapist_id, first.therapist_name, first.site_id),
            *(first.time_zone, first.service_name, first.link, bool(first.is_fixed)),
            participants=tuple(_participant(row) for row in found),
        )


def _participant(row: Row[Any]) -> Participant:
    return Participant(
        row.patient_id,
        row.number,
        row.name,
        row.birth_date,
        is_in_care=row.is_in_care,
        address=row.address,
        telephone=row.telephone,
        told_place=row.place,
        told_telephone=row.told_telephone,
        emergency_telephone=row.emergency_telephone,
        guardian_telephone=row.guardian_telephone,
        consent=None if row.status is None else Consent(row.status, row.is_valid, row.valid_until),
        ticked=tuple(row.ticked or ()),
        message="sent" if row.is_sent else row.message_state,
        withheld_reason=row.withheld_reason,
    )


def ticks(actor: Actor, appointment_id: int) -> list[Tick]:
    """Return every tick of a session's checklists and every one taken back, the latest first."""
    found = (
        select(VideoTick.patient_id, VideoTick.item, VideoTick.is_done, VideoTick.at, AppUser.display_name)
        .join(AppUser, AppUser.id == VideoTick.by_id)
        .join(Appointment, Appointment.id == VideoTick.appointment_id)
        .where(VideoTick.appointment_id == appointment_id, _is_own(actor))
        .order_by(VideoTick.id.desc())
    )
    with reading(actor, *CARE) as session:
        return [Tick(*row) for row in session.execute(found)]


def materials(actor: Actor, appointment_id: int) -> list[Material]:
    """Return what the therapist laid out to share in a session, in the order of adding."""
    found = (
        select(
            *(VideoMaterial.id, VideoMaterial.title, VideoMaterial.address, VideoMaterial.document_id),
            Document.patient_id,
        )
        .outerjoin(Document, Document.id == VideoMaterial.document_id)
        .where(VideoMaterial.appointment_id == appointment_id, VideoMaterial.taken_away_at.is_(None))
        .order_by(VideoMaterial.id)
    )
    with reading(actor, "therapist") as session:
        return [Material(*row) for row in session.execute(found)]


def providers(actor: Actor) -> list[Provider]:
    """Return where calls are held, the practice's own first; a therapist is told that and their own."""
    name = case((VideoProvider.therapist_id.is_not(None), THERAPIST_NAME))
    found = (
        select(VideoProvider.therapist_id, name, VideoProvider.kind, VideoProvider.address)
        .outerjoin(Therapist, Therapist.id == VideoProvider.therapist_id)
        .order_by(VideoProvider.therapist_id.is_not(None), Therapist.search_name, VideoProvider.id)
    )
    with reading(actor, *CARE) as session:
        return [Provider(row[0], row[1], row[2], row[3]) for row in session.execute(found)]
