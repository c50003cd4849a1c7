"""What goes wrong: a worker that dies, a server that is away, another password, a calendar that is gone or hostile."""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from dashboard import clock, supervise
from dashboard.calendars import queries as calendars
from dashboard.clinical import keyring
from dashboard.config import ROOT, settings
from dashboard.linked import commands, dav, passwords, queries, rules
from dashboard.linked.exchange import Pace, exchange_round
from dashboard.linked.reaching import ServerProblemError
from tests.conftest import Database
from tests.dashboard.agenda.conftest import Week
from tests.dashboard.billing.conftest import rows
from tests.dashboard.calendars.conftest import WORDS, busy, hour
from tests.dashboard.linked.conftest import Link, starts
from tests.dashboard.messages.conftest import run
from tests.radicale import PASSWORD, USER, Radicale

# A worker that dies by force between the server's answer and its own note.
DIES = """
import os, signal
from dashboard.linked import dav, exchange
put = dav.put
def put_and_die(*args):
    put(*args)
    os.kill(os.getpid(), signal.SIGKILL)
dav.put = put_and_die
exchange.exchange_round(exchange.Pace())
"""
# The same, but each attempt names the session anew, as it must not be.
NAMED_ANEW = "import secrets\nfrom dashboard.linked import rules\nrules.uid_of = lambda *_args: secrets.token_hex(16)\n"


def killed(database: Database, code: str) -> int:
    """Run ``code`` in a process of its own; return its exit code."""
    environment = {**os.environ, **database.environment}
    return subprocess.run([sys.executable, "-c", code], env=environment, cwd=ROOT, check=False).returncode


def test_a_worker_killed_between_writing_and_noting_leaves_nothing_twice(link: Link, database: Database) -> None:
    link.book(24)
    assert killed(database, DIES) == -signal.SIGKILL
    there = link.events()
    assert len(there) == 1
    assert rows("select tag, says_sha256 from linked_event") == [(None, None)]
    for _turn in range(2):
        link.exchange()
    assert link.events() == there
    assert link.proposals() == []
    assert rows("select tag is not null from linked_event") == [(True,)]


def test_named_anew_at_each_attempt_the_same_death_leaves_it_twice(
    link: Link, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    link.book(24)
    assert killed(database, NAMED_ANEW + DIES) == -signal.SIGKILL
    link.exchange()
    assert len(link.events()) == 2


def test_killed_while_a_moved_session_was_written_nothing_is_proposed(link: Link, database: Database) -> None:
    number = link.book(24)
    link.exchange()
    run("update appointment set starts_at = starts_at + interval '2 hours', ends_at = ends_at + interval '2 hours'")
    assert killed(database, DIES) == -signal.SIGKILL
    there = link.events()
    link.exchange()
    assert (link.proposals(), link.events(), starts(number)) == ([], there, hour(26))


def test_what_somebody_changes_in_the_last_moment_is_not_overwritten(
    link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    link.book(24)
    link.exchange()
    run("update appointment set starts_at = starts_at + interval '1 hour', ends_at = ends_at + interval '1 hour'")
    put = dav.put

    def too_late(*args: object) -> object:
        if not link.proposals() and f"DTSTART:{hour(27):%Y%m%dT%H%M%SZ}" not in link.only()[1]:
            link.move(3)
        return put(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(dav, "put", too_late)
    link.exchange()
    assert f"DTSTART:{hour(27):%Y%m%dT%H%M%SZ}" in link.only()[1]
    link.exchange()
    assert [each.starts_at for each in link.proposals()] == [hour(27)]


def test_while_the_server_is_down_everything_stays_and_it_is_asked_less_and_less_often(link: Link) -> None:
    link.book(24)
    link.server.put("home/one.ics", busy(48))
    link.exchange()
    kept, there = link.kept(), link.events()
    link.server.stop()
    pace, now = Pace(), clock.now()
    assert exchange_round(pace, now) == 0
    assert link.problems() == ("unreachable", None, None)
    assert (link.kept(), len(calendars.busy_between(link.week.manager, hour(0), hour(90)))) == (kept, 1)
    [waited] = pace.due.values()
    assert waited == now + rules.pause_after(1)
    exchange_round(pace, now + timedelta(minutes=1))  # too early
    assert pace.failures == {link.week.therapist.therapist_id: 1}
    exchange_round(pace, waited)
    assert list(pace.due.values()) == [waited + rules.pause_after(2)]
    link.server.start()
    commands.ask_soon(link.week.therapist)  # does not wait for the pause
    run("update linked_account set asked_at = :now", now=waited + timedelta(milliseconds=500))
    assert exchange_round(pace, waited + timedelta(seconds=1)) == 1
    assert (link.problems(), link.events()) == ((None, None, None), there)
    assert rules.pause_after(1) < rules.pause_after(2) < rules.pause_after(99) == timedelta(hours=6)


def test_another_password_is_told_and_connecting_again_mends_it(link: Link, caplog: pytest.LogCaptureFixture) -> None:
    link.book(24)
    link.exchange()
    kept = link.kept()
    link.server.let_in("another-password")
    with caplog.at_level(logging.DEBUG):
        link.exchange()
    assert link.problems() == ("refused", None, None)
    assert link.kept() == kept
    assert PASSWORD not in caplog.text
    with pytest.raises(ServerProblemError) as refused:
        commands.connect(link.week.therapist, link.server.address, USER, PASSWORD)
    assert (refused.value.code, PASSWORD in str(refused.value)) == ("refused", False)
    commands.connect(link.week.therapist, link.server.address, USER, "another-password")
    assert link.exchange() == 1
    assert (link.problems(), link.kept()) == ((None, None, None), kept)


def test_a_calendar_that_is_gone_is_told_nothing_is_cancelled_and_the_other_goes_on(link: Link) -> None:
    number = link.book(24)
    link.exchange()
    kept = link.kept()
    link.server.ask("DELETE", "work/")
    link.server.put("home/one.ics", busy(48))
    assert link.exchange() == 1
    assert link.problems() == (None, None, "gone")
    assert (link.kept(), link.proposals(), starts(number)) == (kept, [], hour(24))
    assert [each.starts_at for each in calendars.busy_between(link.week.manager, hour(0), hour(90))] == [hour(48)]


def test_of_a_hostile_calendar_the_good_events_are_read_and_nothing_of_the_others_is_kept(link: Link) -> None:
    link.server.put("home/one.ics", busy(48))
    endless = busy(60, "RRULE:FREQ=DAILY", uid="two@test")
    link.server.put("home/two.ics", endless)
    folder = link.server.folder / "collections" / "collection-root" / USER / "home"
    (folder / "three.ics").write_text("BEGIN:VCALENDAR\nBEGIN:VEVENT\nnonsense")
    link.exchange()
    found = calendars.busy_between(link.week.manager, hour(0), hour(24 * 900))
    assert found[0].starts_at == hour(48)
    assert len(found) <= 1_001
    [(everything,)] = rows("select string_agg(b::text, ' ') from busy_time as b")
    assert not any(word in everything for word in WORDS.split())


def test_an_event_of_ours_made_hostile_is_proposed_as_unreadable_and_moves_nothing(link: Link) -> None:
    number = link.book(24)
    link.exchange()
    name, text = link.only()
    more = "".join(f"RDATE:2030{month:02}01T000000Z\r\n" for month in range(1, 13)) * 50
    hostile = re.sub("END:VEVENT", lambda _found: f"{more}DESCRIPTION:{'x' * 100_000}\r\nEND:VEVENT", text)
    link.server.put_bytes(f"work/{name}", hostile.encode())
    link.exchange()
    assert [each.kind for each in link.proposals()] == ["unclear"]
    assert starts(number) == hour(24)


def test_the_password_is_sealed_for_its_account_and_no_role_of_a_person_reads_it(link: Link) -> None:
    from sqlalchemy import text

    from dashboard.access.actor import transaction
    from dashboard.db import DatabaseRefusal

    [(everything, sealed, key_id)] = rows("select l::text, sealed_password, key_id from linked_account as l")
    assert PASSWORD not in everything
    assert PASSWORD.encode() not in sealed
    own = link.week.therapist.therapist_id, link.server.address, USER
    assert passwords.unseal(sealed, key_id, *own) == PASSWORD  # type: ignore[arg-type]
    for others in ((own[0] + 1, *own[1:]), (own[0], "https://evil.example/", USER), (*own[:2], "eve")):  # type: ignore[operator]
        with pytest.raises(passwords.UnreadablePasswordError):
            passwords.unseal(sealed, key_id, *others)  # type: ignore[arg-type]
    for column in ("sealed_password", "uid_secret", "key_id"):
        with pytest.raises(DatabaseRefusal), transaction(link.week.therapist, "therapist") as session:
            session.execute(text(f"select {column} from linked_account"))
    run("update linked_account set address = 'https://evil.example/'")  # a row changed does not lead it elsewhere
    link.exchange()
    assert link.problems()[0] == "no_key"


def test_after_a_new_master_key_the_password_opens_and_without_its_key_the_screen_says_so(
    link: Link, keys: Path
) -> None:
    keyring.add_key()
    settings.cache_clear()
    assert link.exchange() == 1
    keys.write_text(keys.read_text().splitlines()[-1] + "\n")
    settings.cache_clear()
    assert link.exchange() == 0
    found = queries.account(link.week.therapist)
    assert found
    assert found.problem == "no_key"


def test_the_worker_as_it_is_started_exchanges_with_its_own_login_and_no_master_key(
    link: Link, database: Database, keys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link.book(24)
    line = keys.read_text().strip()
    monkeypatch.delenv("INTERSESSION_MASTER_KEY_FILE")
    monkeypatch.setenv("INTERSESSION_MASTER_KEY", line)
    settings.cache_clear()
    keys.unlink()
    given = supervise.environment("messenger")
    assert "INTERSESSION_MASTER_KEY" not in given
    assert line.split()[1] not in str(given)
    given |= {"INTERSESSION_DATA_DIR": database.environment["INTERSESSION_DATA_DIR"]}
    done = subprocess.run(
        [sys.executable, "-m", "dashboard.messenger", "--once"], env=given, cwd=ROOT, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert len(link.events()) == 1
    assert "calendars exchanged: 1" in done.stderr
    assert PASSWORD not in done.stderr + done.stdout
    assert link.server.address not in done.stderr
    assert "INTERSESSION_CALENDAR_KEY" not in supervise.environment("transformer", "checker")


def test_two_rounds_at_once_are_one(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    link.book(24)
    inside: list[int] = []
    put = dav.put

    def meanwhile(*args: object) -> object:
        inside.append(exchange_round(Pace()))
        return put(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(dav, "put", meanwhile)
    assert link.exchange() == 1
    assert inside == [0]


def test_nothing_is_asked_where_nobody_connected(week: Week, radicale: Radicale, keys: Path) -> None:
    assert exchange_round(Pace()) == 0
    assert queries.account(week.therapist) is None
