"""Questions about the team: sites, rooms, therapists and services. They name no patient; every role may ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from dashboard.access.actor import OFFICE, Actor, Role, reading
from dashboard.team import models

STAFF: tuple[Role, ...] = (*OFFICE, "therapist")


@dataclass(frozen=True)
class Site:
    """A place where sessions are held."""

    id: int
    name: str
    time_zone: str


@dataclass(frozen=True)
class RoomName:
    """A room in service, and the site it belongs to."""

    id: int
    name: str
    site_id: int
    site_name: str


@dataclass(frozen=True)
class TherapistName:
    """A therapist and their usual site, if they have one."""

    id: int
    name: str
    site_id: int | None


@dataclass(frozen=True)
class Away:
    """A stretch of time ``[starts_at, ends_at)`` when a therapist does not work; why is nobody else's business."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class ServiceName:
    """A therapy type: its kind, its length and the hours before a session in which a cancellation is late."""

    id: int
    name: str
    kind: str
    minutes: int
    cancellation_window_hours: int


def sites(actor: Actor) -> list[Site]:
    """Return the sites in use, by name."""
    found = (
        select(models.Site.id, models.Site.name, models.Site.time_zone)
        .where(models.Site.is_active)
        .order_by(models.Site.name, models.Site.id)
    )
    with reading(actor) as session:
        return [Site(*row) for row in session.execute(found)]


def rooms(actor: Actor, site_id: int | None = None) -> list[RoomName]:
    """Return the rooms in service, of one site or of all, by site and name."""
    found = (
        select(models.Room.id, models.Room.name, models.Room.site_id, models.Site.name)
        .join(models.Site, models.Site.id == models.Room.site_id)
        .where(models.Room.is_in_service, models.Site.is_active)
        .order_by(models.Site.name, models.Room.name, models.Room.id)
    )
    if site_id is not None:
        found = found.where(models.Room.site_id == site_id)
    with reading(actor) as session:
        return [RoomName(*row) for row in session.execute(found)]


def therapists(actor: Actor, site_id: int | None = None) -> list[TherapistName]:
    """Return the therapists at work, of one site or of all, by name."""
    name = func.btrim(models.Therapist.given_name + " " + models.Therapist.surnames).label("name")
    found = (
        select(models.Therapist.id, name, models.Therapist.site_id)
        .where(models.Therapist.is_active)
        .order_by(models.Therapist.search_name, models.Therapist.id)
    )
    if site_id is not None:
        found = found.where(models.Therapist.site_id == site_id)
    with reading(actor) as session:
        return [TherapistName(row.id, row.name, row.site_id) for row in session.execute(found)]


def services(actor: Actor) -> list[ServiceName]:
    """Return the services on offer, by name."""
    found = (
        select(
            models.Service.id,
            models.Service.name,
            models.Service.kind,
            models.Service.minutes,
            models.Service.cancellation_window_hours,
        )
        .where(models.Service.is_active)
        .order_by(models.Service.name, models.Service.id)
    )
    with reading(actor) as session:
        return [ServiceName(*row) for row in session.execute(found)]


def away_between(actor: Actor, since: datetime, until: datetime, therapist_id: int) -> list[Away]:
    """Return when a therapist does not work within ``[since, until)``, in order."""
    found = (
        select(models.Absence.starts_at, models.Absence.ends_at)
        .where(
            models.Absence.therapist_id == therapist_id,
            models.Absence.starts_at < until,
            models.Absence.ends_at > since,
        )
        .order_by(models.Absence.starts_at, models.Absence.id)
    )
    with reading(actor, *STAFF) as session:
        return [Away(*row) for row in session.execute(found)]
