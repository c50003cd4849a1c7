"""Questions about appointments. A therapist reads colleagues' hours as busy: no patient, no service, no state."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Row, Select, and_, case, exists, func, or_, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased

from dashboard import clock
from dashboard.access.actor import Actor, NotFoundError, Role, reading, require
from dashboard.access.models import AppUser
from dashboard.agenda import rules
from dashboard.agenda.models import Appointment, Attendee
from dashboard.patients.models import Patient
from dashboard.team.models import Room, Service, Site, Therapist

CARE: tuple[Role, ...] = ("manager", "front_desk", "therapist")
ENDS_SOON = timedelta(days=21)
MOST_ROWS = 2_000
"""More than this is no agenda that a person reads; the page asks for a narrower view."""

THERAPIST_NAME = func.btrim(Therapist.given_name + " " + Therapist.surnames)
PATIENT_NAME = func.concat_ws(" ", Patient.given_name, Patient.surname_1, Patient.surname_2)


@dataclass(frozen=True)
class PatientName:
    """A patient of an appointment."""

    id: int
    name: str


@dataclass(frozen=True)
class Slot:
    """An appointment as the calendar shows it. Without an id it is a colleague's: busy, and nothing else is told."""

    id: int | None
    starts_at: datetime
    ends_at: datetime
    therapist_id: int
    therapist_name: str
    site_id: int
    room_id: int | None
    room_name: str | None
    state: str
    mode: str | None
    service_name: str | None
    patients: tuple[PatientName, ...]
    is_unconfirmed: bool
    version: int


@dataclass(frozen=True)
class AppointmentDetails:
    """Everything about one appointment that its panel shows; ``fee_cents`` is nothing for who sees no money."""

    slot: Slot
    site_name: str
    site_time_zone: str
    window_hours: int
    late_fee_percent: int
    fee_cents: int | None
    is_fee_charged: bool
    is_moved: bool
    booked_at: datetime
    confirmed_at: datetime | None
    held_until: datetime | None
    marked_at: datetime | None
    marked_by: str | None
    cancelled_at: datetime | None
    cancelled_by: str | None
    cancellation_reason: str | None
    overridden: tuple[str, ...]
    series_left: int
    """How many open dates of its series begin with it or later; 0 for an appointment of no series."""


def _is_own(actor: Actor) -> ColumnElement[bool]:
    """Return the condition under which ``actor`` may know whom an appointment is with."""
    if require(actor, *CARE).role == "therapist":
        return Appointment.therapist_id == actor.therapist_id
    return true()


def _attendees(actor: Actor) -> Any:
    """Return an appointment's patients as a JSON array of [id, name]; names that may not be seen are not even read."""
    pair = func.json_build_array(Patient.id, PATIENT_NAME)
    named = (
        select(func.json_agg(aggregate_order_by(pair, Attendee.position, Patient.id)))
        .join(Patient, Patient.id == Attendee.patient_id)
        .where(Attendee.appointment_id == Appointment.id)
        .correlate(Appointment)
        .scalar_subquery()
    )
    return case((_is_own(actor), named)).label("patients")


def _slots(actor: Actor) -> Select[Any]:
    return (
        select(
            # Rows, not objects, and no range twice: a month of the whole team is read at once.
            *(column for column in Appointment.__table__.columns if column.name != "during"),
            THERAPIST_NAME.label("therapist_name"),
            Room.name.label("room_name"),
            Service.name.label("service_name"),
            _attendees(actor),
        )
        .join(Therapist, Therapist.id == Appointment.therapist_id)
        .join(Service, Service.id == Appointment.service_id)
        .outerjoin(Room, Room.id == Appointment.room_id)
    )


def _slot(actor: Actor, row: Row[Any], now: datetime) -> Slot:
    """Return a row as ``actor`` may see it."""
    is_shown = actor.role != "therapist" or row.therapist_id == actor.therapist_id
    return Slot(
        id=row.id if is_shown else None,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        therapist_id=row.therapist_id,
        therapist_name=row.therapist_name,
        site_id=row.site_id,
        room_id=row.room_id,
        room_name=row.room_name,
        state=row.state if is_shown else "busy",
        mode=row.mode if is_shown else None,
        service_name=row.service_name if is_shown else None,
        patients=tuple(PatientName(*pair) for pair in row.patients or ()) if is_shown else (),
        is_unconfirmed=is_shown and rules.is_unconfirmed(row.state, row.ends_at, now),
        version=row.version if is_shown else 0,
    )


def _chosen(found: Select[Any], therapist_id: int | None, room_id: int | None, site_id: int | None) -> Select[Any]:
    """Narrow a question to what was chosen; what is not chosen filters nothing."""
    for column, wanted in (
        (Appointment.therapist_id, therapist_id),
        (Appointment.room_id, room_id),
        (Appointment.site_id, site_id),
    ):
        if wanted is not None:
            found = found.where(column == wanted)
    return found


def appointments_between(
    actor: Actor,
    since: datetime,
    until: datetime,
    *,
    therapist_id: int | None = None,
    room_id: int | None = None,
    site_id: int | None = None,
) -> list[Slot]:
    """Return what begins in ``[since, until)``, in order, at most ``MOST_ROWS``; moved ones and lapsed requests not.

    For a therapist, a colleague's appointment is busy, and one that was cancelled or missed is not there at all.
    """
    now = clock.now()
    found = _chosen(_slots(actor), therapist_id, room_id, site_id).where(
        Appointment.starts_at >= since,
        Appointment.starts_at < until,
        Appointment.moved_to_id.is_(None),
        or_(Appointment.held_until.is_(None), Appointment.held_until > now),
        or_(_is_own(actor), Appointment.state.in_(rules.BUSY_STATES)),
    )
    ordered = found.order_by(Appointment.starts_at, Appointment.therapist_id, Appointment.id).limit(MOST_ROWS)
    with reading(actor, *CARE) as session:
        return [_slot(actor, row, now) for row in session.execute(ordered)]


def next_appointments(actor: Actor, day: date, time_zone: str, limit: int = 100) -> list[Slot]:
    """Return what is still to come on a calendar day: a therapist's own, or everybody's for the office."""
    zone = ZoneInfo(time_zone)
    since = max(datetime.combine(day, time.min, zone), clock.now())
    until = datetime.combine(day + timedelta(days=1), time.min, zone)
    found = (
        _slots(actor)
        .where(
            Appointment.ends_at > since,
            Appointment.starts_at < until,
            Appointment.starts_at > since - timedelta(hours=12),
            Appointment.state.in_(("booked", "confirmed")),
            _is_own(actor),
        )
        .order_by(Appointment.starts_at, Appointment.id)
        .limit(limit)
    )
    with reading(actor, *CARE) as session:
        return [_slot(actor, row, clock.now()) for row in session.execute(found)]


def last_sessions(actor: Actor, patient_ids: Collection[int]) -> dict[int, datetime]:
    """Return when each of these patients last attended, by patient; of a therapist's own sessions only."""
    found = (
        select(Attendee.patient_id, func.max(Attendee.starts_at))
        .join(Appointment, Appointment.id == Attendee.appointment_id)
        .where(Attendee.patient_id.in_(patient_ids), Attendee.state == "attended", _is_own(actor))
        .group_by(Attendee.patient_id)
    )
    with reading(actor, *CARE) as session:
        return {row[0]: row[1] for row in session.execute(found)}


def _unconfirmed(actor: Actor, now: datetime) -> ColumnElement[bool]:
    return and_(
        Appointment.state.in_(("booked", "confirmed")),
        Appointment.ends_at <= now,
        Appointment.starts_at <= now,
        Appointment.moved_to_id.is_(None),
        _is_own(actor),
    )


def unconfirmed_appointments(
    actor: Actor,
    *,
    limit: int = 25,
    offset: int = 0,
    therapist_id: int | None = None,
    room_id: int | None = None,
    site_id: int | None = None,
) -> list[Slot]:
    """Return past appointments that nobody marked, oldest first; a therapist's own only."""
    now = clock.now()
    found = (
        _chosen(_slots(actor), therapist_id, room_id, site_id)
        .where(_unconfirmed(actor, now))
        .order_by(Appointment.starts_at, Appointment.id)
        .limit(limit)
        .offset(offset)
    )
    with reading(actor, *CARE) as session:
        return [_slot(actor, row, now) for row in session.execute(found)]


def unconfirmed_count(
    actor: Actor, *, therapist_id: int | None = None, room_id: int | None = None, site_id: int | None = None
) -> int:
    """Return how many past appointments nobody marked; a therapist's own only."""
    counted = _chosen(select(func.count(Appointment.id)), therapist_id, room_id, site_id)
    with reading(actor, *CARE) as session:
        return session.scalar(counted.where(_unconfirmed(actor, clock.now()))) or 0


@dataclass(frozen=True)
class Usual:
    """How a patient was last booked, which is how they most often are."""

    therapist_id: int
    site_id: int
    service_id: int
    mode: str


@dataclass(frozen=True)
class EndingSeries:
    """A series that is about to end: its last date, and whom it is with."""

    appointment_id: int
    last_at: datetime
    therapist_name: str
    patients: str


def series_ending(actor: Actor, limit: int = 200) -> list[EndingSeries]:
    """Return the series whose last open date is within ``ENDS_SOON``, the soonest first; a therapist's own only."""
    names = (
        select(func.string_agg(PATIENT_NAME, ", "))
        .join(Attendee, Attendee.patient_id == Patient.id)
        .where(Attendee.appointment_id == Appointment.id)
        .correlate(Appointment)
        .scalar_subquery()
    )
    found = (
        select(Appointment.id, Appointment.starts_at, THERAPIST_NAME, names)
        .join(Therapist, Therapist.id == Appointment.therapist_id)
        .where(*_ends_a_series(actor))
        .order_by(Appointment.starts_at, Appointment.id)
        .limit(limit)
    )
    with reading(actor, *CARE) as session:
        return [EndingSeries(row[0], row[1], row[2], row[3] or "") for row in session.execute(found)]


def series_ending_number(actor: Actor) -> int:
    """Return how many series ``series_ending`` has, however many it is asked for."""
    with reading(actor, *CARE) as session:
        return session.scalar(select(func.count(Appointment.id)).where(*_ends_a_series(actor))) or 0


def _ends_a_series(actor: Actor) -> list[ColumnElement[bool]]:
    now, later = clock.now(), aliased(Appointment)
    has_later = exists().where(
        later.series_id == Appointment.series_id,
        later.starts_at > Appointment.starts_at,
        later.state.in_(rules.OPEN_STATES),
    )
    return [
        Appointment.series_id.is_not(None),
        Appointment.state.in_(("booked", "confirmed")),
        Appointment.starts_at.between(now, now + ENDS_SOON),
        _is_own(actor),
        ~has_later,
    ]


def usual_of(actor: Actor, patient_id: int) -> Usual | None:
    """Return how a patient was last booked, or nothing when they never were."""
    found = (
        select(Appointment.therapist_id, Appointment.site_id, Appointment.service_id, Appointment.mode)
        .join(Attendee, Attendee.appointment_id == Appointment.id)
        .where(Attendee.patient_id == patient_id, _is_own(actor))
        .order_by(Attendee.starts_at.desc())
        .limit(1)
    )
    with reading(actor, *CARE) as session:
        row = session.execute(found).one_or_none()
    return None if row is None else Usual(*row)


def appointment(actor: Actor, appointment_id: int) -> AppointmentDetails:
    """Return one appointment.

    Raises:
        NotFoundError: there is none, or it is a colleague's.
    """
    found = (
        _slots(actor)
        .add_columns(Service, Site, AppUser.display_name.label("marked_by"), _series_left())
        .join(Site, Site.id == Appointment.site_id)
        .outerjoin(AppUser, AppUser.id == Appointment.marked_by_id)
        .where(Appointment.id == appointment_id, _is_own(actor))
    )
    with reading(actor, *CARE) as session:
        row = session.execute(found).one_or_none()
    if row is None:
        raise NotFoundError("No such appointment.")
    return _details(actor, row)


def _series_left() -> Any:
    later = aliased(Appointment)
    return (
        select(func.count())
        .where(
            later.series_id == Appointment.series_id,
            later.starts_at >= Appointment.starts_at,
            later.state.in_(rules.OPEN_STATES),
        )
        .correlate(Appointment)
        .scalar_subquery()
        .label("series_left")
    )


def _details(actor: Actor, row: Row[Any]) -> AppointmentDetails:
    return AppointmentDetails(
        slot=_slot(actor, row, clock.now()),
        site_name=row.Site.name,
        site_time_zone=row.Site.time_zone,
        window_hours=row.Service.cancellation_window_hours,
        late_fee_percent=row.Service.late_fee_percent,
        fee_cents=None if actor.role == "therapist" else row.fee_cents,
        is_fee_charged=row.is_fee_charged,
        is_moved=row.moved_to_id is not None,
        booked_at=row.booked_at,
        confirmed_at=row.confirmed_at,
        held_until=row.held_until,
        marked_at=row.marked_at,
        marked_by=row.marked_by,
        cancelled_at=row.cancelled_at,
        cancelled_by=row.cancelled_by,
        cancellation_reason=row.cancellation_reason,
        overridden=tuple(row.overridden or ()),
        series_left=row.series_left,
    )
