"""Who changed a file, and when: what the audit log tells those who may see the file, without values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from dashboard.access.actor import Actor, reading
from dashboard.patients.queries import READERS

CHANGES = text("select at, display_name, changed from file_changes(:patient_id) limit :most")


@dataclass(frozen=True)
class Change:
    """A change of a file: when, by whom (nobody: not by a person signed in), and of which fields."""

    at: datetime
    person: str | None
    fields: tuple[str, ...]


def changes(actor: Actor, patient_id: int, *, most: int = 50) -> list[Change]:
    """Return the changes of a file's fields, the latest first; none, where ``actor`` may not see the file."""
    with reading(actor, *READERS) as session:
        rows = session.execute(CHANGES, {"patient_id": patient_id, "most": most})
        return [Change(row.at, row.display_name, tuple(row.changed)) for row in rows]


def last_change(actor: Actor, patient_id: int) -> Change | None:
    """Return the latest change of a file's fields."""
    found = changes(actor, patient_id, most=1)
    return found[0] if found else None
