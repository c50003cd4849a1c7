"""The clock's part in offers: what was not answered in time goes to the next in turn, and new hours are offered."""

from __future__ import annotations

import logging

from sqlalchemy import text

from dashboard import db
from dashboard.db import DatabaseRefusal

log = logging.getLogger(__name__)

EXPIRED = text("select * from offers_expired()")
EXPIRE = text("select offer_expire(:id)")
FREED = text("select * from hours_to_offer()")
OFFER = text("select waiting_offer_hour(:id)")


def take_turns() -> int:
    """Let lapse what was not answered in time, and offer what is to be offered by itself; return how many of both.

    Each is a transaction of its own: one that is refused, or waits too long, does not keep the others back.
    """
    done = 0
    for asked, command in ((EXPIRED, EXPIRE), (FREED, OFFER)):
        with db.transaction("messenger", read_only=True) as session:
            found = list(session.scalars(asked))
        for number in found:
            try:
                with db.transaction("messenger") as session:
                    session.execute(command, {"id": number})
                done += 1
            except DatabaseRefusal as error:  # somebody offered, booked or answered it in the meantime
                log.info("not taken: %s", error.code)
    return done
