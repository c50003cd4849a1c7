"""Keys: made, changed, half changed, lost, wrong, destroyed; and what a start says about it."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dashboard import db
from dashboard.clinical import commands, data_keys, key_care, keyring, queries
from dashboard.clinical.errors import KeyMissingError, SealError, TamperedError, WrongKeyError
from dashboard.config import ROOT
from tests.conftest import Database
from tests.dashboard.billing.conftest import owner, rows
from tests.dashboard.clinical.conftest import SECRET, Room, held


def cli(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    command = [sys.executable, "-m", "dashboard", *arguments]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_key_file_is_for_its_owner_only(key_file: Path) -> None:
    assert key_file.stat().st_mode & 0o777 == 0o600
    key_file.chmod(0o640)
    with pytest.raises(WrongKeyError, match="chmod 600"):
        keyring.keyring()


def test_a_key_changed_by_a_letter_or_cut_is_refused(key_file: Path) -> None:
    name, secret = key_file.read_text().split()
    for line in (f"{name} B{secret[1:]}" if secret[0] != "B" else f"{name} C{secret[1:]}", f"{name} {secret[:20]}"):
        key_file.write_text(line)
        with pytest.raises(WrongKeyError) as caught:
            keyring.keyring()
        assert secret[1:] not in str(caught.value)


def test_the_key_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, key_file: Path) -> None:
    line = key_file.read_text().strip()
    monkeypatch.delenv("INTERSESSION_MASTER_KEY_FILE")
    monkeypatch.setenv("INTERSESSION_MASTER_KEY", line.split()[1])
    db.forget_engines()
    assert keyring.keyring().ids == [line.split()[0]]


def test_a_text_moved_to_another_patient_or_row_is_not_shown(room: Room) -> None:
    note = room.note(sign=True)
    version = commands.write_history(room.ana, room.eva, 0, {"medication": "None"})
    theirs = commands.start_note(room.luis, room.colleagues_session, room.tomas)
    with owner() as connection:
        connection.exec_driver_sql("alter table clinical_history_version disable trigger user")
        move = "update {} set sealed = (select sealed from session_note where id = %s) where id = %s"
        connection.exec_driver_sql(move.format("session_note"), (note, theirs))
        connection.exec_driver_sql(move.format("clinical_history_version"), (note, version))
    with pytest.raises(SealError) as caught:
        queries.open_note(room.luis, theirs)
    assert SECRET not in str(caught.value)
    with pytest.raises(TamperedError):
        queries.history(room.ana, room.eva)
    found = key_care.check()
    assert sorted(found.failed) == [f"clinical_history_version {version}", f"session_note {theirs}"]


def test_without_the_master_key_there_is_an_error_and_no_text(room: Room) -> None:
    note = room.note()
    room.key_file.rename(room.key_file.with_name("away"))
    with pytest.raises(KeyMissingError):
        queries.open_note(room.ana, note)
    with pytest.raises(KeyMissingError, match="INTERSESSION_MASTER_KEY_FILE"):
        key_care.require_keys()
    with pytest.raises(KeyMissingError):  # nor is a new one made in its place
        key_care.init()
    keyring.ensure_key()
    with pytest.raises(KeyMissingError, match="not configured"):
        key_care.require_keys()
    with pytest.raises(KeyMissingError):
        commands.save_draft(room.ana, note, 2, {"plan": "lost"})
    assert [name.split()[0] for name in key_care.check().failed] == ["patient_key", "session_note"]


def test_a_new_master_key_opens_what_the_old_one_sealed_and_half_way_too(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = room.note(sign=True)
    theirs = commands.start_note(room.luis, room.colleagues_session, room.tomas)
    before = keyring.keyring().newest.id
    monkeypatch.setattr(key_care, "AT_ONCE", 1)
    wrapping = key_care._wrap_some

    def stopped_after_one(newest: str) -> int:
        wrapping(newest)
        raise KeyboardInterrupt

    monkeypatch.setattr(key_care, "_wrap_some", stopped_after_one)
    with pytest.raises(KeyboardInterrupt):
        key_care.rotate()
    monkeypatch.setattr(key_care, "_wrap_some", wrapping)
    assert len(key_care.master_keys_in_use()) == 2
    assert queries.open_note(room.ana, note).sections == {"assessment": SECRET}
    assert queries.open_note(room.luis, theirs).sections == {}
    name, wrapped = key_care.rotate()
    assert (wrapped, key_care.master_keys_in_use()) == (1, [name])
    assert keyring.keyring().ids == [before, name]
    assert queries.open_note(room.ana, note).sections == {"assessment": SECRET}
    assert key_care.check().failed == []


def test_a_destroyed_key_takes_the_text_with_it_and_never_comes_back(room: Room) -> None:
    note = room.note(sign=True)
    with db.administration() as session:
        assert data_keys.destroy_key(session, room.eva) == 1
    with pytest.raises(KeyMissingError, match="destroyed"):
        queries.open_note(room.ana, note)
    with owner() as connection, pytest.raises(Exception, match="stays"):
        connection.exec_driver_sql("update patient_key set wrapped = '\\x00', destroyed_at = null")
    [(therapist, site, service)] = rows("select therapist_id, site_id, service_id from appointment order by id limit 1")
    again = room.note("New words", session=held(therapist, site, service, room.eva, 2))
    assert queries.open_note(room.ana, again).sections == {"assessment": "New words"}
    assert (key_care.check().failed, key_care.check().texts) == ([], 1)


def test_the_commands_say_what_they_did_and_fail_with_a_list_of_rows(room: Room, database: Database) -> None:
    note = room.note()
    environment = {**database.environment, "INTERSESSION_MASTER_KEY_FILE": str(room.key_file)}
    assert "already" in cli(environment, "keys", "init").stderr
    assert "1 patients' keys" in cli(environment, "keys", "rotate").stdout
    done = cli(environment, "keys", "check")
    assert (done.returncode, "0 do not open" in done.stdout) == (0, True)
    with owner() as connection:
        connection.exec_driver_sql("update session_note set sealed = sealed || '\\x00'")
    failed = cli(environment, "keys", "check")
    assert (failed.returncode, failed.stdout.splitlines()[1:]) == (1, [f"session_note {note}"])


def test_the_server_does_not_start_without_the_key(room: Room, database: Database, tmp_path: Path) -> None:
    room.note()
    environment = {**database.environment, "INTERSESSION_MASTER_KEY_FILE": str(tmp_path / "nowhere")}
    started = [sys.executable, "-m", "dashboard.server", "--port", "1"]
    done = subprocess.run(started, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "INTERSESSION_MASTER_KEY_FILE" in done.stderr


def stored_bytes(database: Database) -> Iterator[bytes]:
    """Yield every value of every table of the practice, as bytes and as text."""
    with psycopg.connect(database.url, options="-c search_path=practice") as connection:
        names = connection.execute("select tablename from pg_tables where schemaname = 'practice'").fetchall()
        for (name,) in names:
            with connection.cursor().copy(f"copy (select * from practice.{name}) to stdout (format binary)") as copy:
                yield b"".join(bytes(part) for part in copy)


def test_no_word_of_a_text_is_in_the_database_or_in_a_log(
    room: Room, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    commands.add_addendum(room.ana, room.note(subjective=SECRET, sign=True), SECRET)
    commands.write_history(room.ana, room.eva, 0, {"medication": SECRET})
    queries.search_notes(room.ana, SECRET)
    assert all(b"Quokka" not in stored for stored in stored_bytes(database))
    assert "Quokka" not in caplog.text
    with owner() as connection:  # the scan finds what is there in clear
        connection.exec_driver_sql("update patient set profession = 'Quokka' where id = %s", (room.eva,))
    assert any(b"Quokka" in stored for stored in stored_bytes(database))
