"""Notes: a draft is saved, signed and locked, added to; nobody but its author sees that it exists."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from dashboard import db
from dashboard.access.actor import ChangedSinceError, NotAllowedError, NotFoundError, RuleBrokenError, transaction
from dashboard.clinical import commands, queries
from dashboard.db import DatabaseRefusal
from tests.dashboard.billing.conftest import owner, rows
from tests.dashboard.clinical.conftest import SECRET, Room, held, join_care


def test_a_note_is_written_signed_and_added_to(room: Room) -> None:
    note = room.note(subjective="I felt tired")
    assert [fact.id for fact in queries.unsigned_notes(room.ana)] == [note]
    assert queries.unsigned_count(room.ana) == 1
    commands.sign_note(room.ana, note, 2)
    commands.add_addendum(room.ana, note, "She rang later.")
    opened = queries.open_note(room.ana, note)
    assert opened.sections == {"assessment": SECRET}
    assert opened.subjective == "I felt tired"
    assert [added.text for added in opened.addenda] == ["She rang later."]
    assert opened.fact.signed_at
    assert queries.unsigned_notes(room.ana) == []
    assert [fact.id for fact in queries.notes_of_patient(room.ana, room.eva)] == [note]


def test_starting_a_note_twice_gives_the_same_note(room: Room) -> None:
    assert room.note() == commands.start_note(room.ana, room.session, room.eva)


def test_a_session_without_a_note_is_listed_until_it_has_one(room: Room) -> None:
    assert [row.appointment_id for row in queries.sessions_without_note(room.ana)] == [room.session]
    room.note()
    assert queries.sessions_without_note(room.ana) == []


def test_a_draft_saved_elsewhere_is_not_overwritten(room: Room) -> None:
    note = room.note()
    with pytest.raises(ChangedSinceError):
        commands.save_draft(room.ana, note, 1, {"plan": "Other"})
    assert queries.open_note(room.ana, note).sections == {"assessment": SECRET}


def test_an_empty_note_is_not_signed_and_an_unknown_section_not_saved(room: Room) -> None:
    note = commands.start_note(room.ana, room.session, room.eva)
    with pytest.raises(RuleBrokenError, match="empty"):
        commands.sign_note(room.ana, note, 1)
    with pytest.raises(RuleBrokenError, match="section"):
        commands.save_draft(room.ana, note, 1, {"gossip": "x"})
    with pytest.raises(RuleBrokenError, match="not signed yet"):
        commands.add_addendum(room.ana, note, "Too early")


def test_a_draft_can_be_discarded_and_a_signed_note_cannot(room: Room) -> None:
    note = room.note()
    commands.discard_draft(room.ana, note, 2)
    assert queries.notes_of_patient(room.ana, room.eva) == []
    signed = room.note(sign=True)
    with pytest.raises(RuleBrokenError, match="never changes"):
        commands.discard_draft(room.ana, signed, 3)


@pytest.mark.parametrize("days", [-2])
def test_nothing_is_written_about_a_session_ahead(room: Room, days: int) -> None:
    [(site, service)] = rows("select site_id, service_id from appointment where id = :id", id=room.session)
    ahead = held(room.ana.therapist_id or 0, site, service, room.eva, days, "booked")
    with pytest.raises(RuleBrokenError, match="begun"):
        commands.start_note(room.ana, ahead, room.eva)


def test_notes_are_written_about_own_sessions_only(room: Room) -> None:
    with pytest.raises(NotFoundError):
        commands.start_note(room.ana, room.colleagues_session, room.tomas)
    with pytest.raises(NotFoundError):
        commands.start_note(room.ana, room.session, room.tomas)


CHANGES = (
    "update session_note set sealed = '\\x00'",
    "update session_note set status = 'draft', signed_at = null",
    "delete from session_note",
    "update note_addendum set sealed = '\\x00'",
    "delete from note_addendum",
)


@pytest.mark.parametrize("statement", CHANGES)
def test_what_is_signed_never_changes_not_even_by_the_owner_of_the_schema(room: Room, statement: str) -> None:
    commands.add_addendum(room.ana, room.note(sign=True), "Later")
    with pytest.raises(DatabaseRefusal, match="rule"), db.administration() as session:
        session.execute(text(statement))
    with owner() as connection:  # without the trigger it would change
        for table in ("session_note", "note_addendum"):
            connection.exec_driver_sql(f"alter table {table} disable trigger user")
        connection.exec_driver_sql("alter table note_addendum drop constraint fk_note_addendum_note_id_session_note")
        assert connection.exec_driver_sql(statement).rowcount == 1
        connection.rollback()


def test_nobody_but_the_author_finds_a_note(room: Room) -> None:
    note = room.note(sign=True)
    join_care(room.luis, room.eva)  # the care team opens the history, not a colleague's notes
    for ask in (queries.open_note, lambda actor, id_: commands.add_addendum(actor, id_, "x")):
        with pytest.raises(NotFoundError):
            ask(room.luis, note)
        for actor in room.others.values():
            with pytest.raises((NotFoundError, NotAllowedError)):
                ask(actor, note)
    assert queries.search_notes(room.luis, "Quokka").hits == []


@pytest.mark.parametrize("role", ["therapist", "manager", "front_desk", "auditor"])
@pytest.mark.parametrize("table", ["session_note", "note_addendum", "clinical_history_version", "patient_key"])
def test_the_database_itself_shows_others_nothing(room: Room, role: str, table: str) -> None:
    commands.add_addendum(room.ana, room.note(sign=True), "Later")
    commands.write_history(room.ana, room.eva, 0, {"medication": SECRET})
    actor = room.luis if role == "therapist" else room.others[role]
    count = text(f"select count(*) from {table}")
    with transaction(room.ana) as session:
        assert session.execute(count).scalar_one() == 1
    # The office has keys of its own, for documents, and sees no others.
    if role == "therapist" or (table == "patient_key" and role != "auditor"):
        with transaction(actor) as session:
            assert session.execute(count).scalar_one() == 0
    else:
        with pytest.raises(DatabaseRefusal, match="not_allowed"), transaction(actor) as session:
            session.execute(count)


def test_a_search_looks_in_ones_own_notes_without_accents_and_says_in_how_many(room: Room) -> None:
    note = room.note("Le angustia la operación de su madre.", sign=True)
    found = queries.search_notes(room.ana, "OPERACION")
    assert [(hit.fact.id, found.searched, found.is_all) for hit in found.hits] == [(note, 1, True)]
    assert "operación" in found.hits[0].snippet
    assert queries.search_notes(room.ana, "viaje", patient_id=room.eva).hits == []


def test_the_template_is_chosen_by_each_therapist(room: Room) -> None:
    commands.choose_template(room.ana, "dap")
    commands.choose_template(room.ana, "birp")
    assert queries.template_of(room.ana) == "birp"
    assert queries.template_of(room.luis) == "soap"
    note = commands.start_note(room.ana, room.session, room.eva)
    assert queries.open_note(room.ana, note).fact.template_code == "birp"


SEALED = {"session_note": "sealed_subjective", "note_addendum": "sealed", "clinical_history_version": "sealed"}


@pytest.mark.parametrize("table", SEALED)
def test_not_even_its_author_reads_a_text_from_its_table_past_the_record(room: Room, table: str) -> None:
    commands.add_addendum(room.ana, room.note(sign=True), "Later")
    commands.write_history(room.ana, room.eva, 0, {"medication": SECRET})
    past = text(f"select {SEALED[table]} from {table}")
    with pytest.raises(DatabaseRefusal, match="not_allowed"), transaction(room.ana) as session:
        session.execute(past)
    with db.administration() as session:  # the owner of the schema could
        assert session.execute(past).all()


def test_the_database_hands_a_text_out_to_its_author_alone_and_notes_each(room: Room) -> None:
    note = room.note(sign=True)
    opened = text("select row_id from open_sealed('session_note', array[cast(:note as bigint)], 'read')")
    noted = "select count(*) from audit_log where operation = 'opened' and table_name = 'session_note'"
    before = rows(noted)[0][0]
    for other in (room.luis, *room.others.values()):
        with transaction(other) as session:
            assert session.execute(opened, {"note": note}).all() == []
    assert rows(noted)[0][0] == before
    with transaction(room.ana) as session:
        assert session.execute(opened, {"note": note}).all() == [(note,)]
    assert rows(noted)[0][0] == before + 1


def test_what_a_search_goes_through_is_one_entry_with_its_number(room: Room) -> None:
    room.note()
    queries.search_notes(room.ana, "nothing like it")
    found = rows("select rows, patient_id, row_key from audit_log where reason = 'search'")
    assert found == [(1, None, None)]
