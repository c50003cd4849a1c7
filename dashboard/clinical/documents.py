"""Documents of a file: add one, list them, open one, put one away and take it out again."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from dashboard.access.actor import Actor, NotFoundError, RuleBrokenError, reading, require, transaction
from dashboard.access.models import AppUser
from dashboard.clinical import document_reading, trail
from dashboard.clinical.data_keys import Opener, key_of_patient, next_id
from dashboard.clinical.errors import TamperedError
from dashboard.clinical.models import DOCUMENT_KINDS, Document
from dashboard.clinical.sealing import seal, seal_bytes
from dashboard.patients.queries import READERS, patient_file

DOCUMENT = Document.__tablename__
NAME = f"{DOCUMENT}.name"
LONGEST_NAME = 120
SUFFIXES = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}
MOST = 500


@dataclass(frozen=True)
class DocumentFact:
    """A document as it is listed."""

    id: int
    patient_id: int
    kind: str
    is_clinical: bool
    media_type: str
    size: int
    added_at: datetime
    added_by: str
    put_away_at: datetime | None
    name: str = field(repr=False)


@dataclass(frozen=True)
class Opened:
    """A document to hand over."""

    name: str = field(repr=False)
    media_type: str
    content: bytes = field(repr=False)


def add(actor: Actor, patient_id: int, kind: str, name: str, content: bytes, *, is_clinical: bool) -> int:
    """Store a clean copy of a document in a file and return its number; clinical ones are for the care team alone.

    Raises:
        NotFoundError: there is no such file for this person.
        RuleBrokenError: an unknown kind, or somebody of the office adds a clinical document.
        DocumentRefusedError: the document is not taken.
    """
    require(actor, *READERS)
    if kind not in DOCUMENT_KINDS:
        raise RuleBrokenError("There is no such kind of document.")
    if is_clinical and actor.role != "therapist":
        raise RuleBrokenError("Only a therapist adds clinical documents.")
    patient_file(actor, patient_id)
    clean = document_reading.read(content)
    with transaction(actor, *READERS) as session:
        key = key_of_patient(session, patient_id, "clinical" if is_clinical else "document")
        row_id = next_id(session, DOCUMENT)
        called = {"name": file_name(name, clean.media_type)}
        session.execute(
            insert(Document).values(
                id=row_id,
                patient_id=patient_id,
                kind=kind,
                is_clinical=is_clinical,
                media_type=clean.media_type,
                size=len(clean.content),
                sha256=hashlib.sha256(clean.content).digest(),
                added_by_id=actor.user_id,
                sealed_name=seal(key, called, row_id, NAME),
                sealed=seal_bytes(key, clean.content, row_id, DOCUMENT),
            )
        )
    return row_id


def file_name(name: str, media_type: str) -> str:
    """Return ``name`` as a file may be called anywhere, with the ending of what it is."""
    stem = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1]).rsplit(".", 1)[0]
    kept = "".join(letter if letter.isalnum() or letter in " -_()" else "_" for letter in stem)
    return (" ".join(kept.split())[:LONGEST_NAME].strip() or "document") + SUFFIXES[media_type]


_FACTS: Any = (
    select(
        Document.id,
        Document.patient_id,
        Document.kind,
        Document.is_clinical,
        Document.media_type,
        Document.size,
        Document.added_at,
        AppUser.display_name,
        Document.put_away_at,
        Document.sealed_name,
    )
    .join(AppUser, AppUser.id == Document.added_by_id, isouter=True)
    .order_by(Document.added_at.desc(), Document.id.desc())
)


def documents(actor: Actor, patient_id: int) -> list[DocumentFact]:
    """Return the documents of a file that this person may open, the latest first, those put away among them.

    What was erased is not among them.

    Raises:
        SealError: a name cannot be read; nothing is returned.
    """
    asked = _FACTS.where(Document.patient_id == patient_id)
    with reading(actor, *READERS) as session:
        rows = session.execute(asked.limit(MOST)).all()
        opener = Opener(session)
        opener.prepare([row.sealed_name for row in rows])
        return [_fact(opener, row) for row in rows if not opener.is_erased(row.sealed_name)]


def _fact(opener: Opener, row: Any) -> DocumentFact:
    facts: list[Any] = [*row]
    facts[-1] = opener.open(row.sealed_name, NAME, row.id, row.patient_id)["name"]
    return DocumentFact(*facts)


def open_document(actor: Actor, document_id: int, reason: trail.Reason = "read") -> Opened:
    """Open a document and put that on record.

    Raises:
        NotFoundError: no such document for this person.
        SealError: it cannot be read, or is not what was stored.
    """
    with transaction(actor, *READERS) as session:
        row = session.scalar(select(Document).where(Document.id == document_id))
        if row is None:
            raise NotFoundError("No such document.")
        stored = trail.sealed(session, DOCUMENT, [row.id], reason)[row.id]
        return opened(Opener(session), row, stored)


def opened(opener: Opener, row: Document, stored: trail.Sealed) -> Opened:
    """Return the name and content of a row."""
    content = opener.open_bytes(stored.text, DOCUMENT, row.id, row.patient_id)
    if hashlib.sha256(content).digest() != row.sha256:
        raise TamperedError("What is stored here is not what was stored.")
    name = opener.open(row.sealed_name, NAME, row.id, row.patient_id)["name"]
    return Opened(name, row.media_type, content)


def put_away(actor: Actor, document_id: int) -> None:
    """Take a document off the list; it stays, and can be taken out again."""
    _change(actor, document_id, {"put_away_at": func.now(), "put_away_by_id": actor.user_id})


def take_out(actor: Actor, document_id: int) -> None:
    """Put a document back on the list."""
    _change(actor, document_id, {"put_away_at": None, "put_away_by_id": None})


def _change(actor: Actor, document_id: int, values: dict[str, Any]) -> None:
    with transaction(actor, *READERS) as session:
        _require_one(session, update(Document).where(Document.id == document_id).values(values))


def _require_one(session: Session, change: Any) -> None:
    found: Any = session.execute(change)
    if found.rowcount != 1:
        raise NotFoundError("No such document.")
