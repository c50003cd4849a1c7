"""Which hours are free: what stands in the way of a wish, and the next hours that would do.

The rules are functions of the database (``agenda_obstacles``, ``agenda_free_hours``), so that the dashboard, a series
and the public booking page ask the same question. They answer within what the acting person may see.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from dashboard import clock
from dashboard.access.actor import OFFICE, Actor, Role, RuleBrokenError, reading

CARE: tuple[Role, ...] = (*OFFICE, "therapist")
STEP_MINUTES = 30
LOOK_AHEAD = timedelta(days=14)
OFFERED = 3
EVER = datetime.max.replace(tzinfo=UTC)
MOST_FREE = 20_000

OBSTACLES = text(
    "select place, kind, may_override, subject_id, busy_from, busy_until"
    " from agenda_obstacles(:therapist, :site, :room, :service, cast(:patients as bigint[]), :mode,"
    " cast(:begins as timestamptz[]), cast(:finishes as timestamptz[]), cast(:besides as bigint[]))"
)
FREE = text(
    "select therapist_id, site_id, room_id, starts_at, ends_at"
    " from agenda_free_hours(cast(:therapists as bigint[]), :site, :service, cast(:patients as bigint[]), :mode,"
    " :minutes, :since, :until, :step, :most)"
)
FREE_ROOM = text(
    "select r.id from room as r where r.site_id = :site and r.is_in_service and r.capacity >= :people and not exists ("
    "select from appointment as a where a.room_id = r.id and a.state in ('held', 'booked', 'confirmed')"
    " and a.starts_at < :finishes and a.starts_at > cast(:begins as timestamptz) - interval '12 hours'"
    " and a.ends_at > :begins and (a.held_until is null or a.held_until > now())) order by r.capacity, r.id limit 1"
)


@dataclass(frozen=True)
class Wish:
    """What is to be booked: whom, by whom, where, and when ``[starts_at, ends_at)``."""

    therapist_id: int
    site_id: int
    service_id: int
    patient_ids: tuple[int, ...]
    starts_at: datetime
    ends_at: datetime
    room_id: int | None = None
    mode: str = "in_person"
    case_id: int | None = None

    @property
    def minutes(self) -> int:
        """Return how long it takes."""
        return round((self.ends_at - self.starts_at) / timedelta(minutes=1))

    def values(self) -> dict[str, Any]:
        """Return the values that the database's functions are asked with, but for the times."""
        return {
            "therapist": self.therapist_id,
            "site": self.site_id,
            "room": self.room_id,
            "service": self.service_id,
            "patients": list(self.patient_ids),
            "mode": self.mode,
        }


@dataclass(frozen=True)
class Obstacle:
    """Why an hour cannot be had: ``kind`` is a code, ``subject_id`` who or what it is about.

    ``place`` counts the hours asked for from 1; ``may_override`` tells that a person may book over it knowingly.
    """

    place: int
    kind: str
    may_override: bool
    subject_id: int | None = None
    busy_from: datetime | None = None
    busy_until: datetime | None = None


@dataclass(frozen=True)
class FreeHour:
    """An hour that can be had, with a room when one is needed."""

    therapist_id: int
    site_id: int
    room_id: int | None
    starts_at: datetime
    ends_at: datetime


class NotFreeError(RuleBrokenError):
    """Something stands in the way; nothing was written."""

    def __init__(self, obstacles: Sequence[Obstacle]) -> None:
        super().__init__("This hour cannot be booked.")
        self.obstacles = list(obstacles)


def obstacles_in(session: Session, wishes: Sequence[Wish], besides: Sequence[int] = ()) -> list[Obstacle]:
    """Return what stands in the way of each of ``wishes``, counted from 1; appointments ``besides`` do not count.

    Wishes that differ in nothing but their hour are one question.
    """
    alike: dict[Wish, list[int]] = defaultdict(list)
    for place, wish in enumerate(wishes):
        alike[replace(wish, starts_at=EVER, ends_at=EVER)].append(place)
    found: list[Obstacle] = []
    for wish, places in alike.items():
        asked = {
            **wish.values(),
            "begins": [wishes[place].starts_at for place in places],
            "finishes": [wishes[place].ends_at for place in places],
            "besides": list(besides),
        }
        met = session.execute(OBSTACLES, asked).mappings()
        found += [Obstacle(**{**row, "place": places[row["place"] - 1] + 1}) for row in met]
    return sorted(found, key=lambda each: (each.place, each.may_override, each.kind))


def obstacles(actor: Actor, wish: Wish, besides: Sequence[int] = ()) -> list[Obstacle]:
    """Return what stands in the way of ``wish``, what cannot be overridden first."""
    with reading(actor, *CARE) as session:
        return obstacles_in(session, [wish], besides)


def free_hours(
    actor: Actor,
    therapist_ids: Sequence[int],
    service_id: int,
    minutes: int,
    since: datetime,
    until: datetime,
    *,
    mode: str = "in_person",
    site_id: int | None = None,
    patient_ids: Sequence[int] = (),
    limit: int = MOST_FREE,
) -> list[FreeHour]:
    """Return the free hours that begin in ``[since, until)``, in order; without hours of work nothing is free."""
    asked = {
        "therapists": list(therapist_ids),
        "site": site_id,
        "service": service_id,
        "patients": list(patient_ids),
        "mode": mode,
        "minutes": minutes,
        "since": since,
        "until": until,
        "step": STEP_MINUTES,
        "most": limit,
    }
    with reading(actor, *CARE) as session:
        return [FreeHour(**row) for row in session.execute(FREE, asked).mappings()]


def free_room(actor: Actor, wish: Wish) -> int | None:
    """Return a room of the site that is free and large enough at the hour of ``wish``, the smallest there is."""
    asked = {
        "site": wish.site_id,
        "begins": wish.starts_at,
        "finishes": wish.ends_at,
        "people": len(wish.patient_ids) + 1,
    }
    with reading(actor, *CARE) as session:
        room: int | None = session.scalar(FREE_ROOM, asked)
    return room


def free_for(actor: Actor, wish: Wish, since: datetime, until: datetime, limit: int) -> list[Wish]:
    """Return ``wish`` at the free hours that begin in ``[since, until)``: same people, service, mode, site, length."""
    found = free_hours(
        actor,
        [wish.therapist_id],
        wish.service_id,
        wish.minutes,
        since,
        until,
        mode=wish.mode,
        site_id=wish.site_id,
        patient_ids=wish.patient_ids,
        limit=limit,
    )
    return [replace(wish, starts_at=each.starts_at, ends_at=each.ends_at, room_id=each.room_id) for each in found]


def next_free(actor: Actor, wish: Wish, limit: int = OFFERED) -> list[Wish]:
    """Return the next hours that fit ``wish``, as soon as possible."""
    since = max(wish.starts_at - timedelta(hours=2), clock.now())
    return free_for(actor, wish, since, since + LOOK_AHEAD, limit)
