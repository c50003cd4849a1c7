"""Who comes to an appointment that is still ahead: somebody joins a group, a partner comes along, one stays away."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from dashboard import db
from dashboard.access.actor import OFFICE, Actor, NotFoundError, RuleBrokenError, reading, transaction
from dashboard.agenda import rules
from dashboard.agenda.booking import Target, explained, moved, refuse
from dashboard.agenda.free_hours import Obstacle, obstacles_in
from dashboard.agenda.locking import lock_days, locked
from dashboard.agenda.models import Appointment, Attendee

OF_PEOPLE = {"patient_busy", "too_many", "room_too_small"}
"""What can stand in the way of people; the hour itself was booked already."""


def change_attendees(
    actor: Actor,
    appointment_id: int,
    patient_ids: Sequence[int],
    *,
    version: int,
    overriding: Collection[str] = (),
) -> None:
    """Say anew who comes to an appointment that is still open.

    Raises:
        NotFoundError: no such appointment.
        ChangedSinceError: somebody changed it since.
        NotFreeError: one of them has another appointment then, or they are too many.
        RuleBrokenError: nobody is left, or what became of it is recorded already.
    """
    people = list(dict.fromkeys(patient_ids))
    if not people:
        raise RuleBrokenError("Choose who comes.")

    def once() -> None:
        with explained(), transaction(actor, *OFFICE) as session:
            lock_days(session, appointment_id)
            found = locked(session, actor, appointment_id, version)
            if found.state not in rules.OPEN_STATES:
                raise RuleBrokenError("What is recorded already must be taken back first.")
            met = _in_the_way(session, found, people)
            refuse(met, overriding)
            _write(session, found, people)
            kinds = {each.kind for each in met} | (set(found.overridden or ()) - OF_PEOPLE)
            found.overridden = sorted(kinds) or None
            flag_modified(found, "overridden")  # who read the former list is told that it changed

    db.retried(once)


def obstacles(actor: Actor, appointment_id: int, patient_ids: Sequence[int]) -> list[Obstacle]:
    """Return what stands in the way of those who would come.

    Raises:
        NotFoundError: no such appointment.
    """
    with reading(actor, *OFFICE) as session:
        found = session.get(Appointment, appointment_id)
        if found is None:
            raise NotFoundError("No such appointment.")
        return _in_the_way(session, found, patient_ids)


def _in_the_way(session: Session, found: Appointment, people: Sequence[int]) -> list[Obstacle]:
    here = moved(session, found, Target(found.starts_at, found.ends_at))
    met = obstacles_in(session, [replace(here, patient_ids=tuple(people))], [found.id])
    return [each for each in met if each.kind in OF_PEOPLE]


def _write(session: Session, found: Appointment, people: Sequence[int]) -> None:
    """Take away who does not come any more and add who does, after those who stay."""
    of_it = Attendee.appointment_id == found.id
    present = {row.patient_id: row.position for row in session.scalars(select(Attendee).where(of_it))}
    session.execute(delete(Attendee).where(of_it, Attendee.patient_id.not_in(people)))
    last = max(present.values(), default=0)
    joining = [one for one in people if one not in present]
    for place, one in enumerate(joining, start=last + 1):
        values = {"appointment_id": found.id, "patient_id": one, "therapist_id": found.therapist_id, "position": place}
        session.execute(insert(Attendee).values(**values, joined_at=func.now()))
