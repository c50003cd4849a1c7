"""Two files of one person made one: the other can still be read, what is to come moves, and all can be undone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import TextClause, select, text
from sqlalchemy.orm import Session, aliased

from dashboard.access.actor import OFFICE, Actor, NotFoundError, RuleBrokenError, reading, transaction
from dashboard.access.models import AppUser
from dashboard.db import DatabaseRefusal
from dashboard.patients.models import FileMerge, Patient
from dashboard.patients.queries import READERS

MERGE = text("select merge_files(:kept, :gone)")
FILES = text("select files_of_person(:file)")
UNDO = text("select undo_merge(:merge)")
REFUSED = {
    "merge_chain": RuleBrokenError("One of these files was merged already. Undo that first."),
    "restricted": RuleBrokenError("Processing of one of these files is restricted. Lift that first."),
    "no_double_booked_patient": RuleBrokenError(
        "Both files have an appointment at the same hour. Cancel or move one of them first."
    ),
}


@dataclass(frozen=True)
class Merge:
    """That a file was merged into another."""

    id: int
    kept_id: int
    kept_number: int
    merged_id: int
    merged_number: int
    at: datetime
    by: str | None


def merge(actor: Actor, kept_id: int, merged_id: int) -> int:
    """Merge a file into the one that is kept, and return the number of the merge.

    The kept file gets the fields that it lacks, the appointments to come, and the consents that no guardian signed;
    the therapists of both see both. Past sessions, the clinical record, documents and money stay where they are, in a
    file that can be read and not changed.

    Raises:
        NotFoundError: one of the files does not exist.
        RuleBrokenError: one was merged already, is restricted, or both have an appointment at one hour.
    """
    return _done(actor, MERGE, {"kept": kept_id, "gone": merged_id})


def undo(actor: Actor, merge_id: int) -> None:
    """Undo a merge: what moved goes back, unless somebody used or changed it since.

    Raises:
        NotFoundError: there is none such, or it was undone already.
        RuleBrokenError: going back, two appointments would be at one hour.
    """
    _done(actor, UNDO, {"merge": merge_id})


def _done(actor: Actor, asked: TextClause, values: dict[str, int]) -> int:
    """Have the database do it, and return what it returned."""
    try:
        with transaction(actor, *OFFICE) as session:
            answer = session.execute(asked, values).scalar()
    except DatabaseRefusal as refused:
        if refused.constraint in REFUSED:
            raise RuleBrokenError(str(REFUSED[refused.constraint])) from None
        raise
    if not answer:
        raise NotFoundError("Not found.")
    return int(answer)


def merges(actor: Actor, patient_id: int) -> list[Merge]:
    """Return the merges that stand of a file: the one into another, or those of others into it, the latest first."""
    kept, gone = aliased(Patient), aliased(Patient)
    asked = (
        select(FileMerge.id, kept.id, kept.number, gone.id, gone.number, FileMerge.at, AppUser.display_name)
        .join(kept, kept.id == FileMerge.kept_id)
        .join(gone, gone.id == FileMerge.merged_id)
        .outerjoin(AppUser, AppUser.id == FileMerge.by_id)
        .where(FileMerge.undone_at.is_(None), (FileMerge.kept_id == patient_id) | (FileMerge.merged_id == patient_id))
        .order_by(FileMerge.at.desc())
    )
    with reading(actor, *READERS) as session:
        return [Merge(*row) for row in session.execute(asked).all()]


def files_of_person(session: Session, patient_id: int) -> list[int]:
    """Return the file and those that were merged into it."""
    found: list[int] = session.execute(FILES, {"file": patient_id}).scalar_one()
    return found
