"""Care of the keys: make a master key, change it, check that everything opens, refuse to start without the right one.

A new master key wraps only the patients' keys anew; their texts stay as they are. The old key stays in the file:
copies of the database made before need it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from dashboard import db
from dashboard.clinical import keyring
from dashboard.clinical.data_keys import Opener
from dashboard.clinical.documents import DOCUMENT, NAME
from dashboard.clinical.errors import KeyMissingError, SealError, WrongKeyError
from dashboard.clinical.models import Document, HistoryVersion, NoteAddendum, PatientKey, SessionNote
from dashboard.clinical.queries import ADDENDUM, HISTORY, NOTE, SUBJECTIVE
from dashboard.clinical.sealing import HEADER, wrap
from dashboard.clinical.unsealing import unwrap

AT_ONCE = 1_000
SAMPLE = 500
IN_USE = text("select master_keys_in_use()")


@dataclass
class Checked:
    """How many keys and texts were tried, and which did not open: tables and numbers, no values."""

    keys: int = 0
    texts: int = 0
    failed: list[str] = field(default_factory=list)


def init() -> str:
    """Make the first master key and return its name.

    Raises:
        WrongKeyError: there is one already, or the environment holds it.
    """
    if keyring.is_in_environment():
        raise WrongKeyError("INTERSESSION_MASTER_KEY holds the master key; no file is made beside it.")
    if keyring.keyring().ids:
        raise WrongKeyError(f"There is a master key already: {keyring.key_file()}. Change it with `keys rotate`.")
    if master_keys_in_use():
        raise KeyMissingError(_unknown(master_keys_in_use()))
    return keyring.add_key().id


def master_keys_in_use() -> list[str]:
    """Return the names of the master keys that some patient's key is wrapped with; needs nobody signed in."""
    with db.transaction(read_only=True) as session:
        return list(session.scalars(IN_USE))


def require_keys() -> None:
    """Refuse to go on when texts are sealed and the master key that opens them is not configured.

    Raises:
        KeyMissingError: it is missing, or another one is configured.
        WrongKeyError: the file of the keys is damaged, or others can read it.
    """
    unknown = [name for name in master_keys_in_use() if keyring.keyring().find(name) is None]
    if unknown:
        raise KeyMissingError(_unknown(unknown))


def _unknown(names: list[str]) -> str:
    held = ", ".join(keyring.keyring().ids) or "none"
    return (
        f"Clinical texts are sealed with the master key {', '.join(names)}, which is not configured (found: {held})."
        " Without it they cannot be read. Put that key back: set INTERSESSION_MASTER_KEY_FILE to the file that holds"
        f" it, or restore {keyring.key_file()} from where you keep it apart from the database."
    )


def rotate() -> tuple[str, int]:
    """Wrap every patient's key with a new master key; return its name and how many keys were wrapped anew.

    Killed half way, the same again goes on where it stopped: no further master key is made while some patient's key
    is wrapped with an older one. While it runs, everything can be read.
    """
    require_keys()
    newest = keyring.keyring().newest
    if not keyring.is_in_environment() and not _remaining(newest.id):
        newest = keyring.add_key()
    done = 0
    while wrapped := _wrap_some(newest.id):
        done += wrapped
    return newest.id, done


def _remaining(newest: str) -> bool:
    asked = select(PatientKey.id).where(PatientKey.master_id != newest, PatientKey.destroyed_at.is_(None)).limit(1)
    with db.administration(read_only=True) as session:
        return session.scalar(asked) is not None


def _wrap_some(newest: str) -> int:
    """Wrap some keys anew in a transaction of their own and return how many."""
    asked = (
        select(PatientKey)
        .where(PatientKey.master_id != newest, PatientKey.destroyed_at.is_(None))
        .order_by(PatientKey.id)
        .limit(AT_ONCE)
        .with_for_update()
    )
    held = keyring.keyring()
    with db.administration() as session:
        rows = session.scalars(asked).all()
        for row in rows:
            key = unwrap(held.find(row.master_id), row.wrapped, row.id, row.patient_id)
            row.wrapped, row.master_id = wrap(held.newest, key), held.newest.id
        return len(rows)


def check(sample: int = SAMPLE) -> Checked:
    """Unwrap every patient's key, and open the newest texts of every kind, ``sample`` of each."""
    found = Checked()
    with db.administration(read_only=True) as session:
        _check_keys(session, found)
        opener = Opener(session)
        for table, row_id, patient_id, blob in _texts(session, sample):
            found.texts += 1
            try:
                opener.open_bytes(blob, table, row_id, patient_id)
            except SealError:
                found.failed.append(f"{table} {row_id}")
    return found


def _check_keys(session: Session, found: Checked) -> None:
    held = keyring.keyring()
    asked = select(PatientKey.id, PatientKey.patient_id, PatientKey.wrapped, PatientKey.master_id)
    for row in session.execute(asked.where(PatientKey.destroyed_at.is_(None)).order_by(PatientKey.id)):
        found.keys += 1
        try:
            unwrap(held.find(row.master_id), row.wrapped, row.id, row.patient_id)
        except SealError:
            found.failed.append(f"patient_key {row.id}")


def _texts(session: Session, sample: int) -> Iterator[tuple[str, int, int, Any]]:
    """Yield texts whose key was not destroyed: table, row, patient, what is stored."""
    destroyed = set(session.scalars(select(PatientKey.id).where(PatientKey.destroyed_at.is_not(None))))
    version, note, added = HistoryVersion, SessionNote, NoteAddendum
    questions: dict[str, Any] = {
        HISTORY: select(version.id, version.patient_id, version.sealed),
        NOTE: select(note.id, note.patient_id, note.sealed),
        SUBJECTIVE: select(note.id, note.patient_id, note.sealed_subjective).where(note.sealed_subjective.is_not(None)),
        NAME: select(Document.id, Document.patient_id, Document.sealed_name),
        DOCUMENT: select(Document.id, Document.patient_id, Document.sealed),
        ADDENDUM: select(added.id, note.patient_id, added.sealed).join(note, note.id == added.note_id),
    }
    for table, asked in questions.items():
        rows: Any = session.execute(asked.order_by(text("1 desc")).limit(sample))
        for row_id, patient_id, blob in rows:
            if not _is_sealed_with(blob, destroyed):
                yield table, row_id, patient_id, blob


def _is_sealed_with(blob: Any, keys: set[int]) -> bool:
    return HEADER.size <= len(blob) and HEADER.unpack_from(blob)[1] in keys
