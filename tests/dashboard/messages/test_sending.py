"""Sending to a real mail server: at most once, whatever happens in between; again later what was only put off."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from typing import Any

import icalendar
import pytest

from dashboard import clock, mail
from dashboard.config import ROOT, settings
from dashboard.messages import rules, sending
from tests.conftest import Database, free_port
from tests.dashboard.messages.conftest import House, Mailbox, messages, run, withdraws

WORKER = [sys.executable, "-m", "dashboard.messenger", "--once"]
A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def due(house: House, mailbox: Mailbox) -> House:
    """Return the practice with one reminder that is due."""
    house.old(25)
    sending.plan_due(clock.now())
    run("update message set due_at = now() - interval '1 minute'")
    return house


def test_a_message_is_sent_once_and_looks_as_it_should(due: House, mailbox: Mailbox) -> None:
    assert [sending.send_round() for _turn in range(3)] == [1, 0, 0]
    [letter] = mailbox.letters
    assert mailbox.to == ["eva@example.org"]
    assert letter["From"] == "Consulta Norte <citas@practice.example>"
    assert letter["Subject"].strip().startswith("Recordatorio de su cita en Consulta Norte: ")
    assert letter["Auto-Submitted"] == "auto-generated"
    [(state, message_id, error, attempts)] = messages("state, message_id, last_error, attempts")
    assert (state, message_id, error, attempts) == ("sent", letter["Message-ID"], None, 1)
    kinds = [part.get_content_type() for part in letter.walk() if not part.is_multipart()]
    assert kinds == ["text/plain", "text/html", "text/calendar"]
    calendar = next(part for part in letter.walk() if part.get_content_type() == "text/calendar")
    [event] = icalendar.Calendar.from_ical(calendar.get_payload(decode=True)).walk("VEVENT")
    assert str(event["SUMMARY"]) == "Consulta Norte"


def killed_by_the_server(database: Database, mailbox: Mailbox, code: str) -> int:
    """Run ``code`` as a worker that is killed by force the moment its letter is taken; return its exit code."""
    environment = {**database.environment, **{name: value for name, value in os.environ.items() if "SMTP" in name}}
    process = subprocess.Popen([sys.executable, "-c", code], env=environment, cwd=ROOT, stderr=subprocess.PIPE)
    mailbox.on_taken = process.kill
    process.communicate(timeout=60)
    mailbox.on_taken = lambda: None
    return process.returncode


ONCE = "import sys; sys.argv = ['messenger', '--once']; from dashboard import messenger; sys.exit(messenger.main())"
# The worker as it must not be: it notes that it sends only after it has sent.
NOTES_AFTER = """
from contextlib import contextmanager
from dashboard import clock, mail
from dashboard.messages import sending
with sending.db.transaction('messenger') as session:
    claimed = sending.NEXT
    found = session.scalar(claimed, {'now': clock.now()})
    session.execute(sending.CLAIM, {'id': found, 'now': clock.now(), 'message_id': '<1@x>'})
    row = session.execute(sending.CONTENT, {'id': found}).mappings().one()
    mail.deliver(sending.letters.written(sending.letters.Content(**row)))
    session.execute(sending.SENT, {'id': found, 'now': clock.now(), 'unknown': 'unknown_outcome'})
"""


def test_a_worker_killed_between_sending_and_noting_has_sent_once_and_nobody_sends_it_again(
    due: House, mailbox: Mailbox, database: Database
) -> None:
    assert killed_by_the_server(database, mailbox, ONCE) == -signal.SIGKILL
    assert messages("state, last_error") == [("sending", None)]
    [before] = messages("message_id")
    for later in range(1, 4):
        assert sending.send_round(clock.now() + later * A_MINUTE) == 0
    assert len(mailbox.letters) == 1
    assert messages("state, last_error") == [("failed", "unknown_outcome")]
    assert messages("message_id") == [before] == [(mailbox.letters[0]["Message-ID"],)]


def test_noted_only_after_it_was_sent_the_same_death_sends_it_twice(
    due: House, mailbox: Mailbox, database: Database
) -> None:
    assert killed_by_the_server(database, mailbox, NOTES_AFTER) == -signal.SIGKILL
    assert messages("state") == [("planned",)]
    assert sending.send_round() == 1
    assert len(mailbox.letters) == 2


def test_two_workers_at_once_send_once(due: House, mailbox: Mailbox, database: Database) -> None:
    for hours in (26, 28, 30, 32):
        due.old(hours)
    sending.plan_due(clock.now())
    run("update message set due_at = now() - interval '1 minute'")
    started = [subprocess.Popen(WORKER, env=os.environ | database.environment, cwd=ROOT) for _turn in range(2)]
    assert [process.wait(60) for process in started] == [0, 0]
    assert sorted(state for (state,) in messages("state")) == ["sent"] * 5
    assert len({letter["Message-ID"] for letter in mailbox.letters}) == len(mailbox.letters) == 5


def test_while_a_round_runs_there_is_no_other(due: House, mailbox: Mailbox) -> None:
    inside: list[int] = []
    mailbox.on_taken = lambda: inside.append(sending.send_round())
    assert sending.send_round() == 1
    assert inside == [0]
    assert messages("state") == [("sent",)]


def test_without_the_lock_of_rounds_a_claim_still_keeps_others_away(due: House, mailbox: Mailbox) -> None:
    barrier, claimed = threading.Barrier(8), []

    def claim() -> None:
        barrier.wait()
        claimed.append(sending.claim(clock.now()))

    threads = [threading.Thread(target=claim) for _turn in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(found is not None for found in claimed) == 1


def test_a_consent_withdrawn_in_the_last_moment_is_respected(due: House, mailbox: Mailbox) -> None:
    withdraws(due.consent)
    assert sending.claim(clock.now()) is None  # also without the planning of the round
    assert sending.send_round() == 0
    assert mailbox.letters == []


def test_what_the_server_puts_off_is_tried_again_after_longer_and_longer_pauses(due: House, mailbox: Mailbox) -> None:
    now = clock.now()
    mailbox.answers = ["451 later"] * 2
    assert sending.send_round(now) == 0
    [(state, error, attempts, first)] = messages("state, last_error, attempts, next_attempt_at")
    assert (state, error, attempts) == ("planned", "smtp_451", 1)
    assert timedelta(seconds=30) <= first - now < timedelta(seconds=65)
    assert sending.send_round(now) == 0  # too early
    assert mailbox.answers == ["451 later"]
    assert sending.send_round(now + 2 * A_MINUTE) == 0
    [(second,)] = messages("next_attempt_at")
    assert A_MINUTE <= second - (now + 2 * A_MINUTE) <= 2 * A_MINUTE
    assert sending.send_round(now + 5 * A_MINUTE) == 1
    [before] = messages("state, attempts, last_error")
    assert before == ("sent", 3, None)


def test_what_the_server_puts_off_for_ever_fails_in_the_end(due: House, mailbox: Mailbox) -> None:
    mailbox.answers = ["451 later"] * 20
    for turn in range(12):
        sending.send_round(clock.now() + turn * timedelta(hours=2))
    assert messages("state, last_error, attempts") == [("failed", "smtp_451", rules.MOST_ATTEMPTS)]
    assert len(mailbox.answers) == 20 - rules.MOST_ATTEMPTS


def test_what_the_server_refuses_is_not_tried_again(due: House, mailbox: Mailbox) -> None:
    mailbox.answers = ["550 nobody of this name: eva@example.org"]
    assert [sending.send_round() for _turn in range(2)] == [0, 0]
    assert messages("state, last_error") == [("failed", "smtp_550")]


def test_a_server_that_cannot_be_reached_is_tried_with_one_message_and_not_with_all(
    due: House, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    due.old(27)
    sending.plan_due(clock.now())
    run("update message set due_at = now() - interval '1 minute'")
    monkeypatch.setenv("INTERSESSION_SMTP_PORT", str(free_port()))
    settings.cache_clear()
    assert sending.send_round() == 0
    assert sorted(messages("last_error, attempts"), key=str) == [("no_connection", 1), (None, 0)]
    assert "eva@" not in caplog.text


class Silent(Mailbox):
    """A server whose connection breaks after it was given a letter and before it says a word."""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Take the letter and hang up."""
        await super().handle_DATA(server, session, envelope)
        server.transport.abort()
        return "250 taken"


def test_a_connection_that_breaks_after_the_letter_leaves_the_outcome_open(
    due: House, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aiosmtpd.controller import Controller

    silent, port = Silent(), free_port()
    server = Controller(silent, hostname="127.0.0.1", port=port)
    server.start()
    monkeypatch.setenv("INTERSESSION_SMTP_PORT", str(port))
    settings.cache_clear()
    try:
        assert [sending.send_round(clock.now() + turn * A_MINUTE) for turn in range(3)] == [0, 0, 0]
    finally:
        server.stop()
    assert len(silent.letters) == 1
    assert messages("state, last_error") == [("failed", "unknown_outcome")]


@pytest.mark.parametrize("address", ["eva", "eva@example.org\nBcc: x@example.org", "a@b, c@d", "ñ@example.org"])
def test_an_address_that_is_none_is_noted_and_holds_up_nobody(due: House, mailbox: Mailbox, address: str) -> None:
    run("update patient set email = :address where id = :id", address=address, id=due.patient)
    assert sending.send_round() == 0
    assert messages("state, last_error") == [("failed", "not_written")]
    assert mailbox.letters == []


@pytest.mark.parametrize(
    "off",
    [
        "update message_rule set is_on = false",
        (
            "update message_rule set quiet_from = ((now() - interval '1 hour') at time zone 'Europe/Madrid')::time,"
            " quiet_until = ((now() + interval '1 hour') at time zone 'Europe/Madrid')::time"
        ),
        "update message set lapses_at = now()",
        "update appointment set starts_at = starts_at + interval '1 hour', ends_at = ends_at + interval '1 hour'",
    ],
)
def test_nothing_leaves_while_sending_is_off_in_quiet_hours_too_late_or_about_another_hour(
    due: House, mailbox: Mailbox, off: str
) -> None:
    run(off)
    assert sending.send_round() == 0
    assert mailbox.letters == []


def test_without_a_mail_server_it_is_planned_and_nothing_else(
    due: House, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("INTERSESSION_SMTP_HOST")
    settings.cache_clear()
    assert not mail.is_set_up()
    due.old(40)
    assert sending.send_round() == 0
    assert [state for (state,) in messages("state")] == ["planned", "planned"]


def test_pauses_double_up_to_a_limit_and_end() -> None:
    pauses = [rules.pause_after(attempts, 1.0) for attempts in range(1, rules.MOST_ATTEMPTS)]
    assert pauses[:3] == [A_MINUTE, 2 * A_MINUTE, 4 * A_MINUTE]
    assert all(pause <= rules.LONGEST_PAUSE for pause in pauses)
    assert rules.pause_after(1, 0.0) == A_MINUTE / 2
    assert rules.pause_after(rules.MOST_ATTEMPTS) is None
