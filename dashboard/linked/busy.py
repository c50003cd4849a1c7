"""Busy times of a calendar elsewhere come in: when, and not a word of what they are about."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

from sqlalchemy import text

from dashboard import db
from dashboard.calendars import reading
from dashboard.calendars.codes import CalendarRefusedError, Code
from dashboard.calendars.commands import AHEAD, ONE_AT_A_TIME, replace, rows_of
from dashboard.calendars.shapes import BusyTime
from dashboard.linked import dav, rules
from dashboard.linked.reaching import Server, ServerProblemError
from dashboard.linked.store import Account, Place

OURS = text("select appointment_id from linked_event where therapist_id = :id")
TOO_LARGE = {Code.FILE_TOO_LARGE, Code.TOO_MANY_EVENTS, Code.TOO_COMPLEX}


def take_in(server: Server, account: Account, place: Place, now: datetime) -> None:
    """Replace the busy times of a calendar by what the server has of it from today on; our own sessions are none.

    Raises:
        ServerProblemError: the calendar cannot be had or read; what was known of it stays.
    """
    zone = ZoneInfo(account.zone)
    since = datetime.combine(now.astimezone(zone).date(), time.min, zone)
    events = dav.events_between(server, place.url, since, since + AHEAD)
    found = _read(events, since, account)
    with db.transaction("messenger") as session:
        session.execute(ONE_AT_A_TIME, {"therapist": account.therapist_id})
        ours = {
            rules.uid_of(account.uid_secret, number) for number in session.scalars(OURS, {"id": account.therapist_id})
        }
        rows = rows_of(each for each in found if each.uid not in ours)
        replace(session, account.therapist_id, place.name, rows)


def _read(events: list[str], since: datetime, account: Account) -> tuple[BusyTime, ...]:
    """Return the busy times of resources, each a calendar of its own; one that is none loses no other."""
    whole = [each for each in map(str.strip, events) if _is_whole(each)]
    if not whole:
        if events:
            raise ServerProblemError("unreadable")
        return ()
    try:
        return reading.read("\r\n".join(whole).encode(), since, since + AHEAD, account.zone).busy
    except CalendarRefusedError as refused:
        raise ServerProblemError("too_large" if refused.code in TOO_LARGE else "unreadable") from None


def _is_whole(event: str) -> bool:
    begins, ends = event[:15].upper(), event[-13:].upper()
    return begins == "BEGIN:VCALENDAR" and ends == "END:VCALENDAR" and "\0" not in event
