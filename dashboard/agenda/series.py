"""Series: every occurrence is an appointment of its own, looked at before it is booked, moved or cancelled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard import db
from dashboard.access.actor import Actor, RuleBrokenError, reading, transaction
from dashboard.agenda import booking
from dashboard.agenda.booking import explained, require_bookable
from dashboard.agenda.free_hours import CARE, Obstacle, Wish, obstacles_in
from dashboard.agenda.locking import lock_times
from dashboard.agenda.models import Appointment, AppointmentSeries
from dashboard.agenda.repeating import Repetition, occurrences
from dashboard.team.models import Site

EXPECTED = frozenset({"too_far"})
"""A series is chosen with its end in sight: that it reaches far is no surprise."""


@dataclass(frozen=True)
class Remedy:
    """What is done about one occurrence: left out, at another hour, in another room, or at a distance."""

    is_left_out: bool = False
    starts_at: datetime | None = None
    room_id: int | None = None
    mode: str | None = None


@dataclass(frozen=True)
class Occurrence:
    """One date of a series as it would be booked; ``place`` counts from 1."""

    place: int
    wish: Wish
    remedy: Remedy | None = None
    obstacles: list[Obstacle] = field(default_factory=list)

    @property
    def is_left_out(self) -> bool:
        """Return whether it is not to be booked."""
        return self.remedy is not None and self.remedy.is_left_out


def preview(
    actor: Actor, wish: Wish, repetition: Repetition, remedies: Mapping[int, Remedy] | None = None
) -> list[Occurrence]:
    """Return every occurrence with what stands in its way, after the remedies chosen so far.

    Raises:
        RuleBrokenError: the repetition has no end, no occurrence, or too many.
    """
    with reading(actor, *CARE) as session:
        return _looked_at(session, _planned(session, wish, repetition, remedies or {}))


def book_series(
    actor: Actor,
    wish: Wish,
    repetition: Repetition,
    remedies: Mapping[int, Remedy] | None = None,
    *,
    key: UUID,
    overriding: Collection[str] = (),
) -> list[int]:
    """Book every occurrence that is not left out, or nothing; return the appointments. Sent twice, it is booked once.

    Raises:
        NotFreeError: something stands in the way of one; each is named by its place.
        RuleBrokenError: the repetition has no end, no occurrence, or too many.
    """
    require_bookable(actor, wish)

    def once() -> list[int]:
        with explained(), transaction(actor, *CARE) as session:
            planned = [each for each in _planned(session, wish, repetition, remedies or {}) if not each.is_left_out]
            if not planned:
                raise RuleBrokenError("No date is left.")
            lock_times(session, [(each.wish.starts_at, each.wish.ends_at) for each in planned])
            if known := _made_before(session, key):
                return known
            met = [met for each in _looked_at(session, planned) for met in each.obstacles]
            booking.refuse(met, {*overriding, *EXPECTED})
            return _write(actor, session, wish, repetition, planned, key, overriding)

    return db.retried(once)


def site_zone(session: Session, site_id: int) -> ZoneInfo:
    """Return the time zone in which a site's hours are kept."""
    return ZoneInfo(session.scalars(select(Site.time_zone).where(Site.id == site_id)).one())


def _planned(session: Session, wish: Wish, repetition: Repetition, remedies: Mapping[int, Remedy]) -> list[Occurrence]:
    times = occurrences(repetition, site_zone(session, wish.site_id))
    return [
        Occurrence(
            place, _remedied(replace(wish, starts_at=begin, ends_at=finish), remedies.get(place)), remedies.get(place)
        )
        for place, (begin, finish) in enumerate(times, start=1)
    ]


def _remedied(wish: Wish, remedy: Remedy | None) -> Wish:
    if remedy is None:
        return wish
    begins = remedy.starts_at or wish.starts_at
    mode = remedy.mode or wish.mode
    return replace(
        wish,
        starts_at=begins,
        ends_at=begins + (wish.ends_at - wish.starts_at),
        mode=mode,
        room_id=(remedy.room_id or wish.room_id) if mode == "in_person" else None,
    )


def _alike(planned: Sequence[Occurrence]) -> dict[tuple[int | None, str], list[Occurrence]]:
    """Return the occurrences by room and mode, which are booked in one go."""
    found: dict[tuple[int | None, str], list[Occurrence]] = defaultdict(list)
    for each in planned:
        found[each.wish.room_id, each.wish.mode].append(each)
    return found


def _looked_at(session: Session, planned: Sequence[Occurrence]) -> list[Occurrence]:
    """Return the occurrences with what stands in the way of each, numbered as they are."""
    asked = [each for each in planned if not each.is_left_out]
    met: dict[int, list[Obstacle]] = defaultdict(list)
    for obstacle in obstacles_in(session, [each.wish for each in asked]):
        if obstacle.kind not in EXPECTED:
            place = asked[obstacle.place - 1].place
            met[place].append(replace(obstacle, place=place))
    return [replace(each, obstacles=met[each.place]) for each in planned]


def _made_before(session: Session, key: UUID) -> list[int]:
    of_key = select(Appointment.series_id).where(Appointment.request_key == key).scalar_subquery()
    return list(session.scalars(select(Appointment.id).where(Appointment.series_id == of_key).order_by(Appointment.id)))


def _write(
    actor: Actor,
    session: Session,
    wish: Wish,
    repetition: Repetition,
    planned: Sequence[Occurrence],
    key: UUID,
    overriding: Collection[str],
) -> list[int]:
    made = AppointmentSeries(
        therapist_id=wish.therapist_id,
        frequency=repetition.frequency,
        local_time=repetition.local_time,
        starts_on=repetition.starts_on,
        until_on=max(each.wish.starts_at for each in planned).astimezone(site_zone(session, wish.site_id)).date(),
    )
    session.add(made)
    session.flush()
    booked: list[int] = []
    for alike in _alike(planned).values():
        booked += booking.book_all(
            actor,
            alike[0].wish,
            [(each.wish.starts_at, each.wish.ends_at) for each in alike],
            key=None if booked else key,
            overriding={*overriding, *EXPECTED},
            series_id=made.id,
            session=session,
        )
    return booked
