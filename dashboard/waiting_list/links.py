"""Answering an offer by its link, as a visitor: a token, and nothing else, opens one offer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import text

from dashboard import db

SHOWN = text("select * from offer_shown(:token)")
ANSWERED = text("select offer_answer(:token, :answer)")
LONGEST_TOKEN = 100

Answer = Literal["accepted", "declined"]


@dataclass(frozen=True)
class Offered:
    """An offer as its link shows it, without a name: ``outcome`` is offered, accepted, declined or gone."""

    outcome: str
    practice: str
    practice_locale: str
    site: str
    place: str
    telephone: str | None
    zone: str
    mode: str
    starts_at: datetime
    ends_at: datetime
    expires_at: datetime
    language: str


def offer_shown(token: str) -> Offered | None:
    """Return the offer of a link, or nothing for one that is unknown; nothing is changed by looking."""
    with db.transaction("visitor", read_only=True) as session:
        row: Any = session.execute(SHOWN, {"token": token[:LONGEST_TOKEN]}).mappings().one_or_none()
    return None if row is None else Offered(**row)


def offer_answer(token: str, answer: Answer) -> str:
    """Answer the offer of a link and return ``answer``, or ``gone`` when it is not, or no longer, to be had.

    The same answer twice is given once and returned twice.
    """

    def once() -> str:
        with db.transaction("visitor") as session:
            return str(session.scalar(ANSWERED, {"token": token[:LONGEST_TOKEN], "answer": answer}))

    return db.retried(once)
