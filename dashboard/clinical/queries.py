"""Questions about the clinical record. A text is opened here and nowhere else, and every opening is put on record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from dashboard import clock
from dashboard.access.actor import Actor, NotFoundError, reading, require, transaction
from dashboard.access.models import AppUser
from dashboard.agenda.models import Appointment, Attendee
from dashboard.clinical import rules, trail
from dashboard.clinical.data_keys import Opener
from dashboard.clinical.models import ClinicalHistory, HistoryVersion, NoteAddendum, NoteTemplateChoice, SessionNote
from dashboard.clinical.templates import DEFAULT
from dashboard.patients.models import Patient
from dashboard.patients.queries import IN_CARE

HISTORY = HistoryVersion.__tablename__
NOTE = SessionNote.__tablename__
SUBJECTIVE = f"{NOTE}.subjective"
ADDENDUM = NoteAddendum.__tablename__

LONGEST_LIST = 200
MOST_SEARCHED = 2_000
DAYS_WITHOUT_NOTE = 14

PATIENT_NAME = func.concat_ws(" ", Patient.given_name, Patient.surname_1, Patient.surname_2)


@dataclass(frozen=True)
class FileInCare:
    """A file that its therapist may open the history of."""

    patient_id: int
    number: int
    name: str
    opened_on: date | None


@dataclass(frozen=True)
class VersionFact:
    """That a version of a history was written, when and by whom; not what it says."""

    id: int
    version: int
    written_at: datetime
    author: str


@dataclass(frozen=True)
class History:
    """A version of a patient's history; version 0 is a history that nobody wrote in yet."""

    patient_id: int
    version: int
    written_at: datetime | None = None
    author: str | None = None
    sections: dict[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class NoteFact:
    """That a note exists: about whom, of which session, in which state; not what it says."""

    id: int
    appointment_id: int
    patient_id: int
    patient: str
    session_at: datetime
    status: str
    template_code: str
    signed_at: datetime | None


@dataclass(frozen=True)
class SessionToWrite:
    """A session that was held and has no note of its therapist yet."""

    appointment_id: int
    patient_id: int
    patient: str
    session_at: datetime


@dataclass(frozen=True)
class Addendum:
    """What was added to a signed note."""

    written_at: datetime
    text: str = field(repr=False)


@dataclass(frozen=True)
class Note:
    """A note with its text."""

    fact: NoteFact
    version: int
    saved_at: datetime
    sections: dict[str, str] = field(repr=False)
    subjective: str = field(repr=False)
    addenda: list[Addendum] = field(default_factory=list, repr=False)


@dataclass(frozen=True)
class Hit:
    """A note in which the words searched for stand, and their surroundings."""

    fact: NoteFact
    snippet: str = field(repr=False)


@dataclass(frozen=True)
class Found:
    """What a search found, and in how many notes it looked; ``is_all`` tells whether those were all there are."""

    hits: list[Hit]
    searched: int
    is_all: bool


def require_file(session: Session, patient_id: int) -> None:
    """Refuse a file that is not in the care of the person asking.

    Raises:
        NotFoundError: unknown, or somebody else's.
    """
    if session.scalar(select(Patient.id).where(Patient.id == patient_id, IN_CARE)) is None:
        raise NotFoundError("No such file.")


def files_in_care(actor: Actor) -> list[FileInCare]:
    """Return the files whose history the person may open, by name."""
    asked = (
        select(Patient.id, Patient.number, PATIENT_NAME, ClinicalHistory.opened_on)
        .outerjoin(ClinicalHistory, ClinicalHistory.patient_id == Patient.id)
        .where(IN_CARE, Patient.status.in_(("waiting", "active", "discharged", "merged")))
        .order_by(Patient.search_name, Patient.id)
    )
    with reading(actor, "therapist") as session:
        rows: Any = session.execute(asked)
        return [FileInCare(*row) for row in rows]


def history_versions(actor: Actor, patient_id: int) -> list[VersionFact]:
    """Return which versions a patient's history has, newest first.

    Raises:
        NotFoundError: no such file in the care of this person.
    """
    asked = (
        select(HistoryVersion.id, HistoryVersion.version, HistoryVersion.written_at, AppUser.display_name)
        .join(AppUser, AppUser.id == HistoryVersion.author_id)
        .where(HistoryVersion.patient_id == patient_id)
        .order_by(HistoryVersion.version.desc())
    )
    with reading(actor, "therapist") as session:
        require_file(session, patient_id)
        rows: Any = session.execute(asked)
        return [VersionFact(*row) for row in rows]


def history(actor: Actor, patient_id: int, version: int | None = None, reason: trail.Reason = "read") -> History:
    """Open a version of a patient's history, the newest unless told; puts the opening on record.

    Raises:
        NotFoundError: no such file in the care of this person, or no such version.
        SealError: the text cannot be read; nothing of it is returned.
    """
    asked = (
        select(HistoryVersion, AppUser.display_name)
        .join(AppUser, AppUser.id == HistoryVersion.author_id)
        .where(HistoryVersion.patient_id == patient_id)
        .order_by(HistoryVersion.version.desc())
        .limit(1)
    )
    if version is not None:
        asked = asked.where(HistoryVersion.version == version)
    with transaction(actor, "therapist") as session:
        require_file(session, patient_id)
        found = session.execute(asked).one_or_none()
        if found is None and version:
            raise NotFoundError("No such version.")
        if found is None:
            return History(patient_id, 0)
        row, author = found
        stored = trail.sealed(session, HISTORY, [row.id], reason)[row.id]
        texts = Opener(session).open(stored.text, HISTORY, row.id, row.patient_id)
        return History(patient_id, row.version, row.written_at, author, texts)


def template_of(actor: Actor) -> str:
    """Return the code of the template that a therapist writes notes with."""
    with reading(actor, "therapist") as session:
        chosen = session.get(NoteTemplateChoice, actor.therapist_id) if actor.therapist_id else None
        return chosen.template_code if chosen else DEFAULT


_FACT = (
    SessionNote.id,
    SessionNote.appointment_id,
    SessionNote.patient_id,
    PATIENT_NAME,
    Appointment.starts_at,
    SessionNote.status,
    SessionNote.template_code,
    SessionNote.signed_at,
)


def _notes(*columns: Any) -> Any:
    """Return the question for a person's own notes: which those are, row security says.

    To say it here again would make the planner expect one row instead of thousands, and sort where it could stop.
    """
    return (
        select(*columns)
        .join(Appointment, Appointment.id == SessionNote.appointment_id)
        .outerjoin(Patient, Patient.id == SessionNote.patient_id)
    )


def _facts(rows: Iterable[Any]) -> list[NoteFact]:
    return [NoteFact(*row) for row in rows]


def unsigned_notes(actor: Actor, limit: int = LONGEST_LIST) -> list[NoteFact]:
    """Return one's own drafts, oldest session first."""
    asked = _notes(*_FACT).where(SessionNote.status == "draft")
    with reading(actor, "therapist") as session:
        rows = session.execute(asked.order_by(Appointment.starts_at, SessionNote.id).limit(limit))
        return _facts(rows)


def unsigned_count(actor: Actor) -> int:
    """Return how many drafts wait for one's signature."""
    asked = select(func.count(SessionNote.id)).where(SessionNote.status == "draft")
    with reading(actor, "therapist") as session:
        return session.execute(asked).scalar_one()


def notes_of_session(actor: Actor, appointment_id: int) -> list[tuple[SessionToWrite, int | None]]:
    """Return the patients of one's own session, each with the id of one's note about them, if there is one.

    Raises:
        NotFoundError: no such session of this person.
    """
    own = (SessionNote.appointment_id == Attendee.appointment_id) & (SessionNote.patient_id == Attendee.patient_id)
    asked = (
        select(Attendee.appointment_id, Attendee.patient_id, PATIENT_NAME, Attendee.starts_at, SessionNote.id)
        .join(Patient, Patient.id == Attendee.patient_id)
        .outerjoin(SessionNote, own & (SessionNote.author_id == actor.user_id))
        .where(Attendee.appointment_id == appointment_id, Attendee.therapist_id == actor.therapist_id)
        .order_by(Attendee.position, Attendee.patient_id)
    )
    with reading(actor, "therapist") as session:
        rows: Any = session.execute(asked).all()
    if not rows:
        raise NotFoundError("No such session.")
    return [(SessionToWrite(*row[:4]), row[4]) for row in rows]


def sessions_without_note(actor: Actor, days: int = DAYS_WITHOUT_NOTE) -> list[SessionToWrite]:
    """Return one's own attended sessions of the last ``days`` without a note, newest first."""
    require(actor, "therapist")
    note = select(SessionNote.id).where(
        SessionNote.appointment_id == Attendee.appointment_id,
        SessionNote.patient_id == Attendee.patient_id,
        SessionNote.author_id == actor.user_id,
    )
    asked = (
        select(Attendee.appointment_id, Attendee.patient_id, PATIENT_NAME, Attendee.starts_at)
        .join(Appointment, Appointment.id == Attendee.appointment_id)
        .join(Patient, Patient.id == Attendee.patient_id)
        .where(
            Appointment.therapist_id == actor.therapist_id,
            Appointment.starts_at.between(clock.now() - timedelta(days=days), clock.now()),
            Attendee.state == "attended",
            ~note.exists(),
        )
        .order_by(Attendee.starts_at.desc(), Attendee.patient_id)
        .limit(LONGEST_LIST)
    )
    with reading(actor, "therapist") as session:
        rows: Any = session.execute(asked)
        return [SessionToWrite(*row) for row in rows]


def notes_of_patient(actor: Actor, patient_id: int, limit: int = LONGEST_LIST) -> list[NoteFact]:
    """Return which notes one wrote about a patient, newest first."""
    asked = _notes(*_FACT).where(SessionNote.patient_id == patient_id)
    with reading(actor, "therapist") as session:
        rows = session.execute(asked.order_by(SessionNote.created_at.desc(), SessionNote.id.desc()).limit(limit))
        return _facts(rows)


def own_notes(actor: Actor, limit: int = 50) -> list[NoteFact]:
    """Return one's own signed notes, the last started first."""
    asked = _notes(*_FACT).where(SessionNote.status == "signed")
    with reading(actor, "therapist") as session:
        rows = session.execute(asked.order_by(SessionNote.created_at.desc()).limit(limit))
        return _facts(rows)


def open_note(actor: Actor, note_id: int, reason: trail.Reason = "read") -> Note:
    """Open one of one's own notes, with its addenda; puts the opening on record.

    Raises:
        NotFoundError: no such note of this person.
        SealError: a text cannot be read; nothing of it is returned.
    """
    asked = _notes(SessionNote, *_FACT).where(SessionNote.id == note_id)
    added = select(NoteAddendum).where(NoteAddendum.note_id == note_id).order_by(NoteAddendum.id)
    with transaction(actor, "therapist") as session:
        found = session.execute(asked).one_or_none()
        if found is None:
            raise NotFoundError("No such note.")
        row, opener = found[0], Opener(session)
        stored = trail.sealed(session, NOTE, [note_id], reason)[note_id]
        addenda = list(session.scalars(added))
        texts = trail.sealed(session, ADDENDUM, [each.id for each in addenda], reason)
        told = [
            Addendum(each.written_at, opener.open(texts[each.id].text, ADDENDUM, each.id, row.patient_id)["text"])
            for each in addenda
        ]
        return _opened(opener, row, stored, NoteFact(*found[1:]), told)


def _opened(opener: Opener, row: SessionNote, stored: trail.Sealed, fact: NoteFact, addenda: list[Addendum]) -> Note:
    apart = stored.apart
    return Note(
        fact,
        row.version,
        row.saved_at,
        opener.open(stored.text, NOTE, row.id, row.patient_id),
        opener.open(apart, SUBJECTIVE, row.id, row.patient_id).get("text", "") if apart else "",
        addenda,
    )


def search_notes(actor: Actor, words: str, patient_id: int | None = None, months: int = 12) -> Found:
    """Look for ``words`` in one's own notes of one patient, or of the last months, the newest first.

    Texts are opened in this process and compared here: no word of a note, and no word searched for, reaches SQL.
    """
    asked = _notes(SessionNote, *_FACT)
    if patient_id is not None:
        asked = asked.where(SessionNote.patient_id == patient_id)
    else:
        asked = asked.where(SessionNote.created_at >= clock.now() - timedelta(days=30.5 * months))
    asked = asked.order_by(SessionNote.created_at.desc(), SessionNote.id.desc()).limit(MOST_SEARCHED + 1)
    with transaction(actor, "therapist") as session:
        rows = session.execute(asked).all()
        opener = Opener(session)
        stored = trail.sealed(session, NOTE, [row[0].id for row in rows[:MOST_SEARCHED]], "search")
        opener.prepare([each.text for each in stored.values()])
        notes = [_opened(opener, row[0], stored[row[0].id], NoteFact(*row[1:]), []) for row in rows[:MOST_SEARCHED]]
        found = [(note, rules.snippet([*note.sections.values(), note.subjective], words)) for note in notes]
        hits = [Hit(note.fact, shown) for note, shown in found if shown]
        for hit in hits:
            trail.hit(session, NOTE, hit.fact.id, hit.fact.patient_id)
    return Found(hits, len(notes), len(rows) <= MOST_SEARCHED)


def record_to_print(actor: Actor, patient_id: int) -> tuple[History, list[Note]]:
    """Open the newest history of a patient and one's own signed notes about them, oldest first, to print them.

    Raises:
        NotFoundError: no such file in the care of this person.
        SealError: a text cannot be read; nothing is returned.
    """
    found = history(actor, patient_id, reason="print")
    signed = [fact for fact in notes_of_patient(actor, patient_id, MOST_SEARCHED) if fact.status == "signed"]
    return found, [open_note(actor, fact.id, "print") for fact in reversed(signed)]
