"""Questions about calendars of others: who is busy elsewhere, by which calendars, in conflict with what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, literal, or_, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from dashboard import clock
from dashboard.access.actor import OFFICE, Actor, NotAllowedError, Role, reading, require
from dashboard.access.models import AppUser
from dashboard.agenda.models import OPEN_STATES, Appointment, Attendee
from dashboard.agenda.queries import PATIENT_NAME
from dashboard.calendars.models import BusyTime, CalendarFeed
from dashboard.patients.models import Patient
from dashboard.team.models import Room

CARE: tuple[Role, ...] = (*OFFICE, "therapist")
OWNERS: tuple[Role, ...] = ("manager", "therapist")
"""Who has addresses: a therapist their own, the manager those of the rooms."""
MOST_ROWS = 20_000
MOST_CONFLICTS = 500


@dataclass(frozen=True)
class Busy:
    """A stretch of time ``[starts_at, ends_at)`` that a therapist is busy elsewhere."""

    therapist_id: int
    starts_at: datetime
    ends_at: datetime
    is_all_day: bool


@dataclass(frozen=True)
class BroughtIn:
    """A calendar whose busy times were read: how many are kept, until when, and when the last of them came in."""

    name: str
    number: int
    ends_at: datetime
    changed_at: datetime


@dataclass(frozen=True)
class Conflict:
    """A session that is still open while its therapist is busy elsewhere, from when to when and by which calendars."""

    appointment_id: int
    starts_at: datetime
    ends_at: datetime
    patients: str
    busy_from: datetime
    busy_until: datetime
    calendars: str


@dataclass(frozen=True)
class FeedFact:
    """An address that is not revoked: whose, what it tells, who made it, and when it was fetched, to the hour."""

    id: int
    room_id: int | None
    room_name: str | None
    shows: str
    created_at: datetime
    created_by: str
    last_fetched_at: datetime | None


def own_therapist(actor: Actor) -> int:
    """Return the therapist that ``actor`` is.

    Raises:
        NotAllowedError: they are none.
    """
    therapist_id = require(actor, "therapist").therapist_id
    if therapist_id is None:
        raise NotAllowedError("This is not available to you.")
    return therapist_id


def busy_between(actor: Actor, since: datetime, until: datetime, therapist_id: int | None = None) -> list[Busy]:
    """Return when therapists, or one of them, are busy elsewhere within ``[since, until)``, in order.

    A therapist reads their own only; the office reads that somebody is busy, and not by which calendar.
    """
    found = select(BusyTime.therapist_id, BusyTime.starts_at, BusyTime.ends_at, BusyTime.is_all_day).where(
        BusyTime.starts_at < until, BusyTime.ends_at > since
    )
    if require(actor, *CARE).role == "therapist":
        found = found.where(BusyTime.therapist_id == own_therapist(actor))
    if therapist_id is not None:
        found = found.where(BusyTime.therapist_id == therapist_id)
    ordered = found.order_by(BusyTime.starts_at, BusyTime.ends_at, BusyTime.therapist_id).limit(MOST_ROWS)
    with reading(actor, *CARE) as session:
        return [Busy(*row) for row in session.execute(ordered)]


def calendars(actor: Actor) -> list[BroughtIn]:
    """Return the therapist's own calendars that were read, by name."""
    found = (
        select(BusyTime.calendar, func.count(), func.max(BusyTime.ends_at), func.max(BusyTime.imported_at))
        .where(BusyTime.therapist_id == own_therapist(actor))
        .group_by(BusyTime.calendar)
        .order_by(BusyTime.calendar)
    )
    with reading(actor, "therapist") as session:
        return [BroughtIn(*row) for row in session.execute(found)]


def conflicts(actor: Actor) -> list[Conflict]:
    """Return the therapist's own sessions ahead that are booked while they are busy elsewhere, the next one first."""
    with reading(actor, "therapist") as session:
        return [Conflict(**row) for row in session.execute(_conflicts(own_therapist(actor))).mappings()]


def _conflicts(therapist_id: int) -> Select[Any]:
    now = clock.now()
    names = (
        select(func.string_agg(PATIENT_NAME, aggregate_order_by(literal(", "), Attendee.position, Patient.id)))
        .join(Patient, Patient.id == Attendee.patient_id)
        .where(Attendee.appointment_id == Appointment.id)
        .correlate(Appointment)
        .scalar_subquery()
    )
    return (
        select(
            Appointment.id.label("appointment_id"),
            Appointment.starts_at,
            Appointment.ends_at,
            func.coalesce(names, "").label("patients"),
            func.min(BusyTime.starts_at).label("busy_from"),
            func.max(BusyTime.ends_at).label("busy_until"),
            func.string_agg(BusyTime.calendar.distinct(), ", ").label("calendars"),
        )
        .join(
            BusyTime,
            (BusyTime.therapist_id == Appointment.therapist_id)
            & (BusyTime.starts_at < Appointment.ends_at)
            & (BusyTime.ends_at > Appointment.starts_at),
        )
        .where(
            Appointment.therapist_id == therapist_id,
            Appointment.state.in_(OPEN_STATES),
            Appointment.ends_at > now,
            or_(Appointment.held_until.is_(None), Appointment.held_until > now),
        )
        .group_by(Appointment.id)
        .order_by(Appointment.starts_at, Appointment.id)
        .limit(MOST_CONFLICTS)
    )


def feeds(actor: Actor) -> list[FeedFact]:
    """Return the addresses that are not revoked, the newest first: a therapist's own, or for the manager the rooms'."""
    found = (
        select(
            CalendarFeed.id,
            CalendarFeed.room_id,
            Room.name.label("room_name"),
            CalendarFeed.shows,
            CalendarFeed.created_at,
            AppUser.display_name.label("created_by"),
            CalendarFeed.last_fetched_at,
        )
        .join(AppUser, AppUser.id == CalendarFeed.created_by_id)
        .outerjoin(Room, Room.id == CalendarFeed.room_id)
        .where(CalendarFeed.revoked_at.is_(None))
        .order_by(CalendarFeed.created_at.desc(), CalendarFeed.id.desc())
    )
    if require(actor, *OWNERS).role == "therapist":
        found = found.where(CalendarFeed.therapist_id == own_therapist(actor))
    else:
        found = found.where(CalendarFeed.room_id.is_not(None))
    with reading(actor, *OWNERS) as session:
        return [FeedFact(**row) for row in session.execute(found).mappings()]
