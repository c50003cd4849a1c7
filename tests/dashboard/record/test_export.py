"""What a person is handed: everything that is held about them, nothing of anybody else, and valid for machines."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from click.testing import CliRunner
from fhir.resources.R4B.bundle import Bundle
from sqlalchemy import text

from dashboard.access.actor import Actor, Administrator, NotFoundError
from dashboard.cli.patients import patients_command
from dashboard.clinical import commands as clinical
from dashboard.clinical import documents
from dashboard.record import export
from dashboard.record.holdings import HOLDINGS
from dashboard.ui import record_pdf
from dashboard.ui.language import speaking
from tests.dashboard.billing.conftest import owner, rows
from tests.dashboard.clinical.conftest import SECRET, Room
from tests.dashboard.clinical.conftest import key_file as key_file  # noqa: PLC0414 - a fixture
from tests.dashboard.clinical.conftest import room as room  # noqa: PLC0414 - a fixture
from tests.dashboard.clinical.test_document_reading import pdf, picture

APART = "Numbat-3302 is my own impression"
COLLEAGUES = "Wombat-9911 about Tomas"
ELSEWHERE = {
    "audit_log": "in the export as accesses",
    "clinical_history": "the versions say when it was opened",
    "clinical_history_version": "opened by the clinical record",
    "document": "opened by the clinical record",
    "session_note": "opened by the clinical record",
    "patient_key": "a key, nothing about the person",
    "patient_lookup": "derived from the person's own fields",
}


def written(room: Room) -> None:
    """Write a record of Eva, and one of Tomás that must not be in hers."""
    note = room.note(subjective=APART, sign=True)
    clinical.add_addendum(room.ana, note, "She rang later.")
    clinical.write_history(room.ana, room.eva, 0, {"medication": SECRET})
    clinical.write_history(room.ana, room.eva, 1, {"medication": f"{SECRET} still"})
    documents.add(room.ana, room.eva, "report", "informe.pdf", pdf(), is_clinical=True)
    documents.add(room.others["front_desk"], room.eva, "identity", "dni.png", picture(), is_clinical=False)
    theirs = clinical.start_note(room.luis, room.colleagues_session, room.tomas)
    clinical.save_draft(room.luis, theirs, 1, {"assessment": COLLEAGUES})
    with owner() as connection:
        connection.execute(
            text("insert into guardian (patient_id, given_name, relation) values (:id, 'Rosa', 'mother')"),
            {"id": room.eva},
        )


def handed(
    actor: Actor, patient_id: int, *, has_subjective: bool = False
) -> tuple[list[str], dict[str, Any], dict[str, Any]]:
    """Return the archive's names, and its two records for machines."""
    record = export.gather(actor, patient_id, has_subjective=has_subjective)
    content = export.archive(record, lambda _record: pdf())
    assert "She" not in repr(record)
    with zipfile.ZipFile(io.BytesIO(content)) as files:
        assert files.testzip() is None
        return files.namelist(), json.loads(files.read("record.json")), json.loads(files.read("record.fhir.json"))


def test_every_table_about_a_person_is_in_the_export_or_said_why_not(room: Room) -> None:
    about_people = rows(
        "select distinct table_name from information_schema.columns as c join information_schema.tables as t"
        " using (table_schema, table_name) where table_schema = current_schema() and table_type = 'BASE TABLE'"
        " and column_name = 'patient_id'"
    )
    read = {table for holding in HOLDINGS for table in holding.tables}
    assert {table for (table,) in about_people} - read == set(ELSEWHERE)


def test_the_command_line_hands_out_everything_and_nothing_of_anybody_else(room: Room) -> None:
    written(room)
    names, record, bundle = handed(Administrator(), room.eva)
    assert {"record.pdf", "record.json", "record.fhir.json"} < set(names)
    assert sorted(name.rpartition("-")[2] for name in names if name.startswith("documents/")) == [
        "dni.png",
        "informe.pdf",
    ]
    assert [history["version"] for history in record["histories"]] == [1, 2]
    assert record["notes"][0]["sections"] == {"assessment": SECRET}
    assert record["notes"][0]["addenda"][0][1] == "She rang later."
    assert record["person"][0]["given_name"] == "Eva"
    assert {access["operation"] for access in record["accesses"]} == {"opened", "exported"}
    told = json.dumps([record, bundle])
    assert APART not in told
    assert COLLEAGUES not in told
    assert "Tom" not in told
    _, with_annotations, _ = handed(Administrator(), room.eva, has_subjective=True)
    assert with_annotations["notes"][0]["subjective"] == APART


def test_the_bundle_is_valid_fhir(room: Room) -> None:
    written(room)
    _, _, bundle = handed(Administrator(), room.eva, has_subjective=True)
    read = Bundle.model_validate(bundle)
    kinds = {entry.resource.get_resource_type() for entry in read.entry}
    assert {"Patient", "RelatedPerson", "EpisodeOfCare", "Encounter", "DocumentReference", "AuditEvent"} <= kinds


def test_a_person_hands_out_what_they_may_open(room: Room) -> None:
    written(room)
    _, desk, _ = handed(room.others["front_desk"], room.eva)
    assert desk["notes"] == desk["histories"] == []
    assert [document["kind"] for document in desk["documents"]] == ["identity"]
    assert "invoices" in desk
    _, therapist, _ = handed(room.ana, room.eva, has_subjective=True)
    assert therapist["notes"][0]["subjective"] == APART
    assert "invoices" not in therapist
    with pytest.raises(NotFoundError):
        handed(room.luis, room.eva)


def test_an_export_is_on_the_log_of_access_that_it_holds(room: Room) -> None:
    handed(room.ana, room.eva)
    _, record, _ = handed(room.others["manager"], room.eva)
    assert [access["operation"] for access in record["accesses"]] == ["exported", "exported"]


def test_the_printed_record_says_it_in_words(room: Room) -> None:
    written(room)
    for language in ("en", "es"):
        with speaking(language):
            printed = record_pdf.document(export.gather(Administrator(), room.eva, has_subjective=False))
        with pikepdf.open(io.BytesIO(printed)) as opened:
            assert len(opened.pages) >= 1


def test_the_command_writes_an_archive_only_its_owner_can_read_and_never_over_another(
    room: Room, tmp_path: Path
) -> None:
    written(room)
    [(number,)] = rows("select number from patient where given_name = 'Eva'")
    target = tmp_path / "copy.zip"

    def exported(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(patients_command, ["export", *arguments, "--output", str(target)])
        return done.exit_code, done.output

    assert exported("999999") == (1, "Error: There is no file with this number.\n")
    assert not target.exists()
    status, said = exported(str(number), "--subjective")
    assert (status, SECRET in said) == (0, False)
    assert target.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(target) as files:
        assert APART in files.read("record.json").decode()
    status, said = exported(str(number))
    assert status == 1
    assert "nothing was written" in said
