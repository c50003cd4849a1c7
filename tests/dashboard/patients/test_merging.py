"""Merging: nothing of either file is lost, what is to come goes on in one file, and undoing leaves things as before."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from dashboard import clock
from dashboard.access.actor import NotAllowedError, NotFoundError, RuleBrokenError
from dashboard.clinical import queries as records
from dashboard.consent.models import Consent, ConsentTemplate
from dashboard.db import DatabaseRefusal
from dashboard.patients import commands, duplicates, episodes, merging, queries, rights, search
from dashboard.patients.models import Patient
from dashboard.record import export, timeline
from tests.dashboard.billing.conftest import add, owner, rows
from tests.dashboard.clinical.conftest import SECRET, Room, held
from tests.dashboard.clinical.conftest import key_file as key_file  # noqa: PLC0414 - a fixture
from tests.dashboard.clinical.conftest import room as room  # noqa: PLC0414 - a fixture

STATE = """
select string_agg(told, E'\\n' order by told) from (
    select cast(to_jsonb(p) - 'version' - 'updated_at' as text) as told from patient as p
    union all select cast(a as text) from appointment_patient as a
    union all select cast(c as text) from consent as c
    union all select cast(m as text) from care_team as m
    union all select cast(e as text) from care_episode as e
) as everything
"""


def run(statement: str, **values: object) -> None:
    with owner() as connection:
        connection.execute(text(statement), values)


def ahead(room: Room, patient: int, days: int = 3) -> int:
    [(therapist, site, service)] = rows("select therapist_id, site_id, service_id from appointment order by id limit 1")
    return held(therapist, site, service, patient, days_ago=-days, state="booked")


def consent(patient: int, state: str = "requested") -> int:
    [(template,)] = rows("select max(id) from consent_template") or [(None,)]
    template = template or add(
        ConsentTemplate,
        kind="treatment",
        language="en",
        version=1,
        title="Treatment",
        body="Text",
        text_sha256=hashlib.sha256(b"Text").hexdigest(),
        signed_by="patient",
        required_when="always",
    )
    return add(Consent, patient_id=patient, template_id=template, state=state, requested_on=date(2026, 1, 1))


def test_what_is_to_come_moves_and_the_past_stays(room: Room) -> None:
    desk = room.others["front_desk"]
    run("update patient set telephone = '+34600111222', profession = 'Sailor' where id = :id", id=room.tomas)
    run("update patient set profession = 'Nurse' where id = :id", id=room.eva)
    coming, asked = ahead(room, room.tomas), consent(room.tomas)
    made = merging.merge(desk, room.eva, room.tomas)
    kept, gone = (queries.patient_file(desk, each) for each in (room.eva, room.tomas))
    assert (kept.telephone, kept.profession, gone.status) == ("+34600111222", "Nurse", "merged")
    whose = "select patient_id from appointment_patient where appointment_id = :id"
    with owner() as connection:
        assert connection.execute(text(whose), {"id": coming}).scalar() == room.eva
        assert connection.execute(text(whose), {"id": room.colleagues_session}).scalar() == room.tomas
    assert rows("select patient_id from consent")[0][0] == room.eva
    assert asked
    [found] = merging.merges(desk, room.tomas)
    assert (found.id, found.kept_id, found.merged_id) == (made, room.eva, room.tomas)
    assert merging.merges(desk, room.eva) == [found]


def test_undoing_leaves_everything_as_it_was(room: Room) -> None:
    desk = room.others["front_desk"]
    run("update patient set telephone = '+34600111222', address_line = 'Here 1', id_kind = 'passport', id_value = 'X1'"
        " where id = :id", id=room.tomas)  # fmt: skip
    ahead(room, room.tomas)
    consent(room.tomas)
    before = rows(STATE)
    made = merging.merge(desk, room.eva, room.tomas)
    assert rows(STATE) != before
    merging.undo(desk, made)
    assert rows(STATE) == before
    assert merging.merges(desk, room.eva) == []
    with pytest.raises(NotFoundError):
        merging.undo(desk, made)


def test_undoing_keeps_what_somebody_changed_since(room: Room) -> None:
    desk = room.others["front_desk"]
    run("update patient set telephone = '+34600111222', profession = 'Sailor' where id = :id", id=room.tomas)
    coming = ahead(room, room.tomas)
    made = merging.merge(desk, room.eva, room.tomas)
    commands.change_file(
        desk, room.eva, queries.patient_file(desk, room.eva).version, {"telephone": "+34 611 22 33 44"}
    )
    run("update appointment set starts_at = now() - interval '2 hours', ends_at = now() - interval '1 hour',"
        " state = 'attended' where id = :id", id=coming)  # fmt: skip
    merging.undo(desk, made)
    kept = queries.patient_file(desk, room.eva)
    assert (kept.telephone, kept.profession) == ("+34611223344", None)
    with owner() as connection:
        found = connection.execute(
            text("select patient_id from appointment_patient where appointment_id = :id"), {"id": coming}
        )
        assert found.scalar() == room.eva


def test_both_histories_are_read_by_the_therapists_of_both_and_found_in_one_timeline(room: Room) -> None:
    desk = room.others["front_desk"]
    room.note(sign=True)
    assert records.files_in_care(room.luis)[0].patient_id == room.tomas
    merging.merge(desk, room.tomas, room.eva)
    assert {file.patient_id for file in records.files_in_care(room.luis)} == {room.tomas, room.eva}
    assert {file.patient_id for file in records.files_in_care(room.ana)} == {room.tomas, room.eva}
    told = timeline.timeline(desk, room.tomas, "Europe/Madrid", ("sessions",))
    assert set(told["record_id"]) == {room.session, room.colleagues_session}
    handed = export.gather(room.ana, room.tomas, has_subjective=False)
    assert [note.sections for note in handed.clinical.notes] == [{"assessment": SECRET}]
    assert len(handed.held["person"]) == 2


def test_a_merged_file_is_read_and_not_changed_nor_listed(room: Room) -> None:
    desk = room.others["front_desk"]
    merging.merge(desk, room.eva, room.tomas)
    gone = queries.patient_file(desk, room.tomas)
    with pytest.raises(RuleBrokenError, match="merged"):
        commands.change_file(desk, room.tomas, gone.version, {"profession": "Sailor"})
    with pytest.raises(RuleBrokenError, match="merged"):
        episodes.discharge(desk, room.tomas, gone.version, clock.today("Europe/Madrid"), "completed")
    with pytest.raises(Exception, match="merged"):
        run("update patient set profession = 'Sailor' where id = :id", id=room.tomas)
    assert list(search.files_matching(desk)["patient_id"]) == [room.eva]
    assert list(search.pages_matching(desk, status="merged").page(25, 0)["patient_id"]) == [room.tomas]
    assert duplicates.likely_duplicates(desk, {"given_name": gone.given_name, "surname_1": gone.surname_1}) == []


def test_what_cannot_be_merged_says_why_and_changes_nothing(room: Room) -> None:
    desk, manager = room.others["front_desk"], room.others["manager"]
    third = add(Patient, given_name="Eva")
    before = rows(STATE)
    for kept, gone in ((room.eva, room.eva), (room.eva, 999_999)):
        with pytest.raises((RuleBrokenError, NotFoundError)):
            merging.merge(desk, kept, gone)
    with pytest.raises(NotAllowedError):
        merging.merge(room.ana, room.eva, room.tomas)
    assert rows(STATE) == before
    merging.merge(desk, room.eva, room.tomas)
    for kept, gone in ((third, room.eva), (room.tomas, third), (third, room.tomas)):
        with pytest.raises(RuleBrokenError, match="merged already"):
            merging.merge(desk, kept, gone)
    merging.merge(manager, room.eva, third)
    assert len(merging.merges(desk, room.eva)) == 2


def test_two_appointments_at_one_hour_stop_a_merge(room: Room) -> None:
    [(site, service)] = rows("select site_id, service_id from appointment limit 1")
    therapists = [row[0] for row in rows("select id from therapist order by id limit 2")]
    for therapist, patient in zip(therapists, (room.eva, room.tomas), strict=True):
        held(therapist, site, service, patient, days_ago=-3, state="booked")
    before = rows(STATE)
    with pytest.raises(RuleBrokenError, match="same hour"):
        merging.merge(room.others["front_desk"], room.eva, room.tomas)
    assert rows(STATE) == before


def test_a_restricted_file_keeps_its_appointments(room: Room) -> None:
    rights.restrict(room.others["manager"], room.eva, "She disputes what is written here.")
    with pytest.raises((RuleBrokenError, DatabaseRefusal), match=r"restricted|rule"):
        merging.merge(room.others["front_desk"], room.eva, room.tomas)


def test_a_merged_file_is_kept_as_long_as_the_other_and_erased_with_it(room: Room) -> None:
    desk, manager = room.others["front_desk"], room.others["manager"]
    room.note(sign=True)
    run("update patient set surname_1 = 'Quetzalia' where id = :id", id=room.eva)
    merging.merge(desk, room.tomas, room.eva)
    assert rights.due(manager, date(2100, 1, 1)).empty
    long_ago = clock.today("Europe/Madrid") - timedelta(days=3_000)
    for id_ in (room.eva, room.tomas):
        run("update care_episode set opened_on = :on, discharged_on = :on where patient_id = :id", on=long_ago, id=id_)
    run("update patient set opened_on = :on, status = 'discharged' where id = :id", on=long_ago, id=room.tomas)
    assert list(rights.due(manager, clock.today("Europe/Madrid"))["patient_id"]) == [room.tomas]
    rights.erase(manager, room.tomas, "person")
    assert rows("select count(*) from patient_key where wrapped is not null")[0][0] == 0
    assert rows("select count(*) from patient where surname_1 = 'Quetzalia'")[0][0] == 0
