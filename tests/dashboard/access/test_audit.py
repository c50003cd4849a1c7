"""The audit log: every write, reading, refusal and export is on record, without a value; nothing leaves it unseen."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from dashboard import db
from dashboard.access import audit, chain
from dashboard.access.actor import Actor, NotAllowedError, transaction
from dashboard.access.audit import Filter
from dashboard.config import settings
from dashboard.patients import commands as patients
from dashboard.team.models import Therapist
from tests.acting import newcomer
from tests.conftest import Database, run_command

SECRET_NAME, SECRET_MAIL = "Zacarías", "zacarias@example.org"


@pytest.fixture
def desk(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Actor:
    """Return somebody of the front desk; keys and anchors are kept in a folder of the test's."""
    monkeypatch.setenv("INTERSESSION_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    return newcomer("front_desk")


@pytest.fixture
def auditor(desk: Actor) -> Actor:
    """Return the auditor."""
    return newcomer("auditor")


def tamper(database: Database, *statements: str) -> None:
    """Change the log as somebody could who owns the server."""
    with psycopg.connect(database.url, options="-c search_path=practice") as connection:
        connection.execute("set session_replication_role = replica")
        for statement in statements:
            connection.execute(statement)


def log_of(auditor: Actor, **chosen: object) -> list[tuple[object, ...]]:
    """Return who did what to which row, the latest first."""
    found = audit.entries(auditor, Filter(**chosen), limit=1_000)  # type: ignore[arg-type]
    return list(found[["name", "operation", "table_name", "row_key"]].itertuples(index=False, name=None))


def test_a_write_is_on_record_with_the_person_and_the_columns_and_without_a_value(
    desk: Actor, auditor: Actor, database: Database
) -> None:
    file = patients.open_file(desk, {"given_name": SECRET_NAME, "email": SECRET_MAIL})
    version = 1
    patients.change_file(desk, file, version, {"given_name": SECRET_NAME + "x"})
    found = audit.entries(auditor, Filter(patient_id=file))
    on_record = sorted(zip(found["table_name"], found["operation"], strict=True))
    assert on_record == [("care_episode", "insert"), ("patient", "insert"), ("patient", "update")]
    assert set(found["name"]) == {desk.display_name}
    assert "given_name" in found.set_index("operation").at["update", "changed"]
    with psycopg.connect(database.url) as connection:
        told = connection.execute("select string_agg(cast(l as text), '') from practice.audit_log as l").fetchone()
    assert told is not None
    assert SECRET_NAME not in told[0]
    assert SECRET_MAIL not in told[0]


def test_what_is_rolled_back_is_not_on_record_but_a_refusal_is(desk: Actor, auditor: Actor) -> None:
    with suppress(ZeroDivisionError), transaction(desk) as session:
        session.execute(text("insert into patient (given_name) values ('Nobody')"))
        raise ZeroDivisionError
    assert "patient" not in {row[2] for row in log_of(auditor, operation="insert")}
    audit.refused(desk, "audit")
    audit.refused(None, "billing")
    found = audit.entries(auditor, Filter(operation="refused"))
    assert list(found["table_name"]) == ["billing", "audit"]
    assert list(found["name"].fillna("nobody")) == ["nobody", desk.display_name]


def test_who_opened_a_file_is_told_to_those_who_see_it_and_to_nobody_else(desk: Actor) -> None:
    file = patients.open_file(desk, {"given_name": "Eva"})
    audit.opened(desk, "patient", file, patient_id=file)
    assert list(audit.openings_of_file(desk, file)["display_name"]) == [desk.display_name]
    with db.administration() as session:
        ana = Therapist(given_name="Ana")
        session.add(ana)
    assert audit.openings_of_file(newcomer("therapist", ana.id), file).empty
    with pytest.raises(NotAllowedError):
        audit.openings_of_file(newcomer("auditor"), file)


def test_the_log_is_the_auditors_alone(desk: Actor) -> None:
    with pytest.raises(NotAllowedError):
        audit.entries(newcomer("manager"), Filter())
    with pytest.raises(db.DatabaseRefusal), transaction(newcomer("manager")) as session:
        session.execute(text("select 1 from audit_log"))


@pytest.mark.parametrize(
    "statement", ["update audit_log set role = ''", "delete from audit_chain", "truncate audit_log"]
)
def test_not_even_the_owner_changes_it(desk: Actor, statement: str) -> None:
    with pytest.raises(db.DatabaseRefusal), db.administration() as session:
        session.execute(text(statement))


def test_a_session_says_its_own_name_only(desk: Actor, auditor: Actor) -> None:
    with pytest.raises(db.DatabaseRefusal) as refused, transaction(desk) as session:
        session.execute(text("insert into audit_log (user_id, operation, table_name) values (1, 'opened', 'x')"))
    assert refused.value.code == "not_allowed"
    audit.exported(desk, "patients")
    assert log_of(auditor, operation="exported")[0][:3] == (desk.display_name, "exported", "patients")


BROKEN = {
    "edited": ("update audit_log set table_name = 'x' where id = (select audit_id from audit_chain where seq = 2)",),
    "removed": ("delete from audit_log where id = (select audit_id from audit_chain where seq = 2)",),
    "removed with its link": (
        "delete from audit_log where id = (select audit_id from audit_chain where seq = 2)",
        "delete from audit_chain where seq = 2",
    ),
    "swapped": (
        "update audit_chain set audit_id = -1 where seq = 2",
        "update audit_chain set audit_id = (select audit_id - 1 from audit_chain where seq = 3) where seq = 3",
        "update audit_chain set audit_id = (select audit_id + 1 from audit_chain where seq = 3) where seq = 2",
    ),
    "added": ("insert into audit_log (operation, table_name) values ('opened', 'patient')",),
    "end cut": ("delete from audit_chain where seq > 3", "delete from audit_log where id > 3"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_log_that_was_tampered_with_is_found_out(desk: Actor, database: Database, how: str) -> None:
    for _ in range(6):
        audit.exported(desk, "patients")
    assert chain.verify().is_whole
    tamper(database, *BROKEN[how])
    assert not chain.verify().is_whole


def test_an_end_that_was_cut_off_with_the_head_set_back_is_found_by_an_anchor_alone(
    desk: Actor, database: Database
) -> None:
    for _ in range(6):
        audit.exported(desk, "patients")
    anchored = chain.anchor()
    tamper(
        database,
        "delete from audit_log where id in (select audit_id from audit_chain where seq > 3)",
        "delete from audit_chain where seq > 3",
        "update audit_head set (seq, hash) = (select seq, hash from audit_chain where seq = 3)",
    )
    found = chain.verify()
    assert (found.kind, found.broken_at) == ("cut", anchored)
    (settings().data_dir / chain.ANCHOR_FILE).unlink()
    assert chain.verify().is_whole  # without the anchor nobody would know


def test_an_anchor_that_was_changed_is_refused(desk: Actor) -> None:
    audit.exported(desk, "patients")
    chain.anchor()
    place = settings().data_dir / chain.ANCHOR_FILE
    place.write_text(place.read_text().replace('"seq": ', '"seq": 1'))
    with pytest.raises(chain.BrokenAnchorError, match="line 1"):
        chain.verify()


def test_many_writers_at_once_keep_one_whole_chain(desk: Actor) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: audit.exported(desk, "patients"), range(200)))
    found = chain.verify()
    assert found.is_whole
    assert found.entries >= 200


def test_the_command_line_proves_it_and_ends_with_1_when_it_is_broken(desk: Actor, database: Database) -> None:
    environment = database.environment | {"INTERSESSION_DATA_DIR": str(settings().data_dir)}
    audit.exported(desk, "patients")
    run_command(environment, "audit", "anchor")
    run_command(environment, "audit", "verify", "--json")
    tamper(database, *BROKEN["added"])
    with pytest.raises(AssertionError, match="ended with 1"):
        run_command(environment, "audit", "verify")
