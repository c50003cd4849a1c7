"""Questions about who uses the dashboard and the state of the installation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text

from dashboard import db
from dashboard.access.actor import Actor, Role, require
from dashboard.access.models import AppUser, Practice


@dataclass(frozen=True)
class PracticeProfile:
    """What every screen needs to know of the practice."""

    name: str
    country: str
    currency: str
    locale: str
    time_zone: str
    is_synthetic: bool


UNNAMED = PracticeProfile("Intersession", "ES", "EUR", "es_ES", "Europe/Madrid", is_synthetic=False)


def practice() -> PracticeProfile:
    """Return the practice of this schema; it names nobody, so it needs no acting person."""
    with db.transaction(read_only=True) as session:
        row = session.get(Practice, 1)
    if row is None:
        return UNNAMED
    return PracticeProfile(row.name, row.country, row.currency, row.locale, row.time_zone, row.is_synthetic)


def people_to_choose() -> list[Actor]:
    """Return the synthetic practice's people, who may be chosen instead of signing in; nobody in a real practice."""
    if not practice().is_synthetic:
        return []
    with db.transaction(read_only=True) as session:
        rows = session.scalars(
            select(AppUser).where(AppUser.is_active).order_by(AppUser.role, AppUser.display_name)
        ).all()
    return [_actor(row) for row in rows]


def active_person(user_id: int) -> Actor | None:
    """Return the person as they are now, or nothing when they may no longer use the dashboard."""
    with db.transaction(read_only=True) as session:
        row = session.get(AppUser, user_id)
    return _actor(row) if row is not None and row.is_active else None


def _actor(row: AppUser) -> Actor:
    role: Role = row.role  # type: ignore[assignment]  # the database holds the list of roles
    return Actor(row.id, row.display_name, role, row.therapist_id, row.language)


def has_people() -> bool:
    """Return whether anybody may use the dashboard or any patient file exists."""
    with db.transaction(read_only=True) as session:
        return bool(session.scalar(text("select exists (select 1 from app_user) or exists (select 1 from patient)")))


def refreshed_at(stage: str) -> datetime | None:
    """Return when ``figures`` or ``checks`` were last brought up to date."""
    with db.transaction(read_only=True) as session:
        moment: datetime | None = session.scalar(
            text("select max(finished_at) from refresh_run where stage = :stage and state = 'done'"), {"stage": stage}
        )
    return moment


def figures_as_of(actor: Actor) -> datetime | None:
    """Return when the figures were last built."""
    require(actor)
    return refreshed_at("figures")


def checks_as_of(actor: Actor) -> datetime | None:
    """Return when the checks last ran."""
    require(actor)
    return refreshed_at("checks")
