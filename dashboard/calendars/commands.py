"""Bringing a calendar in and taking it out; making an address of one's own calendar and revoking it."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, BigInteger, any_, delete, func, insert, literal, select, text, update
from sqlalchemy.orm import Session

from dashboard import clock
from dashboard.access import audit, sessions
from dashboard.access.actor import Actor, NotFoundError, RuleBrokenError, require, transaction
from dashboard.access.queries import practice
from dashboard.calendars import reading, shapes
from dashboard.calendars.codes import CalendarRefusedError
from dashboard.calendars.models import LONGEST_NAME, SHOWS, BusyTime, CalendarFeed
from dashboard.calendars.queries import OWNERS, own_therapist
from dashboard.calendars.shapes import SetAside
from dashboard.team.models import Room

AHEAD = timedelta(days=760)
"""As far as an appointment may be booked."""
MOST_CALENDARS = 10
MOST_FEEDS = 10
# Two files of one person are taken in one after the other.
ONE_AT_A_TIME = text("select pg_advisory_xact_lock(7302, cast(:therapist as integer))")
# One statement, so that a large calendar is one entry of the audit log.
ADD = text(
    "insert into busy_time (therapist_id, calendar, uid_sha256, recurrence_at, starts_at, ends_at, is_all_day)"
    " select :therapist, :calendar, n.* from unnest(cast(:uids as bytea[]), cast(:recurrences as timestamptz[]),"
    " cast(:begins as timestamptz[]), cast(:finishes as timestamptz[]), cast(:days as boolean[])) as n"
)

Row = tuple[bytes, datetime | None, datetime, datetime, bool]
"""A busy time as it is kept: which occurrence of which event, from when to when, and whether it is of whole days."""


@dataclass(frozen=True)
class TakenIn:
    """What became of a file: the busy times read from it, how they differ from those before, and what was set aside."""

    calendar: str
    read: int
    added: int
    removed: int
    set_aside: tuple[SetAside, ...]

    @property
    def is_unchanged(self) -> bool:
        """Return whether the file said what was known already."""
        return not (self.added or self.removed)

    @property
    def by_code(self) -> dict[str, int]:
        """Return how many events were set aside or flagged, by code."""
        return dict(Counter(str(each.code) for each in self.set_aside))


def take_in(actor: Actor, name: str, content: bytes) -> TakenIn:
    """Replace the busy times of the therapist's own calendar ``name`` by those of an .ics file, from today on.

    All of it or nothing, in one transaction; the same file again changes nothing. Appointments are not touched: what
    is booked at a busy time is a conflict, which ``queries.conflicts`` lists.

    Raises:
        CalendarRefusedError: the file is no calendar, or too large; that it was refused is on record.
        RuleBrokenError: the calendar has no name, or there are too many.
    """
    therapist_id, calendar = own_therapist(actor), _named(name)
    zone = ZoneInfo(practice().time_zone)
    since = datetime.combine(clock.now().astimezone(zone).date(), time.min, zone)
    try:
        found = reading.read(content, since, since + AHEAD, zone.key)
    except CalendarRefusedError as refused:
        with transaction(actor, "therapist") as session:
            digest = hashlib.sha256(content).hexdigest()
            audit.note(session, "refused", "busy_time", key=digest, reason=str(refused.code))
        raise
    rows = rows_of(found.busy)
    with transaction(actor, "therapist") as session:
        session.execute(ONE_AT_A_TIME, {"therapist": therapist_id})
        _require_room_for(session, therapist_id, calendar)
        added, removed = replace(session, therapist_id, calendar, rows)
    return TakenIn(calendar, len(rows), added, removed, found.set_aside)


def rows_of(busy: Iterable[shapes.BusyTime]) -> set[Row]:
    """Return busy times as they are kept; of the same occurrence only one."""
    by_occurrence = {}
    for each in busy:
        key = hashlib.sha256(each.uid.encode()).digest(), each.recurrence_id
        by_occurrence[key] = (*key, each.starts_at, each.ends_at, each.is_all_day)
    return set(by_occurrence.values())


def _require_room_for(session: Session, therapist_id: int, calendar: str) -> None:
    others = select(func.count(BusyTime.calendar.distinct())).where(
        BusyTime.therapist_id == therapist_id, BusyTime.calendar != calendar
    )
    if (session.scalar(others) or 0) >= MOST_CALENDARS:
        raise RuleBrokenError("There are ten calendars already. Take one out first.")


def replace(session: Session, therapist_id: int, calendar: str, rows: set[Row]) -> tuple[int, int]:
    """Write what differs; return how many busy times came and how many went."""
    asked = select(
        BusyTime.id,
        BusyTime.uid_sha256,
        BusyTime.recurrence_at,
        BusyTime.starts_at,
        BusyTime.ends_at,
        BusyTime.is_all_day,
    ).where(BusyTime.therapist_id == therapist_id, BusyTime.calendar == calendar)
    known: dict[Row, int] = {(row[1], row[2], row[3], row[4], row[5]): row[0] for row in session.execute(asked)}
    gone = [number for row, number in known.items() if row not in rows]
    new = sorted(rows - known.keys(), key=lambda row: (row[2], row[3], row[0]))
    if gone:
        session.execute(delete(BusyTime).where(BusyTime.id == any_(literal(gone, ARRAY(BigInteger)))))
    if new:
        columns = dict(zip(("uids", "recurrences", "begins", "finishes", "days"), zip(*new, strict=True), strict=True))
        values = {name: list(column) for name, column in columns.items()}
        session.execute(ADD, {"therapist": therapist_id, "calendar": calendar, **values})
    return len(new), len(gone)


def remove_calendar(actor: Actor, name: str) -> int:
    """Forget the busy times of one of the therapist's own calendars; return how many there were.

    Raises:
        NotFoundError: there is no such calendar.
    """
    own = BusyTime.therapist_id == own_therapist(actor)
    with transaction(actor, "therapist") as session:
        gone = len(session.execute(delete(BusyTime).where(own, BusyTime.calendar == name).returning(BusyTime.id)).all())
    if not gone:
        raise NotFoundError("No such calendar.")
    return gone


def create_feed(actor: Actor, *, shows: str = "nothing", language: str = "en", room_id: int | None = None) -> str:
    """Make an address of the therapist's own appointments, or for the manager of a room's; return its token, once.

    Raises:
        RuleBrokenError: there are too many, or the address of a room would name patients.
        NotFoundError: no such room.
    """
    require(actor, *OWNERS)
    if shows not in SHOWS or (room_id is not None and shows != "nothing"):
        raise RuleBrokenError("The calendar of a room names nobody.")
    therapist_id = own_therapist(actor) if actor.role == "therapist" else None
    if (therapist_id is None) == (room_id is None):
        raise NotFoundError("No such room.")
    token = sessions.new_token()
    values = {"therapist_id": therapist_id, "room_id": room_id, "shows": shows, "language": language[:5]}
    with transaction(actor, *OWNERS) as session:
        if room_id is not None and session.get(Room, room_id) is None:
            raise NotFoundError("No such room.")
        alike = select(func.count(CalendarFeed.id)).where(
            CalendarFeed.revoked_at.is_(None),
            CalendarFeed.room_id == room_id if room_id else CalendarFeed.therapist_id == therapist_id,
        )
        if (session.scalar(alike) or 0) >= MOST_FEEDS:
            raise RuleBrokenError("There are ten addresses already. Revoke one first.")
        kept = {**values, "token_sha256": sessions.hashed(token), "created_by_id": actor.user_id}
        session.execute(insert(CalendarFeed).values(**kept))
    return token


def revoke_feed(actor: Actor, feed_id: int) -> None:
    """Let an address answer nothing any more.

    Raises:
        NotFoundError: there is no such address, or it is somebody else's.
    """
    wanted = (CalendarFeed.id == feed_id) & CalendarFeed.revoked_at.is_(None)
    ending = update(CalendarFeed).where(wanted).values(revoked_at=clock.now()).returning(CalendarFeed.id)
    with transaction(actor, *OWNERS) as session:
        if session.scalar(ending) is None:
            raise NotFoundError("No such address.")


def _named(name: str) -> str:
    named = one_line(name)
    if not named:
        raise RuleBrokenError("Give the calendar a name.")
    return named


def one_line(name: str) -> str:
    """Return a calendar's name in one line, as long as one may be, without what nobody sees."""
    seen = "".join(
        letter if unicodedata.category(letter)[0] != "C" else " " for letter in unicodedata.normalize("NFC", name)
    )
    return " ".join(seen.split())[:LONGEST_NAME].strip()
