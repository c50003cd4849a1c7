"""Hands a person everything that is held about them: one archive, to read and for machines, the log of access in it."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from dashboard import clock
from dashboard.access import audit
from dashboard.access.actor import Actor, transaction
from dashboard.clinical.handing_out import ClinicalRecord, HandedDocument, clinical_record
from dashboard.patients.merging import files_of_person
from dashboard.patients.queries import READERS, patient_file
from dashboard.record.fhir import bundle, document_path
from dashboard.record.holdings import Rows, held


@dataclass(frozen=True)
class Record:
    """All that is handed out about one person."""

    patient_id: int
    made_at: datetime
    held: dict[str, Rows] = field(repr=False)
    clinical: ClinicalRecord = field(repr=False)


def gather(actor: Actor, patient_id: int, *, has_subjective: bool) -> Record:
    """Read everything that ``actor`` may hand out about a person, and put that on record as an export of the file.

    What is in files that were merged into this one belongs to it.

    Raises:
        NotFoundError: there is no such file for this person.
        SealError: a text cannot be read; nothing is returned.
    """
    patient_file(actor, patient_id)
    with transaction(actor, *READERS) as session:
        audit.note(session, "exported", "patient", key=patient_id, patient_id=patient_id)
        found: dict[str, Rows] = {}
        whole = ClinicalRecord()
        for file in files_of_person(session, patient_id):
            # First what is opened by this: the log of access in the copy tells of the copy too.
            whole += clinical_record(session, actor, file, has_subjective=has_subjective)
            for name, rows in held(session, actor, file).items():
                found[name] = [*found.get(name, []), *rows]
        return Record(patient_id, clock.now(), found, whole)


def archive(record: Record, pdf: Callable[[Record], bytes]) -> bytes:
    """Return the archive: ``record.pdf``, ``record.json``, ``record.fhir.json``, and the documents as they are.

    Args:
        record: What is handed out.
        pdf: Prints it for a person to read.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr("record.pdf", pdf(record))
        files.writestr("record.json", _json(_machine_readable(record)))
        files.writestr("record.fhir.json", _json(bundle(record.held, record.clinical, record.made_at)))
        for found in record.clinical.documents:
            files.writestr(document_path(found), found.paper.content)
    return out.getvalue()


def _json(told: Any) -> str:
    return json.dumps(told, ensure_ascii=False, indent=1, default=_plain)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _machine_readable(record: Record) -> dict[str, Any]:
    clinical = record.clinical
    return {
        "made_at": record.made_at,
        **record.held,
        "histories": [asdict(history) for history in clinical.histories],
        "notes": [asdict(note) for note in clinical.notes],
        "documents": [_document(found) for found in clinical.documents],
    }


def _document(found: HandedDocument) -> dict[str, Any]:
    return {"id": found.id, "kind": found.kind, "added_at": found.added_at, "file": document_path(found)}
