"""Documents: sealed, for those who may open them, put away and taken out again, and every opening on record."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from dashboard.access import audit
from dashboard.access.actor import NotFoundError, RuleBrokenError, transaction
from dashboard.access.audit import Filter
from dashboard.clinical import commands, documents, key_care
from dashboard.clinical.errors import SealError
from tests.dashboard.billing.conftest import owner, rows
from tests.dashboard.clinical.conftest import Room
from tests.dashboard.clinical.test_document_reading import pdf, picture

NAME = "Informe Quokka-7731"


def add(room: Room, actor: object = None, *, is_clinical: bool = True, kind: str = "report") -> int:
    return documents.add(actor or room.ana, room.eva, kind, f"{NAME}.exe", pdf(), is_clinical=is_clinical)


def test_a_document_comes_back_as_it_was_stored_and_its_opening_is_on_record(room: Room) -> None:
    added = add(room)
    [listed] = documents.documents(room.ana, room.eva)
    assert (listed.id, listed.name, listed.kind, listed.is_clinical) == (added, f"{NAME}.pdf", "report", True)
    found = documents.open_document(room.ana, added)
    assert found.content.startswith(b"%PDF-")
    assert len(found.content) == listed.size
    noted = audit.entries(room.others["auditor"], Filter(patient_id=room.eva, operation="opened"))
    assert (noted["table_name"].iloc[0], noted["row_key"].iloc[0]) == ("document", str(added))


def test_neither_name_nor_content_is_in_the_database(room: Room) -> None:
    add(room)
    stored = rows("select cast(d as text), sealed, sealed_name from document as d")[0]
    assert NAME not in stored[0]
    assert b"%PDF" not in bytes(stored[1])
    assert NAME.encode() not in bytes(stored[2])


def test_a_clinical_document_is_for_the_care_team_and_another_for_the_office_too(room: Room) -> None:
    report, card = add(room), add(room, is_clinical=False, kind="identity")
    for office in ("manager", "front_desk"):
        assert [found.id for found in documents.documents(room.others[office], room.eva)] == [card]
        assert documents.open_document(room.others[office], card).media_type == "application/pdf"
        with pytest.raises(NotFoundError):
            documents.open_document(room.others[office], report)
    assert documents.documents(room.luis, room.eva) == []
    for hidden in (report, card):
        with pytest.raises(NotFoundError):
            documents.open_document(room.luis, hidden)


def test_the_office_adds_what_is_not_clinical(room: Room) -> None:
    desk = room.others["front_desk"]
    added = documents.add(desk, room.eva, "authorisation", "scan.png", picture(), is_clinical=False)
    assert documents.open_document(room.ana, added).name == "scan.png"
    with pytest.raises(RuleBrokenError):
        add(room, desk)
    with pytest.raises(RuleBrokenError):
        add(room, desk, kind="gossip", is_clinical=False)
    with pytest.raises(NotFoundError):
        documents.add(room.luis, room.eva, "report", "x.pdf", pdf(), is_clinical=True)


def test_what_was_put_away_is_off_the_list_and_comes_back(room: Room) -> None:
    added = add(room)
    documents.put_away(room.ana, added)
    [found] = documents.documents(room.ana, room.eva)
    assert found.put_away_at is not None
    documents.take_out(room.ana, added)
    [found] = documents.documents(room.ana, room.eva)
    assert found.put_away_at is None
    with pytest.raises(NotFoundError):
        documents.put_away(room.luis, added)


@pytest.mark.parametrize(
    "change",
    [
        "update document set patient_id = :other",
        "update document set sealed = (select d.sealed from document as d where d.id <> document.id limit 1)",
        "update document set sha256 = sha256('x')",
        "update document set sealed_name = sealed",
    ],
)
def test_a_document_that_was_moved_or_changed_is_not_opened(room: Room, change: str) -> None:
    added = add(room)
    add(room)
    with owner() as connection:
        connection.execute(text(change), {"other": room.tomas})
    reader = room.luis if "patient_id" in change else room.ana
    with pytest.raises(SealError):
        documents.open_document(reader, added)
    assert bool(key_care.check().failed) == ("sha256" not in change)


@pytest.mark.parametrize(
    ("given", "called"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\fakepath\\informe.PDF", "informe.pdf"),
        ("<b>x</b>.pdf", "b_.pdf"),
        ("  \u202eexe.gpj.pdf", "_exe_gpj.pdf"),
        ("", "document.pdf"),
        ("a" * 300, "a" * 120 + ".pdf"),
    ],
)
def test_a_name_is_kept_only_as_a_name(given: str, called: str) -> None:
    assert documents.file_name(given, "application/pdf") == called


OPEN = text("select row_id from open_sealed(:about, array[cast(:id as bigint)], 'read')")


def test_the_database_hands_each_sealed_text_to_whoever_may_open_it_and_to_nobody_else(room: Room) -> None:
    note = room.note(sign=True)
    office = {room.others[role] for role in ("manager", "front_desk")}
    everybody = {room.ana, room.luis, *room.others.values()}
    commands.write_history(room.ana, room.eva, 0, {"medication": NAME})
    [(history,)] = rows("select id from clinical_history_version")
    for about, row, may in (
        ("session_note", note, {room.ana}),
        ("note_addendum", commands.add_addendum(room.ana, note, "Later"), {room.ana}),
        ("clinical_history_version", history, {room.ana}),
        ("document", add(room), {room.ana}),
        ("document", add(room, is_clinical=False), {room.ana, *office}),
    ):
        handed = set()
        for person in everybody:
            with transaction(person) as session:
                if session.execute(OPEN, {"about": about, "id": row}).all():
                    handed.add(person)
        assert handed == may, about
