"""Questions about the state of the installation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from dashboard import clock, db
from dashboard.access.actor import Actor, require
from dashboard.access.models import Practice


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


def today(session: Session) -> date:
    """Return the practice's calendar day, as ``practice_today`` of the database does."""
    row = session.get(Practice, 1)
    return clock.today(row.time_zone if row else UNNAMED.time_zone)


def has_people() -> bool:
    """Return whether anybody may use the dashboard or any patient file exists."""
    with db.transaction(read_only=True) as session:
        return bool(session.scalar(text("select has_people()")))


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
