"""Sends what is due, each message at most once.

A message is claimed, and that is committed, before the mail server hears of it. Whoever dies in between leaves a claim
without an outcome; the next round, which nobody else can be in, makes it a failure for people to decide about.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Any

import psycopg
from jinja2 import TemplateError
from sqlalchemy import text
from sqlalchemy.orm import Session

from dashboard import clock, db, mail
from dashboard.access.sessions import hashed, new_token
from dashboard.config import settings
from dashboard.messages import letters, rules
from dashboard.messages.models import UNKNOWN_OUTCOME
from dashboard.messages.planning import plan_due

log = logging.getLogger(__name__)
LOCK = 7_204_117  # any fixed number: one round at a time, whoever goes it
MOST_A_ROUND = 500

MAY_SEND = text("""
select is_on and message_hour(:now, quiet_from, quiet_until, message_zone()) <= :now from message_rule where id = 1
""")
ABANDON = text("""
update message set state = 'failed', last_error = :code where state = 'sending'
""")
NEXT = text("""
select id from message
where state = 'planned' and due_at <= :now and lapses_at > :now and coalesce(next_attempt_at, due_at) <= :now
order by due_at, id limit 1 for update skip locked
""")
CLAIM = text("""
update message set state = 'sending', claimed_at = :now, attempts = attempts + 1,
    message_id = coalesce(message_id, :message_id)
where id = :id
""")
# What only brings a link and has none any more is not sent.
CONTENT = text("""
select c.*, message_video_link(:id) as link from message_content(:id) as c
where c.kind <> 'video_link' or message_video_link(:id) is not null
""")
LINK = text("select offer_link(:id, :hash)")
WITHOUT_CONTENT = text("update message set state = 'lapsed' where id = :id")
# Also what somebody else took for abandoned meanwhile: this process knows better.
SENT = text("""
update message set state = 'sent', sent_at = :now, last_error = null
where id = :id and (state = 'sending' or state = 'failed' and last_error = :unknown)
""")
FAILED = text("""
update message set state = :state, last_error = :code, next_attempt_at = :again
where id = :id and state = 'sending' returning attempts
""")
ATTEMPTS = text("select attempts from message where id = :id")


def send_round(now: datetime | None = None) -> int:
    """Plan, then send what is due; return how many were sent. While another round runs, nothing happens."""
    now = now or clock.now()
    with _alone() as is_alone:
        if not is_alone:
            return 0
        abandon_claims()
        planned = plan_due(now)
        if planned.added or planned.judged:
            log.info("planned: %d new, %d judged anew", planned.added, planned.judged)
        return _send_due(now) if may_send(now) else 0


def may_send(now: datetime) -> bool:
    """Return whether anything may leave the house: a server is set up, sending is on, and the hour is not quiet."""
    if not mail.is_set_up():
        return False
    with db.transaction("messenger", read_only=True) as session:
        return bool(session.scalar(MAY_SEND, {"now": now}))


def abandon_claims() -> None:
    """Take every claim for one whose worker died; only to be called by who is alone."""
    with db.transaction("messenger") as session:
        found = session.connection().execute(ABANDON, {"code": UNKNOWN_OUTCOME}).rowcount
    if found:
        log.warning("%d messages have no known outcome: their worker ended while it sent", found)


@contextmanager
def _alone() -> Iterator[bool]:
    """Hold the lock of rounds and say whether we have it; the database frees it when this process dies."""
    address = db.url("messenger").set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        yield connection.execute("select pg_try_advisory_lock(%s)", (LOCK,)).fetchone() == (True,)


def _send_due(now: datetime) -> int:
    sent = 0
    for _turn in range(MOST_A_ROUND):
        claimed = claim(now)
        if claimed is None:
            break
        try:
            send_claimed(claimed)
            sent += 1
        except mail.UndeliveredError as error:
            note_failure(claimed[0], error, now)
            if error.is_servers:  # the others would fail as well, each after its own wait
                break
    return sent


Claim = tuple[int, EmailMessage]


def claim(now: datetime) -> Claim | None:
    """Claim the next message that is due and return it written; what cannot be written is passed over and noted."""
    while True:
        with db.transaction("messenger") as session:
            found = session.scalar(NEXT, {"now": now})
            if found is None:
                return None
            message_id = make_msgid(domain=(settings().mail_from or "").rpartition("@")[2].strip(" >") or "localhost")
            session.execute(CLAIM, {"id": found, "now": clock.now(), "message_id": message_id})
            row: Any = session.execute(CONTENT, {"id": found}).mappings().one_or_none()
            if row is None:  # its consent or its hour is gone since it was judged
                session.execute(WITHOUT_CONTENT, {"id": found})
                continue
            try:
                return found, letters.written(_with_link(session, found, letters.Content(**row)))
            except (TemplateError, ValueError, LookupError) as error:
                log.warning("message %d was not written: %s", found, type(error).__name__)
                values = {"id": found, "state": "failed", "code": "not_written", "again": None}
                session.execute(FAILED, values)


def _with_link(session: Session, number: int, content: letters.Content) -> letters.Content:
    """Give an offer the link that answers it; the database keeps its hash, so a letter sent anew has another."""
    base = settings().booking_url
    if content.kind != "offer" or base is None:
        return content
    token = new_token()
    session.execute(LINK, {"id": number, "hash": hashed(token)})
    return replace(content, link=f"{base}/offer/{token}")


def send_claimed(claimed: Claim) -> None:
    """Send a message that is claimed and note that it was sent.

    Raises:
        UndeliveredError: it was not, or nobody knows.
    """
    number, letter = claimed
    mail.deliver(letter)
    with db.transaction("messenger") as session:
        session.execute(SENT, {"id": number, "now": clock.now(), "unknown": UNKNOWN_OUTCOME})


def note_failure(number: int, error: mail.UndeliveredError, now: datetime) -> None:
    """Note why a message was not sent: it waits for another attempt after ``now``, or it failed for good."""
    with db.transaction("messenger") as session:
        attempts = session.scalars(ATTEMPTS, {"id": number}).one()
        pause = rules.pause_after(attempts) if error.outcome == "later" else None
        values = {
            "id": number,
            "state": "failed" if pause is None else "planned",
            "code": error.code,
            "again": None if pause is None else now + pause,
        }
        session.execute(FAILED, values)
    log.warning("message %d was not sent: %s", number, error.code)
