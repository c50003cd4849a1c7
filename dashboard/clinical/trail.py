"""The one place where a reading of the clinical record is put on record."""

from __future__ import annotations

from typing import Literal

from sqlalchemy.orm import Session

from dashboard.access import audit

Reason = Literal["read", "write", "print", "search", "export"]


def opened(session: Session, table: str, row_id: int, patient_id: int, reason: Reason) -> None:
    """Put on record, within the reading's own transaction, that its person opened a text of the clinical record."""
    audit.note(session, "opened", table, key=row_id, patient_id=patient_id, reason=reason)
