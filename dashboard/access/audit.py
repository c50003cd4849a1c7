"""The audit log: what was read, refused and taken out is noted here; what was written, the database notes itself."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select, text
from sqlalchemy.orm import Session

from dashboard import db
from dashboard.access.actor import Actor, reading, transaction
from dashboard.access.frames import Question, frame, number_of_rows, table_of
from dashboard.access.models import OPERATIONS, AppUser, AuditEntry, AuditHead
from dashboard.access.queries import practice

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)

NOTE = text("select audit_note(:operation, :about, :key, :patient_id, :reason)")
OPENINGS = text("select at, display_name, role, operation, table_name from file_openings(:patient_id)")


def note(
    session: Session,
    operation: str,
    about: str,
    *,
    key: object = None,
    patient_id: int | None = None,
    reason: str | None = None,
) -> None:
    """Note within a transaction of a person's what they do; the database knows by the session who that is.

    Args:
        session: The person's transaction.
        operation: ``opened``, ``refused`` or ``exported``.
        about: The table, or the list, that it is about.
        key: The row's key.
        patient_id: Whose file it belongs to.
        reason: Why, in a word of ours; never words or values of people.
    """
    key = None if key is None else str(key)
    session.execute(
        NOTE, {"operation": operation, "about": about, "key": key, "patient_id": patient_id, "reason": reason}
    )


def opened(actor: Actor, about: str, key: object, *, patient_id: int | None = None, reason: str | None = None) -> None:
    """Note that ``actor`` opened a record."""
    with transaction(actor) as session:
        note(session, "opened", about, key=key, patient_id=patient_id, reason=reason)


def exported(actor: Actor, about: str) -> None:
    """Note that ``actor`` took a list out."""
    with transaction(actor) as session:
        note(session, "exported", about)


def refused(actor: Actor | None, about: str) -> None:
    """Note, in a transaction of its own, that somebody was refused something; a fault of this hides no refusal."""
    try:
        with db.transaction() if actor is None else transaction(actor) as session:
            note(session, "refused", about)
    except (db.DatabaseRefusal, db.NoDatabaseError):
        log.warning("a refusal could not be noted")


@dataclass(frozen=True)
class Filter:
    """What narrows the log; nothing chosen narrows nothing."""

    user_id: int | None = None
    operation: str | None = None
    table_name: str | None = None
    patient_id: int | None = None
    since: date | None = None
    until: date | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the conditions on the log."""
        wanted: dict[Any, object] = {
            AuditEntry.user_id: self.user_id,
            AuditEntry.operation: self.operation if self.operation in OPERATIONS else None,
            AuditEntry.table_name: self.table_name,
            AuditEntry.patient_id: self.patient_id,
        }
        found = [column == value for column, value in wanted.items() if value is not None]
        zone = ZoneInfo(practice().time_zone)
        if self.since:
            found.append(AuditEntry.at >= datetime.combine(self.since, time.min, zone))
        if self.until:
            found.append(AuditEntry.at < datetime.combine(self.until + timedelta(days=1), time.min, zone))
        return found


def entries(actor: Actor, chosen: Filter, *, limit: int = 50, offset: int = 0) -> pd.DataFrame:
    """Return the log, the latest first: at, name, role, operation, table_name, row_key, patient_id, changed, rows."""
    found = (
        select(
            AuditEntry.at,
            AppUser.display_name.label("name"),
            AuditEntry.role,
            AuditEntry.operation,
            AuditEntry.table_name,
            AuditEntry.row_key,
            AuditEntry.patient_id,
            AuditEntry.changed,
            AuditEntry.rows,
        )
        .outerjoin(AppUser, AppUser.id == AuditEntry.user_id)
        .where(*chosen.conditions())
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
    )
    return frame(actor, found.limit(limit).offset(offset), "auditor")


def entries_number(actor: Actor, chosen: Filter) -> int:
    """Return how many rows ``entries`` has over all its pages, as far as lists are counted."""
    counted: Question = select(AuditEntry.id).where(*chosen.conditions())
    return number_of_rows(actor, counted, "auditor")


def people(actor: Actor) -> dict[int, str]:
    """Return the names of who may use the dashboard, by id."""
    with reading(actor, "auditor") as session:
        found = session.execute(select(AppUser.id, AppUser.display_name).order_by(AppUser.display_name))
        return {row.id: row.display_name for row in found}


def length(actor: Actor) -> int:
    """Return how many links the chain over the log has."""
    with reading(actor, "auditor") as session:
        return session.scalar(select(AuditHead.seq)) or 0


def openings_of_file(actor: Actor, patient_id: int) -> pd.DataFrame:
    """Return who opened a file or took it out, the latest first: at, display_name, role, operation, table_name.

    Nobody, where the actor may not see the file.
    """
    with reading(actor, "manager", "front_desk", "therapist") as session:
        return table_of(session.execute(OPENINGS, {"patient_id": patient_id}))
