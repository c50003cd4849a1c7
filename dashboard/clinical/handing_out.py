"""The clinical record as it is handed out to its patient: every version, every note, every document that one may open.

Somebody of the care team hands out the histories and their own notes; the command line, which works for nobody in
particular, hands out those of every author.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard.access.actor import Actor, Administrator
from dashboard.access.models import AppUser
from dashboard.agenda.models import Appointment
from dashboard.clinical import trail
from dashboard.clinical.data_keys import Opener
from dashboard.clinical.documents import DOCUMENT, Opened, opened
from dashboard.clinical.models import Document, HistoryVersion, NoteAddendum, SessionNote
from dashboard.clinical.queries import ADDENDUM, HISTORY, NOTE, SUBJECTIVE


@dataclass(frozen=True)
class HandedHistory:
    """A version of the clinical history."""

    version: int
    written_at: datetime
    author: str | None
    sections: dict[str, str] = field(repr=False)


@dataclass(frozen=True)
class HandedNote:
    """A session note with its addenda; the subjective annotation only where it was asked for."""

    id: int
    session_at: datetime
    author: str | None
    template_code: str
    status: str
    signed_at: datetime | None
    sections: dict[str, str] = field(repr=False)
    subjective: str = field(repr=False)
    addenda: list[tuple[datetime, str]] = field(repr=False)


@dataclass(frozen=True)
class HandedDocument:
    """A document, and what is known of it."""

    id: int
    kind: str
    added_at: datetime
    paper: Opened


@dataclass(frozen=True)
class ClinicalRecord:
    """What is handed out."""

    histories: list[HandedHistory] = field(default_factory=list)
    notes: list[HandedNote] = field(default_factory=list)
    documents: list[HandedDocument] = field(default_factory=list)

    def __add__(self, other: ClinicalRecord) -> ClinicalRecord:
        """Return both, one after the other."""
        return ClinicalRecord(
            self.histories + other.histories, self.notes + other.notes, self.documents + other.documents
        )


def clinical_record(session: Session, actor: Actor, patient_id: int, *, has_subjective: bool) -> ClinicalRecord:
    """Open all of a patient's clinical record that ``actor`` may open, and put each opening on record.

    What was erased is not there to be handed out.

    Raises:
        SealError: something cannot be read; nothing is returned.
    """
    opener = Opener(session)
    documents = _documents(session, opener, patient_id)
    if actor.role != "therapist" and not isinstance(actor, Administrator):
        return ClinicalRecord(documents=documents)
    histories = _histories(session, opener, patient_id)
    return ClinicalRecord(histories, _notes(session, opener, patient_id, has_subjective=has_subjective), documents)


def _histories(session: Session, opener: Opener, patient_id: int) -> list[HandedHistory]:
    asked = (
        select(HistoryVersion, AppUser.display_name)
        .outerjoin(AppUser, AppUser.id == HistoryVersion.author_id)
        .where(HistoryVersion.patient_id == patient_id)
        .order_by(HistoryVersion.version)
    )
    found = []
    rows = session.execute(asked).all()
    stored = trail.sealed(session, HISTORY, [row.id for row, _author in rows], "export")
    for row, author in rows:
        if opener.is_erased(stored[row.id].text):
            continue
        sections = opener.open(stored[row.id].text, HISTORY, row.id, patient_id)
        found.append(HandedHistory(row.version, row.written_at, author, sections))
    return found


def _notes(session: Session, opener: Opener, patient_id: int, *, has_subjective: bool) -> list[HandedNote]:
    asked = (
        select(SessionNote, Appointment.starts_at, AppUser.display_name)
        .join(Appointment, Appointment.id == SessionNote.appointment_id)
        .outerjoin(AppUser, AppUser.id == SessionNote.author_id)
        .where(SessionNote.patient_id == patient_id)
        .order_by(Appointment.starts_at, SessionNote.id)
    )
    found = []
    rows = session.execute(asked).all()
    stored = trail.sealed(session, NOTE, [row.id for row, *_facts in rows], "export")
    for row, session_at, author in rows:
        if opener.is_erased(stored[row.id].text):
            continue
        apart = stored[row.id].apart if has_subjective else None
        found.append(
            HandedNote(
                row.id,
                session_at,
                author,
                row.template_code,
                row.status,
                row.signed_at,
                opener.open(stored[row.id].text, NOTE, row.id, patient_id),
                opener.open(apart, SUBJECTIVE, row.id, patient_id).get("text", "") if apart else "",
                _addenda(session, opener, row.id, patient_id),
            )
        )
    return found


def _addenda(session: Session, opener: Opener, note_id: int, patient_id: int) -> list[tuple[datetime, str]]:
    asked = select(NoteAddendum).where(NoteAddendum.note_id == note_id).order_by(NoteAddendum.id)
    rows = session.scalars(asked).all()
    stored = trail.sealed(session, ADDENDUM, [row.id for row in rows], "export")
    return [(row.written_at, opener.open(stored[row.id].text, ADDENDUM, row.id, patient_id)["text"]) for row in rows]


def _documents(session: Session, opener: Opener, patient_id: int) -> list[HandedDocument]:
    asked = select(Document).where(Document.patient_id == patient_id).order_by(Document.added_at, Document.id)
    found = []
    for row in session.scalars(asked).all():
        if opener.is_erased(row.sealed_name):
            continue
        stored = trail.sealed(session, DOCUMENT, [row.id], "export")[row.id]
        found.append(HandedDocument(row.id, row.kind, row.added_at, opened(opener, row, stored)))
    return found
