"""Questions about public booking: what is open by which rules, which requests wait, and what became of the others."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import case, func, null, select

from dashboard import clock, mail
from dashboard.access.actor import OFFICE, Actor, NotFoundError, reading
from dashboard.access.frames import frame
from dashboard.agenda.models import OPEN_STATES, Appointment
from dashboard.config import settings
from dashboard.public_booking.models import (
    OnlineBooking,
    OnlineLetter,
    OnlineRequest,
    OnlineService,
    OnlineTherapist,
)
from dashboard.team.models import Service, Site, Therapist

if TYPE_CHECKING:
    import pandas as pd

MOST_ROWS = 500
THERAPIST = func.btrim(Therapist.given_name + " " + Therapist.surnames).label("therapist")
VISITOR = func.concat_ws(" ", OnlineRequest.given_name, OnlineRequest.surnames).label("name")
STARTS_AT = func.coalesce(Appointment.starts_at, OnlineRequest.starts_at)
IS_OPEN = Appointment.state.in_(OPEN_STATES)
LETTER = (
    select(OnlineLetter.state)
    .where(OnlineLetter.request_id == OnlineRequest.id)
    .order_by(OnlineLetter.id.desc())
    .limit(1)
    .scalar_subquery()
    .label("letter")
)
BECAME = case(
    (OnlineRequest.state.in_(("declined", "withdrawn")), OnlineRequest.state),
    (Appointment.id.is_(null()), "lapsed"),
    (Appointment.state.in_(("cancelled", "late_cancelled")), "cancelled"),
    else_=OnlineRequest.state,
).label("state")


@dataclass(frozen=True)
class Opening:
    """Whether the practice takes requests online, at which address, and whether it can.

    ``privacy_es`` and ``privacy_en`` are its own words about privacy; without any the page has general ones.
    """

    is_on: bool
    address: str
    is_mailed: bool
    privacy_es: str | None
    privacy_en: str | None


@dataclass(frozen=True)
class Rule:
    """A service and by which rules it is open; see ``OnlineService``."""

    service_id: int
    name: str
    minutes: int
    is_open: bool
    admits: str
    modes: str
    notice_hours: int
    horizon_days: int
    change_hours: int
    is_approved_at_once: bool
    asks_birth_date: bool


@dataclass(frozen=True)
class Asked:
    """One request as it is decided about; times are moments, ``version`` is the appointment's."""

    id: int
    state: str
    appointment_id: int
    starts_at: datetime
    ends_at: datetime
    mode: str
    service: str
    therapist_id: int
    therapist: str
    site_id: int
    site: str
    given_name: str
    surnames: str
    email: str
    telephone: str
    birth_date: date | None
    is_known: bool
    language: str
    confirmed_at: datetime


def opening(actor: Actor) -> Opening:
    """Return whether requests are taken."""
    with reading(actor, *OFFICE) as session:
        row = session.scalars(select(OnlineBooking)).one()
        address = settings().booking_address
        return Opening(row.is_on, address, mail.is_set_up(), row.privacy_es, row.privacy_en)


def rules(actor: Actor) -> list[Rule]:
    """Return every service in use with its rules, the usual ones where it was never opened, by name."""
    usual = {
        "admits": "anybody",
        "modes": "in_person",
        "notice_hours": 24,
        "horizon_days": 30,
        "change_hours": 24,
        "is_approved_at_once": False,
        "asks_birth_date": False,
    }
    columns = [func.coalesce(getattr(OnlineService, name), value).label(name) for name, value in usual.items()]
    is_open = func.coalesce(OnlineService.is_open, False).label("is_open")
    found = (
        select(Service.id.label("service_id"), Service.name, Service.minutes, is_open, *columns)
        .outerjoin(OnlineService, OnlineService.service_id == Service.id)
        .where(Service.is_active)
        .order_by(Service.name, Service.id)
    )
    with reading(actor, *OFFICE) as session:
        return [Rule(**row) for row in session.execute(found).mappings()]


def open_therapists(actor: Actor) -> list[int]:
    """Return the therapists whose free hours are offered."""
    with reading(actor, *OFFICE) as session:
        return list(session.scalars(select(OnlineTherapist.therapist_id).order_by(OnlineTherapist.therapist_id)))


def requests_waiting(actor: Actor) -> pd.DataFrame:
    """Return the requests that somebody has to decide about, the nearest hour first.

    Those whose hour is booked at once wait too, until their file is known. Columns: request_id, starts_at, name,
    is_known, service, therapist, mode, state, letter.
    """
    waiting = OnlineRequest.state.in_(("asked", "booked")) & OnlineRequest.patient_id.is_(None)
    found = _listed([waiting, IS_OPEN, Appointment.ends_at > clock.now()])
    return frame(actor, found.order_by(Appointment.starts_at, OnlineRequest.id).limit(MOST_ROWS), *OFFICE)


def requests_decided(actor: Actor) -> pd.DataFrame:
    """Return the requests that somebody decided about, or that were taken back, the latest first; columns as above."""
    came = OnlineRequest.confirmed_at.is_not(None)
    is_over = OnlineRequest.patient_id.is_not(None) | OnlineRequest.state.in_(("declined", "withdrawn"))
    is_gone = Appointment.id.is_(None) | Appointment.state.not_in(OPEN_STATES)
    found = _listed([came, is_over | is_gone])
    latest = func.coalesce(OnlineRequest.decided_at, OnlineRequest.confirmed_at).desc()
    return frame(actor, found.order_by(latest, OnlineRequest.id.desc()).limit(MOST_ROWS), *OFFICE)


def _listed(where: Collection[Any]) -> Any:
    shown = (
        OnlineRequest.id.label("request_id"),
        STARTS_AT.label("starts_at"),
        VISITOR,
        OnlineRequest.is_known,
        Service.name.label("service"),
        THERAPIST,
        OnlineRequest.mode,
        BECAME,
        LETTER,
        OnlineRequest.patient_id,
    )
    return (
        select(*shown)
        .outerjoin(Appointment, Appointment.id == OnlineRequest.appointment_id)
        .join(Service, Service.id == OnlineRequest.service_id)
        .join(Therapist, Therapist.id == func.coalesce(Appointment.therapist_id, OnlineRequest.therapist_id))
        .where(*where)
    )


def number_waiting(actor: Actor) -> int:
    """Return how many requests somebody has to decide about."""
    return len(requests_waiting(actor))


def request(actor: Actor, request_id: int) -> Asked:
    """Return a request that waits to be decided about.

    Raises:
        NotFoundError: there is none, or it waits no longer.
    """
    shown = (
        *(OnlineRequest.id, OnlineRequest.state, OnlineRequest.appointment_id),
        *(Appointment.starts_at, Appointment.ends_at, OnlineRequest.mode, Service.name.label("service")),
        *(Appointment.therapist_id, THERAPIST, Appointment.site_id, Site.name.label("site")),
        *(OnlineRequest.given_name, OnlineRequest.surnames, OnlineRequest.email, OnlineRequest.telephone),
        *(OnlineRequest.birth_date, OnlineRequest.is_known, OnlineRequest.language, OnlineRequest.confirmed_at),
    )
    found = (
        select(*shown)
        .join(Appointment, Appointment.id == OnlineRequest.appointment_id)
        .join(Service, Service.id == OnlineRequest.service_id)
        .join(Therapist, Therapist.id == Appointment.therapist_id)
        .join(Site, Site.id == Appointment.site_id)
        .where(OnlineRequest.id == request_id, OnlineRequest.state.in_(("asked", "booked")), IS_OPEN)
        .where(OnlineRequest.patient_id.is_(None))
    )
    with reading(actor, *OFFICE) as session:
        row = session.execute(found).mappings().one_or_none()
    if row is None:
        raise NotFoundError("Not found.")
    return Asked(**row)
