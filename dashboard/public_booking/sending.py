"""Sends letters to visitors, each at most once, by the worker of messages.

A letter is claimed, and that is committed, before the mail server hears of it. The token of its link is made with the
claim: the database gets its hash, and nobody but the letter holds the token itself.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Any

import psycopg
from jinja2 import TemplateError
from sqlalchemy import text

from dashboard import clock, db, mail
from dashboard.access.sessions import hashed, new_token
from dashboard.config import settings
from dashboard.messages import rules
from dashboard.public_booking import letters

log = logging.getLogger(__name__)
LOCK = 7_204_126  # any fixed number: one round at a time, whoever goes it
MOST_A_ROUND = 200

CLAIM = text("select * from online_letter_claim(:now, :token, :message_id)")
SETTLE = text("select online_letter_settle(:id, :state, :code, :again)")
ABANDON = text("select online_letters_abandon()")
FORGET = text("select online_forget()")


def send_round(now: datetime | None = None) -> int:
    """Send what waits and return how much it was; forget what is too old. While another round runs, nothing happens."""
    now = now or clock.now()
    with _alone() as is_alone:
        if not is_alone:
            return 0
        with db.transaction("messenger") as session:
            session.execute(FORGET)
            if abandoned := session.scalar(ABANDON):
                log.warning("%d letters have no known outcome: their worker ended while it sent", abandoned)
        return _send_waiting(now) if mail.is_set_up() else 0


@contextmanager
def _alone() -> Iterator[bool]:
    """Hold the lock of rounds and say whether we have it; the database frees it when this process dies."""
    address = db.url("messenger").set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        yield connection.execute("select pg_try_advisory_lock(%s)", (LOCK,)).fetchone() == (True,)


def _send_waiting(now: datetime) -> int:
    sent = 0
    for _turn in range(MOST_A_ROUND):
        claimed = claim(now)
        if claimed is None:
            break
        content, letter = claimed
        if letter is None:
            _settle(content.id, "failed", "not_written")
            continue
        try:
            mail.deliver(letter)
        except mail.UndeliveredError as error:
            _note_failure(content, error, now)
            if error.is_servers:  # the others would fail as well, each after its own wait
                break
        else:
            _settle(content.id, "sent")
            sent += 1
    return sent


def claim(now: datetime) -> tuple[letters.Content, EmailMessage | None] | None:
    """Claim the next letter that waits and return it, written unless it cannot be; nothing when none waits."""
    token = new_token()
    message_id = make_msgid(domain=(settings().mail_from or "").rpartition("@")[2].strip(" >") or "localhost")
    with db.transaction("messenger") as session:
        values = {"now": now, "token": hashed(token), "message_id": message_id}
        row: Any = session.execute(CLAIM, values).mappings().one_or_none()
    if row is None:
        return None
    content = letters.Content(**row)
    try:
        return content, letters.written(content, token)
    except (TemplateError, ValueError, LookupError) as error:
        log.warning("letter %d was not written: %s", content.id, type(error).__name__)
        return content, None


def _note_failure(content: letters.Content, error: mail.UndeliveredError, now: datetime) -> None:
    """Note why a letter was not sent: it waits for another attempt, or it failed for good."""
    pause = rules.pause_after(content.attempts) if error.outcome == "later" else None
    again = None if pause is None else now + pause
    _settle(content.id, "failed" if again is None else "planned", error.code, again)
    log.warning("letter %d was not sent: %s", content.id, error.code)


def _settle(letter_id: int, state: str, code: str | None = None, again: datetime | None = None) -> None:
    with db.transaction("messenger") as session:
        session.execute(SETTLE, {"id": letter_id, "state": state, "code": code, "again": again})
