"""Appointments as a calendar that other programs subscribe to (iCalendar, RFC 5545)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vText

PRODUCT = "-//Intersession//Calendar feed//EN"
REFRESH = timedelta(minutes=15)
STATUSES = ("TENTATIVE", "CONFIRMED", "CANCELLED")


@dataclass(frozen=True)
class FeedEvent:
    """One appointment of a feed. Moments are aware; ``title`` is read by whoever has the feed's address.

    ``uid`` stays the same for ever, and ``sequence`` grows with every change that a calendar must take over. What is
    cancelled stays in the feed for a while, with a higher ``sequence``: a program keeps what only goes missing.
    """

    uid: str
    starts_at: datetime
    ends_at: datetime
    title: str
    sequence: int
    status: Literal["TENTATIVE", "CONFIRMED", "CANCELLED"]
    last_modified: datetime
    url: str | None = None

    def __post_init__(self) -> None:
        if any(moment.utcoffset() is None for moment in (self.starts_at, self.ends_at, self.last_modified)):
            raise ValueError("The moments of an event need a time zone.")
        if self.starts_at >= self.ends_at:
            raise ValueError("An event ends after it begins.")
        if not self.uid.strip() or self.sequence < 0 or self.status not in STATUSES:
            raise ValueError("An event needs a uid, a sequence from 0 on and a status of iCalendar.")
        if self.url is not None and not _is_address(self.url):
            raise ValueError("An event's address is one of the web.")


def feed(events: Iterable[FeedEvent], name: str, time_zone: str) -> bytes:
    """Return a calendar ``name`` of these events, ready to be sent as ``text/calendar; charset=utf-8``.

    Times are in UTC; ``time_zone``, by a name of IANA's, is the one in which programs may show them. The same events
    give the same bytes: a DTSTAMP is when its event was last changed, and not when somebody asked.

    Raises:
        ZoneInfoNotFoundError: nobody knows the time zone.
    """
    calendar = Calendar()
    calendar.add("PRODID", PRODUCT)
    calendar.add("VERSION", "2.0")
    calendar.add("CALSCALE", "GREGORIAN")
    # NAME and REFRESH-INTERVAL are RFC 7986; programs older than it read the others.
    calendar.add("NAME", vText(_plain(name)))
    calendar.add("X-WR-CALNAME", vText(_plain(name)))
    calendar.add("X-WR-TIMEZONE", ZoneInfo(time_zone).key)
    calendar.add("REFRESH-INTERVAL", REFRESH, parameters={"VALUE": "DURATION"})
    for event in events:
        calendar.add_component(_component(event))
    return bytes(calendar.to_ical())


def resource(event: FeedEvent) -> bytes:
    """Return a calendar of one event, as it is written to a calendar server."""
    calendar = Calendar()
    calendar.add("PRODID", PRODUCT)
    calendar.add("VERSION", "2.0")
    calendar.add_component(_component(event))
    return bytes(calendar.to_ical())


def _component(event: FeedEvent) -> Event:
    component = Event()
    component.add("UID", _plain(event.uid))
    component.add("DTSTAMP", _in_utc(event.last_modified))
    component.add("LAST-MODIFIED", _in_utc(event.last_modified))
    component.add("DTSTART", _in_utc(event.starts_at))
    component.add("DTEND", _in_utc(event.ends_at))
    component.add("SUMMARY", _plain(event.title))
    component.add("SEQUENCE", event.sequence)
    component.add("STATUS", event.status)
    # A cancelled hour is free again, also for programs that go on showing it.
    component.add("TRANSP", "TRANSPARENT" if event.status == "CANCELLED" else "OPAQUE")
    if event.url is not None:
        component.add("URL", event.url)
    return component


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def _plain(text: str) -> str:
    """Return text without what iCalendar cannot hold: control characters but line breaks, and lone surrogates."""
    return "".join(letter for letter in text if letter == "\n" or unicodedata.category(letter) not in {"Cc", "Cs"})


def _is_address(url: str) -> bool:
    """Return whether ``url`` is one of the web, and one line: a URI is written as it is, without any escapes."""
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and url.isascii() and url.isprintable()
