"""Moving and cancelling of a series: this occurrence, this and what follows, or all that is still ahead."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard import clock, db
from dashboard.access.actor import Actor, RuleBrokenError, transaction
from dashboard.agenda import booking, commands, rules
from dashboard.agenda.booking import Target, explained
from dashboard.agenda.free_hours import CARE, Obstacle, Wish, obstacles_in
from dashboard.agenda.locking import lock_times, locked
from dashboard.agenda.models import Appointment
from dashboard.agenda.series import EXPECTED, site_zone

Scope = Literal["this", "following", "all"]
SCOPES: tuple[Scope, ...] = ("this", "following", "all")


@dataclass(frozen=True)
class Shift:
    """How occurrences are moved: so many days, to a local hour; to whom, where and into which room, when it is said."""

    days: int
    local_time: time
    room_id: int | None = None
    keeps_room: bool = True
    therapist_id: int | None = None
    site_id: int | None = None


def move_series(
    actor: Actor,
    appointment_id: int,
    scope: Scope,
    shift: Shift,
    *,
    version: int,
    overriding: Collection[str] = (),
    leaving: Collection[int] = (),
) -> int:
    """Move the occurrences in ``scope`` and return how many; those in ``leaving`` stay where they are.

    Raises:
        NotFreeError: something stands in the way of one; its place counts the occurrences in their order.
        NotFoundError, ChangedSinceError, RuleBrokenError: as when one appointment is moved.
    """
    booking.require_own(actor, shift.therapist_id)

    def once() -> int:
        with explained(), transaction(actor, *CARE) as session:
            moving = _in_scope(session, actor, appointment_id, version, scope, shift)
            wishes = [each for each in moving if each[0].id not in leaving]
            met = _met(session, wishes)
            booking.refuse(met, overriding)
            _write(session, wishes, met)
            return len(wishes)

    return db.retried(once)


def _met(session: Session, wishes: Sequence[tuple[Appointment, Wish]]) -> list[Obstacle]:
    """Return what stands in the way of the moves; those that move are not in the way of each other."""
    found = obstacles_in(session, [wish for _found, wish in wishes], [each.id for each, _wish in wishes])
    return [each for each in found if each.kind not in EXPECTED]


def _in_scope(
    session: Session, actor: Actor, appointment_id: int, version: int, scope: Scope, shift: Shift
) -> list[tuple[Appointment, Wish]]:
    """Return the occurrences, locked, with where each is to go."""
    here = _open(session, appointment_id, scope)
    zone = site_zone(session, here[0].site_id) if here else ZoneInfo("UTC")
    before = [(each, _goal(each, shift, zone)) for each in here]
    lock_times(session, [time for each, goal in before for time in (_times(each), (goal.starts_at, goal.ends_at))])
    locked(session, actor, appointment_id, version)
    session.expire_all()
    return [(each, booking.moved(session, each, _goal(each, shift, zone))) for each in _held(session, before)]


def _times(found: Appointment) -> tuple[datetime, datetime]:
    return found.starts_at, found.ends_at


def _held(session: Session, before: Sequence[tuple[Appointment, Target]]) -> list[Appointment]:
    """Return the occurrences that are still open, their rows locked in the order of their ids."""
    ids = [each.id for each, _goal in before]
    asked = select(Appointment).where(Appointment.id.in_(ids), Appointment.state.in_(rules.OPEN_STATES))
    found = list(session.scalars(asked.order_by(Appointment.id).with_for_update()))
    if not found:
        raise RuleBrokenError("What is recorded already must be taken back first.")
    return sorted(found, key=lambda each: each.starts_at)


def _open(session: Session, appointment_id: int, scope: Scope) -> list[Appointment]:
    """Return the open occurrences in ``scope``, in order; an appointment of no series is one of itself."""
    this = session.get(Appointment, appointment_id)
    if this is None or scope == "this" or this.series_id is None:
        return [this] if this else []
    since = this.starts_at if scope == "following" else clock.now()
    asked = select(Appointment).where(
        Appointment.series_id == this.series_id,
        Appointment.starts_at >= since,
        Appointment.state.in_(rules.OPEN_STATES),
    )
    return list(session.scalars(asked.order_by(Appointment.starts_at)))


def _goal(found: Appointment, shift: Shift, zone: ZoneInfo) -> Target:
    day = found.starts_at.astimezone(zone).date() + timedelta(days=shift.days)
    begins = rules.instant(datetime.combine(day, shift.local_time), zone)
    ends = begins + (found.ends_at - found.starts_at)
    return Target(begins, ends, shift.therapist_id, shift.room_id, shift.keeps_room, site_id=shift.site_id)


def _write(session: Session, wishes: Sequence[tuple[Appointment, Wish]], met: Sequence[Obstacle]) -> None:
    """Write the moves one by one, those first that nothing of the series is in the way of."""
    moves = [(*each, [one for one in met if one.place == place]) for place, each in enumerate(wishes, start=1)]
    goes_later = bool(wishes) and wishes[0][1].starts_at > wishes[0][0].starts_at
    for found, wish, overridden in sorted(moves, key=lambda each: each[0].starts_at, reverse=goes_later):
        booking.write_move(found, wish, overridden)
        session.flush()


def cancel_series(
    actor: Actor, appointment_id: int, scope: Scope, cancelled_by: str, reason: str | None, *, version: int
) -> int:
    """Cancel the occurrences in ``scope`` that have not begun and return how many, each late or in time by itself.

    Raises:
        NotFoundError, ChangedSinceError: as when one appointment is marked.
        RuleBrokenError: nobody is said to have cancelled, or nothing is left to cancel.
    """
    with transaction(actor, *CARE) as session:
        before = [(each, Target(*_times(each))) for each in _open(session, appointment_id, scope)]
        locked(session, actor, appointment_id, version)
        session.expire_all()
        now = clock.now()
        ahead = [each for each in _held(session, before) if each.starts_at > now]
        if not ahead:
            raise RuleBrokenError("Nothing of this series is ahead.")
        for found in ahead:
            commands.cancel(actor, session, found, cancelled_by, reason)
        return len(ahead)
