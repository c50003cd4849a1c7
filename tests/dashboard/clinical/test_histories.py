"""Histories: versions are added, never overwritten; the care team reads and writes, nobody else."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from dashboard import db
from dashboard.access.actor import ChangedSinceError, NotAllowedError, NotFoundError, RuleBrokenError
from dashboard.clinical import commands, pdf, queries, rules
from dashboard.db import DatabaseRefusal
from tests.dashboard.billing.conftest import rows
from tests.dashboard.clinical.conftest import SECRET, Room, join_care


def test_every_save_is_a_version_and_the_first_opens_the_history(room: Room) -> None:
    assert queries.history(room.ana, room.eva).version == 0
    assert commands.write_history(room.ana, room.eva, 0, {"medication": "None"}) == 1
    assert commands.write_history(room.ana, room.eva, 1, {"medication": SECRET, "operations": " "}) == 2
    assert queries.history(room.ana, room.eva).sections == {"medication": SECRET}
    assert queries.history(room.ana, room.eva, 1).sections == {"medication": "None"}
    assert [fact.version for fact in queries.history_versions(room.ana, room.eva)] == [2, 1]
    assert [row.opened_by_id for row in rows("select opened_by_id from clinical_history")] == [room.ana.therapist_id]


def test_opening_a_history_twice_changes_nothing(room: Room) -> None:
    for _ in range(2):
        commands.open_history(room.ana, room.eva)
    assert len(rows("select 1 from clinical_history")) == 1


def test_who_wrote_meanwhile_is_not_overwritten(room: Room) -> None:
    join_care(room.luis, room.eva)
    commands.write_history(room.luis, room.eva, 0, {"medication": "Of Luis"})
    with pytest.raises(ChangedSinceError):
        commands.write_history(room.ana, room.eva, 0, {"medication": "Of Ana"})
    assert queries.history(room.ana, room.eva).sections == {"medication": "Of Luis"}


def test_an_empty_history_and_an_unknown_section_are_refused(room: Room) -> None:
    for sections in ({"medication": "  "}, {"gossip": "x"}, {"medication": "x" * (rules.LONGEST_TEXT + 1)}):
        with pytest.raises(RuleBrokenError):
            commands.write_history(room.ana, room.eva, 0, sections)


def test_nobody_outside_the_care_of_a_file_learns_of_its_history(room: Room) -> None:
    commands.write_history(room.ana, room.eva, 0, {"medication": SECRET})
    for ask in (queries.history, queries.history_versions, queries.record_to_print, commands.open_history):
        with pytest.raises(NotFoundError):
            ask(room.luis, room.eva)
        for actor in room.others.values():
            with pytest.raises(NotAllowedError):
                ask(actor, room.eva)
    assert room.eva not in {file.patient_id for file in queries.files_in_care(room.luis)}


def test_the_care_team_reads_the_history(room: Room) -> None:
    commands.write_history(room.ana, room.eva, 0, {"medication": SECRET})
    join_care(room.luis, room.eva)
    assert queries.history(room.luis, room.eva).sections == {"medication": SECRET}
    assert room.eva in {file.patient_id for file in queries.files_in_care(room.luis)}


@pytest.mark.parametrize("statement", ["update {} set version = 9", "delete from {}"])
def test_a_version_never_changes_not_even_by_the_owner_of_the_schema(room: Room, statement: str) -> None:
    commands.write_history(room.ana, room.eva, 0, {"medication": SECRET})
    with pytest.raises(DatabaseRefusal, match="rule"), db.administration() as session:
        session.execute(text(statement.format("clinical_history_version")))


def test_differences_name_what_was_added_and_removed_by_section() -> None:
    [found] = rules.differences(
        {"medication": "Takes 20 mg daily", "operations": "None"}, {"medication": "Takes 40 mg", "operations": "None"}
    )
    assert found.section == "medication"
    assert found.parts == [
        ("same", "Takes"),
        ("removed", "20"),
        ("added", "40"),
        ("same", "mg"),
        ("removed", "daily"),
    ]


def test_a_print_has_the_history_and_own_signed_notes(room: Room) -> None:
    commands.write_history(room.ana, room.eva, 0, {"medication": SECRET})
    room.note("Años de niñez", sign=True)
    found, notes = queries.record_to_print(room.ana, room.eva)
    blocks = [pdf.Block("Ñ", "–", list(found.sections.items())), pdf.Block("2", "", list(notes[0].sections.items()))]
    assert pdf.document("Historia clínica", "…", blocks).startswith(b"%PDF")
    assert pdf.printable("Años “ü” – 漢") == 'Años "ü" - ?'
