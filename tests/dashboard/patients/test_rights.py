"""The patient's rights: what is restricted stays, what has to be kept is kept, and what is erased cannot be read."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from dashboard import clock
from dashboard.access.actor import NotAllowedError, NotFoundError, RuleBrokenError, transaction
from dashboard.clinical import commands as clinical
from dashboard.clinical import documents
from dashboard.clinical import queries as records
from dashboard.clinical.errors import KeyMissingError
from dashboard.db import DatabaseRefusal
from dashboard.patients import commands, episodes, queries, rights, search
from dashboard.record import export
from tests.dashboard.billing.conftest import owner, rows
from tests.dashboard.clinical.conftest import SECRET, Room, held
from tests.dashboard.clinical.conftest import key_file as key_file  # noqa: PLC0414 - a fixture
from tests.dashboard.clinical.conftest import room as room  # noqa: PLC0414 - a fixture
from tests.dashboard.clinical.test_document_reading import pdf

WHY = "She disputes what is written here."


def run(statement: str, **values: object) -> None:
    with owner() as connection:
        connection.execute(text(statement), values)


def discharged(room: Room, years_ago: float) -> None:
    """Let Eva's care have ended some years ago."""
    on = clock.today("Europe/Madrid") - timedelta(days=int(365.25 * years_ago) + 2)
    run(
        "update patient set opened_on = :on, discharged_on = :on, status = 'discharged' where id = :id",
        on=on,
        id=room.eva,
    )
    run("update care_episode set opened_on = :on, discharged_on = :on where patient_id = :id", on=on, id=room.eva)


def test_what_is_restricted_is_read_and_neither_changed_nor_booked(room: Room) -> None:
    manager = room.others["manager"]
    rights.restrict(manager, room.eva, WHY)
    standing = rights.restriction(room.ana, room.eva)
    assert standing is not None
    assert standing.reason == WHY
    assert rights.restriction(room.luis, room.eva) is None
    file = queries.patient_file(room.ana, room.eva)
    for attempt in (
        lambda: commands.change_file(room.ana, room.eva, file.version, {"profession": "Sailor"}),
        lambda: held(1, 1, 1, room.eva, days_ago=-3, state="booked"),
    ):
        with pytest.raises(Exception, match=r"restricted|rule"):
            attempt()
    with pytest.raises(RuleBrokenError, match="already"):
        rights.restrict(manager, room.eva, WHY)
    rights.lift(manager, standing.id)
    assert rights.restriction(room.ana, room.eva) is None
    commands.change_file(room.ana, room.eva, file.version, {"profession": "Sailor"})
    with pytest.raises(NotFoundError):
        rights.lift(manager, standing.id)


def test_only_a_manager_restricts_and_says_why(room: Room) -> None:
    with pytest.raises(RuleBrokenError, match="why"):
        rights.restrict(room.others["manager"], room.eva, "no")
    with pytest.raises(NotAllowedError):
        rights.restrict(room.others["front_desk"], room.eva, WHY)


def test_while_care_goes_on_nothing_is_due(room: Room) -> None:
    manager = room.others["manager"]
    kept = rights.retention(manager, room.eva)
    assert (kept.care_ended, kept.clinical_until, kept.person_until, kept.erased) == (None, None, None, {})
    assert rights.due(manager, date(2100, 1, 1)).empty
    for kind in ("clinical", "person"):
        with pytest.raises(RuleBrokenError, match="longer"):
            rights.erase(manager, room.eva, kind)


def test_a_record_is_kept_five_years_from_the_last_discharge(room: Room) -> None:
    manager = room.others["manager"]
    discharged(room, 4.9)
    kept = rights.retention(manager, room.eva)
    assert kept.care_ended is not None
    assert kept.clinical_until == kept.care_ended.replace(year=kept.care_ended.year + 5)
    with pytest.raises(RuleBrokenError, match="longer"):
        rights.erase(manager, room.eva, "clinical")
    rights.change_rule(manager, "clinical", 20, "Another law")
    assert (rights.retention(manager, room.eva).clinical_until or date.max) > kept.clinical_until
    for years, law in ((0, "x"), (5, " ")):
        with pytest.raises(RuleBrokenError):
            rights.change_rule(manager, "clinical", years, law)


def test_another_episode_keeps_the_record(room: Room) -> None:
    manager = room.others["manager"]
    discharged(room, 5)
    assert list(rights.due(manager, clock.today("Europe/Madrid"))["patient_id"]) == [room.eva]
    episodes.reopen(manager, room.eva, queries.patient_file(manager, room.eva).version)
    assert rights.due(manager, clock.today("Europe/Madrid")).empty
    with pytest.raises(RuleBrokenError, match="longer"):
        rights.erase(manager, room.eva, "clinical")


def test_erasing_the_clinical_record_leaves_no_text_to_read(room: Room) -> None:
    manager = room.others["manager"]
    note = room.note(sign=True)
    clinical.write_history(room.ana, room.eva, 0, {"medication": SECRET})
    report = documents.add(room.ana, room.eva, "report", "report.pdf", pdf(), is_clinical=True)
    discharged(room, 5)
    rights.erase(manager, room.eva, "clinical")
    for opening in (
        lambda: records.open_note(room.ana, note),
        lambda: records.history(room.ana, room.eva),
        lambda: documents.open_document(room.ana, report),
    ):
        with pytest.raises(KeyMissingError):
            opening()
    assert documents.documents(room.ana, room.eva) == []
    handed = export.gather(room.ana, room.eva, has_subjective=True)
    assert (handed.clinical.histories, handed.clinical.notes, handed.clinical.documents) == ([], [], [])
    assert handed.held["person"][0]["given_name"] == "Eva"
    assert set(rights.retention(manager, room.eva).erased) == {"clinical"}
    assert rows("select count(*) from patient_key where wrapped is not null")[0][0] == 0
    assert queries.patient_file(manager, room.eva).given_name == "Eva"


def test_an_invoice_keeps_the_person_longer_than_the_record(room: Room) -> None:
    manager = room.others["manager"]
    discharged(room, 5)
    run(
        "insert into payment (patient_id, method, amount_cents, received_on, idempotency_key)"
        " values (:id, 'cash', 6000, :on, 'k')",
        id=room.eva,
        on=clock.today("Europe/Madrid") - timedelta(days=365 * 5),
    )
    [due] = rights.due(manager, clock.today("Europe/Madrid")).to_dict("records")
    assert due["clinical_until"] <= clock.today("Europe/Madrid") < due["person_until"]
    with pytest.raises(RuleBrokenError, match="longer"):
        rights.erase(manager, room.eva, "person")
    rights.erase(manager, room.eva, "clinical")
    assert rights.due(manager, clock.today("Europe/Madrid")).empty


def test_an_erased_person_has_no_name_left(room: Room) -> None:
    manager = room.others["manager"]
    secret = "Quetzalia"
    run("update patient set given_name = :name, surname_1 = :name, email = 'q@example.org', telephone = '+34600111222',"
        " emergency_name = :name, profession = :name where id = :id", name=secret, id=room.eva)  # fmt: skip
    run(
        "insert into guardian (patient_id, given_name, relation) values (:id, :name, 'mother')",
        id=room.eva,
        name=secret,
    )
    run("insert into external_ref (source, entity, external_id, local_id, content_sha256)"
        " values ('s', 'patient', :name, :id, sha256('1'))", id=room.eva, name=secret)  # fmt: skip
    discharged(room, 7)
    run("insert into invoice_series (code, last_number) values ('A', 1) on conflict do nothing")
    run("insert into invoice (series, number, patient_id, issued_on, due_on, total_cents, recipient_name, issuer_name)"
        " values ('A', 1, :id, '2010-01-01', '2010-01-01', 0, :name, 'P')", id=room.eva, name=secret)  # fmt: skip
    rights.restrict(manager, room.eva, WHY)
    rights.erase(manager, room.eva, "person")
    told = rows(
        "select string_agg(found, ' ') from (select cast(p as text) as found from patient as p"
        " union all select cast(g as text) from guardian as g union all select cast(i as text) from invoice as i"
        " union all select key from patient_lookup union all select cast(e as text) from external_ref as e"
        " union all select cast(l as text) from audit_log as l) as everything"
    )[0][0]
    assert secret.lower() not in told.lower()
    assert "q@example.org" not in told
    assert "600111222" not in told
    assert search.files_matching(manager, secret).empty
    assert set(rights.retention(manager, room.eva).erased) == {"clinical", "person"}
    assert rights.due(manager, clock.today("Europe/Madrid")).empty


def test_nobody_but_a_manager_erases(room: Room) -> None:
    discharged(room, 7)
    for other in (room.others["front_desk"], room.ana):
        with pytest.raises(NotAllowedError):
            rights.erase(other, room.eva, "clinical")


def test_when_a_person_is_erased_nothing_but_names_leaves_what_never_changes(room: Room) -> None:
    run("insert into payment (patient_id, method, amount_cents, received_on, reference)"
        " values (:id, 'cash', 6000, '2026-01-01', 'Eva')", id=room.eva)  # fmt: skip
    for change, is_done in (
        ("update payment set reference = null", True),
        ("update payment set amount_cents = 1", False),
        ("update payment set reference = null, amount_cents = 1", False),
        ("update audit_log set user_id = null, reason = 'x'", False),
        ("delete from payment", False),
    ):
        with nullcontext() if is_done else pytest.raises(Exception, match="never change"), owner() as connection:
            connection.execute(text("select set_config('app.erasing', 'on', true)"))
            connection.execute(text(change))
    with pytest.raises(Exception, match="never change"):
        run("update payment set reference = 'x'")


def test_the_database_refuses_what_a_person_may_not(room: Room) -> None:
    for role in ("front_desk", "auditor"):
        with pytest.raises(DatabaseRefusal, match="not_allowed"), transaction(room.others[role]) as session:
            session.execute(text("select erase_clinical(:id)"), {"id": room.eva})
