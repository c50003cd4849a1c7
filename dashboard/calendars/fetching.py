"""What an address shows to a program that asks for it: by a token, before and without any sign-in.

It works with the login of signing in, which may call two functions and reads no table: they answer for one live
address, with initials at most.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from dashboard import db
from dashboard.access import sessions
from dashboard.calendars.feed import FeedEvent
from dashboard.config import settings

OPENED = text("select room_name, language, time_zone from feed_opened(:token)")
APPOINTMENTS = text(
    "select id, starts_at, ends_at, state, version, changed_at, initials from feed_appointments(:token)"
)
CANCELLED = {"cancelled", "late_cancelled"}
PLACE = "/calendar"


def address_of(token: str) -> str:
    """Return the address that a calendar program is given."""
    return f"{settings().address}{PLACE}/{token}.ics"


@dataclass(frozen=True)
class Shown:
    """An appointment as an address shows it; without ``initials`` it is some session."""

    id: int
    starts_at: datetime
    ends_at: datetime
    state: str
    version: int
    changed_at: datetime
    initials: str | None

    def as_event(self, title: str) -> FeedEvent:
        """Return it as an event called ``title``; with its state, but for whether it was missed or held."""
        return FeedEvent(
            uid=_uid(self.id),
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            title=title,
            sequence=self.version,
            status="CANCELLED" if self.state in CANCELLED else "TENTATIVE" if self.state == "held" else "CONFIRMED",
            last_modified=self.changed_at,
        )


@dataclass(frozen=True)
class Fetched:
    """What a live address shows; ``room_name`` is that of the room whose it is, if it is a room's."""

    room_name: str | None
    language: str
    time_zone: str
    appointments: tuple[Shown, ...]


def fetched(token: str) -> Fetched | None:
    """Return what the address with ``token`` shows; nothing when it is unknown, revoked, or its maker was disabled."""
    asked = {"token": sessions.hashed(token)}
    with db.transaction("app_sign_in") as session:
        opened = session.execute(OPENED, asked).one_or_none()
        if opened is None:
            return None
        shown = tuple(Shown(**row) for row in session.execute(APPOINTMENTS, asked).mappings())
    return Fetched(opened.room_name, opened.language, opened.time_zone, shown)


def _uid(appointment_id: int) -> str:
    """Return what names an appointment for ever, in this installation only, without telling how many there are."""
    named = hmac.new(db.web_secret(), f"calendar:{appointment_id}".encode(), hashlib.sha256)
    return f"{named.hexdigest()[:32]}@intersession"
