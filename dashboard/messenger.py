"""The worker that speaks with the world outside, a process of its own.

Each minute it sends the messages to patients and visitors that are due, and exchanges sessions and busy times with the
calendars that therapists have linked. A calendar server that is slow keeps no message waiting: the two go side by side.

Procrastinate keeps the time. Its queue holds nothing but ticks: what is to be said to whom is in the table ``message``,
and that nothing is said twice does not rest on the queue.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

import procrastinate
import psycopg
from sqlalchemy.exc import DBAPIError

from dashboard import db, logs
from dashboard.linked.exchange import Pace, exchange_round
from dashboard.messages import ticks
from dashboard.messages.sending import send_round
from dashboard.public_booking import sending as visitors
from dashboard.waiting_list.turns import take_turns

TICK_SECONDS = 0.5
GRACE_SECONDS = 25
OUTAGES = (
    DBAPIError,
    db.DatabaseRefusal,
    db.NoDatabaseError,
    psycopg.Error,
    procrastinate.exceptions.ConnectorException,
)

log = logging.getLogger("dashboard.messenger")


def send_once() -> bool:
    """Go one round of letters and return whether it could be gone: the database may be away, its figures being built.

    Visitors come first: they wait before a screen for a letter that needs no figures. Offers take their turns before
    the messages to patients: their letters leave in the same round.
    """
    return all([_gone(visitors.send_round, "sent to visitors: %d"), _gone(_offer_and_send, "sent: %d")])


def _offer_and_send() -> int:
    take_turns()
    return send_round()


def exchange_once(pace: Pace) -> bool:
    """Exchange with linked calendars and return whether that could be tried."""
    return _gone(lambda: exchange_round(pace), "calendars exchanged: %d")


def _gone(go: Callable[[], int], done: str) -> bool:
    try:
        number = go()
    except OUTAGES as error:
        code = error.code if isinstance(error, db.DatabaseRefusal) else type(error).__name__
        log.warning("no round: %s", code)
        return False
    if number:
        log.info(done, number)
    return True


def _end_with_parent() -> None:
    """Ask this process to end when whoever started it is gone, and see to it that it does."""
    parent = int(os.environ.get("INTERSESSION_PARENT_PID") or os.getppid())
    while os.getppid() == parent:
        time.sleep(TICK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)


def main() -> int:
    """Do both each minute until told to stop, or once. Return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m dashboard.messenger", description=__doc__)
    parser.add_argument("--once", action="store_true", help="go one round and end")
    arguments = parser.parse_args()
    logs.keep_values_out()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    for library in ("procrastinate", "httpx", "httpcore"):  # at INFO they write addresses, which hold names of users
        logging.getLogger(library).setLevel(logging.WARNING)
    pace = Pace()
    if arguments.once:
        return 0 if all([send_once(), exchange_once(pace)]) else 1
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        send_once()  # what came due while nobody was here does not wait for the minute
        works = ticks.every_minute(send_messages=send_once, exchange_calendars=lambda: exchange_once(pace))
        works.run_worker(concurrency=2, delete_jobs="always", shutdown_graceful_timeout=GRACE_SECONDS)
    except OUTAGES as error:
        log.warning("no database: %s", type(error).__name__)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
