"""The one way to a sealed text: the database hands it out to whoever may open it, and puts that on record itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from dashboard.access import audit

Reason = Literal["read", "write", "print", "search", "export"]
OPEN = text("select row_id, sealed, apart from open_sealed(:table, cast(:ids as bigint[]), :why)")


@dataclass(frozen=True)
class Sealed:
    """What is stored of a row: its text, and of a note the annotation kept apart."""

    text: bytes = field(repr=False)
    apart: bytes | None = field(repr=False, default=None)


def sealed(session: Session, table: str, ids: Sequence[int], reason: Reason) -> dict[int, Sealed]:
    """Return the sealed texts of rows by id, without those that are not this person's to open.

    Each opening is on record, with its reason; what a search goes through is one entry.
    """
    if not ids:
        return {}
    found = session.execute(OPEN, {"table": table, "ids": list(ids), "why": reason})
    return {row.row_id: Sealed(row.sealed, row.apart) for row in found}


def hit(session: Session, table: str, row_id: int, patient_id: int) -> None:
    """Put on record that a search showed a person words of a text."""
    audit.note(session, "opened", table, key=row_id, patient_id=patient_id, reason="search")
