"""Locks of the agenda, always in one order: the days that are written into, then the appointment's row."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from dashboard.access.actor import Actor, ChangedSinceError, NotFoundError
from dashboard.agenda.models import Appointment

LOCK = text("select agenda_lock(cast(:begins as timestamptz[]), cast(:finishes as timestamptz[]))")


def lock_days(session: Session, appointment_id: int, *times: tuple[datetime, datetime]) -> None:
    """Lock the days of an appointment, where it is and at ``times``, until the transaction ends."""
    here = session.execute(select(Appointment.starts_at, Appointment.ends_at).where(Appointment.id == appointment_id))
    lock_times(session, [*((begin, finish) for begin, finish in here), *times])


def lock_times(session: Session, times: Iterable[tuple[datetime, datetime]]) -> None:
    """Lock the days that ``times`` touch, the earliest first, until the transaction ends."""
    every = list(times)
    session.execute(LOCK, {"begins": [begin for begin, _ in every], "finishes": [finish for _, finish in every]})


def locked(session: Session, actor: Actor, appointment_id: int, version: int) -> Appointment:
    """Return the appointment, locked until the transaction ends, at the version that the person saw.

    Raises:
        NotFoundError: no such appointment, or a colleague's for a therapist.
        ChangedSinceError: somebody changed it since.
    """
    found = session.scalar(select(Appointment).where(Appointment.id == appointment_id).with_for_update())
    if found is None or (actor.role == "therapist" and found.therapist_id != actor.therapist_id):
        raise NotFoundError("No such appointment.")
    if found.version != version:
        raise ChangedSinceError("The appointment was changed since it was read.")
    return found
