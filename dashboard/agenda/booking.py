"""Booking and moving appointments, so that nobody is ever double-booked.

Each command takes the locks of the days it writes into, asks what stands in the way, and writes; the exclusion
constraints catch what the acting person could not see.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from dashboard import db
from dashboard.access.actor import Actor, NotFoundError, RuleBrokenError, reading, require, transaction
from dashboard.agenda import rules
from dashboard.agenda.free_hours import CARE, NotFreeError, Obstacle, Wish, obstacles_in
from dashboard.agenda.locking import lock_days, locked
from dashboard.agenda.models import MODES, Appointment, Attendee
from dashboard.agenda.queries import Slot
from dashboard.db import DatabaseRefusal

BOOK = text(
    "select appointment_id, place, kind, may_override, subject_id, busy_from, busy_until"
    " from agenda_book(:therapist, :site, :room, :service, cast(:patients as bigint[]), :mode,"
    " cast(:begins as timestamptz[]), cast(:finishes as timestamptz[]), :case, :series, :key,"
    " cast(:overriding as text[]))"
)
CAUGHT = {
    "no_double_booked_therapist": "therapist_busy",
    "no_double_booked_room": "room_busy",
    "no_double_booked_patient": "patient_busy",
}
SENT_BEFORE = "uq_appointment_request_key"
OFFERED = "offered_hour_stays"


@dataclass(frozen=True)
class Target:
    """Where an appointment is moved to, and how it is held there; what is not named stays."""

    starts_at: datetime
    ends_at: datetime
    therapist_id: int | None = None
    room_id: int | None = None
    keeps_room: bool = True
    mode: str | None = None
    site_id: int | None = None


def book(actor: Actor, wish: Wish, *, key: UUID, overriding: Collection[str] = ()) -> int:
    """Book an appointment and return its id; sent twice with the same ``key`` it is booked once.

    Args:
        actor: The office, or the therapist themselves.
        wish: Whom, by whom, where and when.
        key: Made when the form was shown.
        overriding: The kinds of obstacles that the person has read and books over; kept with the appointment.

    Raises:
        NotFreeError: something stands in the way, whether it may be overridden or not.
        RuleBrokenError: nobody is booked, or the key came with another wish.
        NotFoundError: a therapist books for a colleague, or for a file that is not there.
    """
    return book_all(actor, wish, [(wish.starts_at, wish.ends_at)], key=key, overriding=overriding)[0]


def book_all(
    actor: Actor,
    wish: Wish,
    times: Sequence[tuple[datetime, datetime]],
    *,
    key: UUID | None,
    overriding: Collection[str] = (),
    series_id: int | None = None,
    session: Session | None = None,
) -> list[int]:
    """Book ``wish`` at each of ``times``, or nothing at all; ``session`` continues a transaction that is open."""
    require_bookable(actor, wish)
    asked = {
        **wish.values(),
        "begins": [begin for begin, _ in times],
        "finishes": [finish for _, finish in times],
        "case": wish.case_id,
        "series": series_id,
        "key": key,
        "overriding": list(overriding),
    }
    if session is not None:
        return _booked(session, asked)

    def once() -> list[int]:
        with explained(), transaction(actor, *CARE) as opened:
            return _booked(opened, asked)

    return db.retried(once)


def _booked(session: Session, asked: dict[str, object]) -> list[int]:
    answer = session.execute(BOOK, asked).all()
    if answer and answer[0].appointment_id is None:
        raise NotFreeError([Obstacle(*row[1:]) for row in answer])
    return [row.appointment_id for row in answer]


def require_bookable(actor: Actor, wish: Wish) -> None:
    """Refuse a wish that could never be booked by this person.

    Raises:
        NotFoundError: a therapist books for a colleague.
        RuleBrokenError: nobody comes, or the place does not fit the mode.
    """
    require(actor, *CARE)
    if actor.role == "therapist" and wish.therapist_id != actor.therapist_id:
        raise NotFoundError("No such therapist.")
    if not wish.patient_ids:
        raise RuleBrokenError("Choose who comes.")
    if wish.mode not in MODES:
        raise RuleBrokenError("Choose how the session is held.")
    if wish.mode != "in_person" and wish.room_id is not None:
        raise RuleBrokenError("A session at a distance takes no room.")


def move(
    actor: Actor, appointment_id: int, target: Target, *, version: int, overriding: Collection[str] = ()
) -> Target:
    """Move an appointment that is still open and return where it was; at another hour it is to be confirmed anew.

    Raises:
        NotFoundError: no such appointment, or a therapist moves a colleague's or to a colleague.
        ChangedSinceError: somebody changed it since.
        NotFreeError: something stands in the way.
        RuleBrokenError: what became of it is recorded already, or it cannot be held so.
    """
    if target.mode is not None and target.mode not in MODES:
        raise RuleBrokenError("Choose how the session is held.")
    require_own(actor, target.therapist_id)

    def once() -> Target:
        with explained(), transaction(actor, *CARE) as session:
            lock_days(session, appointment_id, (target.starts_at, target.ends_at))
            found = locked(session, actor, appointment_id, version)
            if found.state not in rules.OPEN_STATES:
                raise RuleBrokenError("What is recorded already must be taken back first.")
            wish = moved(session, found, target)
            met = obstacles_in(session, [wish], [found.id])
            refuse(met, overriding)
            return write_move(found, wish, met)

    return db.retried(once)


def require_own(actor: Actor, therapist_id: int | None) -> None:
    """Refuse that a therapist gives a session to a colleague; the office does.

    Raises:
        NotFoundError: so it is.
    """
    if actor.role == "therapist" and therapist_id not in (None, actor.therapist_id):
        raise NotFoundError("No such therapist.")


def wish_of(actor: Actor, appointment_id: int, target: Target) -> Wish:
    """Return an appointment as a wish for where it would be moved to.

    Raises:
        NotFoundError: no such appointment.
    """
    with reading(actor, *CARE) as session:
        found = session.get(Appointment, appointment_id)
        if found is None:
            raise NotFoundError("No such appointment.")
        return moved(session, found, target)


def moved(session: Session, found: Appointment, target: Target) -> Wish:
    """Return an appointment as a wish for where it is moved to."""
    attending = select(Attendee.patient_id).where(Attendee.appointment_id == found.id).order_by(Attendee.position)
    mode = target.mode or found.mode
    site = target.site_id or found.site_id
    room = found.room_id if target.keeps_room and site == found.site_id else target.room_id
    return Wish(
        therapist_id=target.therapist_id or found.therapist_id,
        site_id=site,
        service_id=found.service_id,
        patient_ids=tuple(session.scalars(attending)),
        starts_at=target.starts_at,
        ends_at=target.ends_at,
        room_id=room if mode == "in_person" else None,
        mode=mode,
        case_id=found.case_id,
    )


def target_of(held: Wish | Appointment | Slot) -> Target:
    """Return where an appointment is, or where one is moved to that becomes a wish."""
    where = (held.starts_at, held.ends_at, held.therapist_id, held.room_id)
    return Target(*where, keeps_room=False, mode=held.mode, site_id=held.site_id)


def write_move(found: Appointment, wish: Wish, overridden: Sequence[Obstacle]) -> Target:
    """Write where an appointment, locked, is moved to and over what; return where it was."""
    former = target_of(found)
    if (found.starts_at, found.ends_at) != (wish.starts_at, wish.ends_at) and found.state == "confirmed":
        found.state = "booked"
        found.confirmed_at = None
    found.starts_at, found.ends_at = wish.starts_at, wish.ends_at
    found.therapist_id, found.mode = wish.therapist_id, wish.mode
    found.site_id, found.room_id = wish.site_id, wish.room_id
    found.overridden = sorted({each.kind for each in overridden}) or None
    return former


def refuse(met: Sequence[Obstacle], overriding: Collection[str] = ()) -> None:
    """Refuse what is met, but for what may be overridden and is.

    Raises:
        NotFreeError: something is left.
    """
    if left := [each for each in met if not (each.may_override and each.kind in overriding)]:
        raise NotFreeError(left)


@contextmanager
def explained() -> Iterator[None]:
    """Turn what the constraints caught into what stands in the way."""
    try:
        yield
    except DatabaseRefusal as error:
        if error.constraint in CAUGHT:
            raise NotFreeError([Obstacle(1, CAUGHT[error.constraint], may_override=False)]) from None
        if error.constraint == OFFERED:
            raise RuleBrokenError("This hour is being offered to somebody. Take the offer back first.") from None
        if error.constraint == SENT_BEFORE:
            raise RuleBrokenError("This form was sent before with other choices. Open it again.") from None
        raise
