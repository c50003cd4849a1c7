"""What can be done in the clinical record: write a history, write a note, sign it, add to it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from dashboard import clock
from dashboard.access.actor import (
    Actor,
    ChangedSinceError,
    NotAllowedError,
    NotFoundError,
    RuleBrokenError,
    transaction,
)
from dashboard.access.queries import today
from dashboard.agenda.models import Attendee
from dashboard.clinical import rules, trail
from dashboard.clinical.data_keys import Opener, key_of_patient, next_id
from dashboard.clinical.models import ClinicalHistory, HistoryVersion, NoteAddendum, NoteTemplateChoice, SessionNote
from dashboard.clinical.queries import HISTORY, NOTE, SUBJECTIVE, require_file
from dashboard.clinical.sealing import DataKey, seal
from dashboard.clinical.templates import DEFAULT, templates
from dashboard.db import DatabaseRefusal

CANCELLED = ("held", "cancelled", "late_cancelled")
TOO_LONG = "A text is too long, or belongs to no section of this template."


def open_history(actor: Actor, patient_id: int) -> None:
    """Open a patient's clinical history where there is none; the same again changes nothing.

    Raises:
        NotFoundError: no such file in the care of this person.
    """
    with transaction(actor, "therapist") as session:
        require_file(session, patient_id)
        _open(session, actor, patient_id)


def _open(session: Session, actor: Actor, patient_id: int) -> None:
    opened = {"patient_id": patient_id, "opened_by_id": actor.therapist_id, "opened_on": today(session)}
    session.execute(insert(ClinicalHistory).values(opened).on_conflict_do_nothing())


def write_history(actor: Actor, patient_id: int, based_on: int, sections: Mapping[str, str]) -> int:
    """Add a version of a patient's history, written on the basis of version ``based_on``; return the version.

    Raises:
        NotFoundError: no such file in the care of this person.
        ChangedSinceError: somebody wrote another version meanwhile.
        RuleBrokenError: nothing is written, or too much.
    """
    texts = rules.kept(sections, rules.HISTORY_SECTIONS)
    if texts is None:
        raise RuleBrokenError(TOO_LONG)
    if not texts:
        raise RuleBrokenError("A history needs some text.")
    try:
        with transaction(actor, "therapist") as session:
            require_file(session, patient_id)
            _open(session, actor, patient_id)
            newest = func.coalesce(func.max(HistoryVersion.version), 0)
            if session.scalar(select(newest).where(HistoryVersion.patient_id == patient_id)) != based_on:
                raise ChangedSinceError
            row_id, key = next_id(session, HISTORY), key_of_patient(session, patient_id)
            session.execute(
                insert(HistoryVersion).values(
                    id=row_id,
                    patient_id=patient_id,
                    version=based_on + 1,
                    author_id=actor.user_id,
                    sealed=seal(key, texts, row_id, HISTORY),
                )
            )
    except DatabaseRefusal as refused:
        if refused.code == "duplicate":
            raise ChangedSinceError from None
        raise
    return based_on + 1


def choose_template(actor: Actor, code: str) -> None:
    """Let a therapist's next notes be written with a template."""
    if code not in templates():
        raise RuleBrokenError("There is no such template.")
    if actor.therapist_id is None:
        raise NotAllowedError("This is not available to you.")
    chosen = insert(NoteTemplateChoice).values(therapist_id=actor.therapist_id, template_code=code)
    with transaction(actor, "therapist") as session:
        session.execute(chosen.on_conflict_do_update(index_elements=["therapist_id"], set_={"template_code": code}))


def start_note(actor: Actor, appointment_id: int, patient_id: int) -> int:
    """Start a draft about a patient of one's own session and return its id; the same again returns the same note.

    Raises:
        NotFoundError: no such session of this person with this patient.
        RuleBrokenError: the session has not begun, or was cancelled.
    """
    with transaction(actor, "therapist") as session:
        _require_session(session, actor, appointment_id, patient_id)
        row_id, key = next_id(session, NOTE), key_of_patient(session, patient_id)
        chosen = session.get(NoteTemplateChoice, actor.therapist_id)
        started = insert(SessionNote).values(
            id=row_id,
            appointment_id=appointment_id,
            patient_id=patient_id,
            author_id=actor.user_id,
            therapist_id=actor.therapist_id,
            template_code=chosen.template_code if chosen else DEFAULT,
            sealed=seal(key, {}, row_id, NOTE),
        )
        session.execute(started.on_conflict_do_nothing())
        return session.execute(
            select(SessionNote.id).where(
                SessionNote.appointment_id == appointment_id,
                SessionNote.patient_id == patient_id,
                SessionNote.author_id == actor.user_id,
            )
        ).scalar_one()


def _require_session(session: Session, actor: Actor, appointment_id: int, patient_id: int) -> None:
    attended = session.execute(
        select(Attendee.state, Attendee.starts_at).where(
            Attendee.appointment_id == appointment_id,
            Attendee.patient_id == patient_id,
            Attendee.therapist_id == actor.therapist_id,
        )
    ).one_or_none()
    if attended is None:
        raise NotFoundError("No such session.")
    if attended.state in CANCELLED or attended.starts_at > clock.now():
        raise RuleBrokenError("A note is written once the session has begun, and not about a cancelled one.")


def save_draft(
    actor: Actor,
    note_id: int,
    version: int,
    sections: Mapping[str, str],
    subjective: str = "",
    template_code: str | None = None,
) -> int:
    """Keep what is written so far and return the draft's new version.

    Raises:
        NotFoundError: no such note of this person.
        ChangedSinceError: it was saved elsewhere since ``version``.
        RuleBrokenError: it is signed, or a text is too long.
    """
    with transaction(actor, "therapist") as session:
        note = _draft(session, note_id, version)
        template = templates().get(template_code or note.template_code)
        texts = rules.kept(sections, template.sections) if template else None
        apart = rules.kept({"text": subjective}, ("text",))
        if template is None or texts is None or apart is None:
            raise RuleBrokenError(TOO_LONG)
        _write(note, key_of_patient(session, note.patient_id), texts, apart)
        note.template_code = template.code
        note.saved_at = clock.now()
        _save(session)
        return note.version


def _write(note: SessionNote, key: DataKey, texts: dict[str, str], apart: dict[str, str]) -> None:
    note.sealed = seal(key, texts, note.id, NOTE)
    note.sealed_subjective = seal(key, apart, note.id, SUBJECTIVE) if apart else None


def sign_note(actor: Actor, note_id: int, version: int) -> None:
    """Sign a draft; from then on it never changes.

    Raises:
        NotFoundError: no such note of this person.
        ChangedSinceError: it was saved elsewhere since ``version``.
        RuleBrokenError: it is signed already, or empty.
    """
    with transaction(actor, "therapist") as session:
        note = _draft(session, note_id, version)
        stored = trail.sealed(session, NOTE, [note.id], "write")[note.id]
        if not Opener(session).open(stored.text, NOTE, note.id, note.patient_id):
            raise RuleBrokenError("An empty note cannot be signed.")
        note.status = "signed"
        note.signed_at = clock.now()
        _save(session)


def discard_draft(actor: Actor, note_id: int, version: int) -> None:
    """Remove a draft that nobody needs; raises what ``sign_note`` does."""
    with transaction(actor, "therapist") as session:
        note = _draft(session, note_id, version)
        session.execute(delete(SessionNote).where(SessionNote.id == note.id))


def add_addendum(actor: Actor, note_id: int, text: str) -> int:
    """Add to one's own signed note and return the addendum's id.

    Raises:
        NotFoundError: no such note of this person.
        RuleBrokenError: the note is a draft, or the text is empty or too long.
    """
    texts = rules.kept({"text": text}, ("text",))
    if not texts:
        raise RuleBrokenError("An addendum needs some text, and not more than a note has.")
    with transaction(actor, "therapist") as session:
        note = _own(session, note_id)
        if note.status != "signed":
            raise RuleBrokenError("This note is not signed yet: write in the note itself.")
        row_id, key = next_id(session, NoteAddendum.__tablename__), key_of_patient(session, note.patient_id)
        session.execute(
            insert(NoteAddendum).values(
                id=row_id,
                note_id=note.id,
                author_id=actor.user_id,
                sealed=seal(key, texts, row_id, NoteAddendum.__tablename__),
            )
        )
        return row_id


def _own(session: Session, note_id: int) -> SessionNote:
    """Return a note; row security lets a person see their own only."""
    note = session.get(SessionNote, note_id)
    if note is None:
        raise NotFoundError("No such note.")
    return note


def _draft(session: Session, note_id: int, version: int) -> SessionNote:
    note = _own(session, note_id)
    if note.status == "signed":
        raise RuleBrokenError("This note is signed and never changes. Add an addendum.")
    if note.version != version:
        raise ChangedSinceError
    return note


def _save(session: Session) -> None:
    try:
        session.flush()
    except StaleDataError:
        raise ChangedSinceError from None
