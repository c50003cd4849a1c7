"""Splits a calendar into its events, so that a bad one loses no other, and keeps of each only what tells its time.

Titles, descriptions, places, people, attachments and alarms are dropped here, before anything looks inside them.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from dashboard.calendars.codes import CalendarRefusedError, Code
from dashboard.calendars.shapes import SetAside

MOST_BYTES = 5_000_000
MOST_EVENTS = 10_000
DEEPEST = 50
"""Components inside each other; RFC 5545 needs three."""
NAME = re.compile(rb"([A-Za-z-]+)[ \t]*[;:]")
NEEDED = {
    "VEVENT": set(
        """
        DTEND DTSTAMP DTSTART DURATION EXDATE EXRULE LAST-MODIFIED RDATE RECURRENCE-ID RRULE SEQUENCE STATUS TRANSP UID
        """.split()
    ),
    "VCALENDAR": {"METHOD", "X-WR-TIMEZONE"},
    "VTIMEZONE": {"TZID", "X-LIC-LOCATION"},
}


@dataclass
class Head:
    """What a calendar says of itself: what its events are for, and the zone of times that name none."""

    method: str = ""
    zone: str | None = None


@dataclass
class RawEvent:
    """One event as it is written: the names of its properties, in capitals, with their lines."""

    ordinal: int
    line: int
    head: Head
    properties: list[tuple[str, bytes]] = field(default_factory=list)

    def aside(self, code: Code) -> SetAside:
        """Return that this event has ``code``."""
        return SetAside(code, self.line, self.ordinal)


@dataclass
class Components:
    """The events of a calendar, those that are not whole, and which place a zone of the calendar's own names."""

    events: list[RawEvent] = field(default_factory=list)
    broken: list[SetAside] = field(default_factory=list)
    locations: dict[str, str] = field(default_factory=dict)


def split(content: bytes) -> Components:
    """Return the components of a calendar of any number of VCALENDARs.

    Raises:
        CalendarRefusedError: it is none, or not a whole one.
    """
    if not content.strip():
        raise CalendarRefusedError(Code.EMPTY_FILE)
    if len(content) > MOST_BYTES:
        raise CalendarRefusedError(Code.FILE_TOO_LARGE)
    if b"\0" in content:
        raise CalendarRefusedError(Code.NUL_BYTE, content[: content.index(b"\0")].count(b"\n") + 1)
    splitter = _Splitter()
    for number, line in unfolded(content):
        splitter.take(number, line)
    return splitter.end()


def unfolded(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each content line with the number of the line it begins on.

    Lines are put together before they are decoded, as a fold may stand inside a character (RFC 5545, 3.1).
    """
    content = content.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    begun, number = bytearray(), 1
    for here, line in enumerate(io.BytesIO(content), start=1):
        if line == b"\n":  # left by a program that ends lines with CR CR LF; a fold may follow
            continue
        if line[:1] in {b" ", b"\t"}:
            begun += line[1:].rstrip(b"\n")
            continue
        if begun:
            yield number, bytes(begun)
        begun, number = bytearray(line.rstrip(b"\n")), here
    if begun:
        yield number, bytes(begun)


def text_of(line: bytes) -> str:
    """Return a line as text: UTF-8, as it should be, or else Latin-1, in which every byte is a character."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return line.decode("latin-1")


def value_of(line: bytes) -> str:
    """Return what stands after the first colon, for properties whose parameters do not matter."""
    return text_of(line.partition(b":")[2]).strip()


class _Splitter:
    def __init__(self) -> None:
        self.found = Components()
        self.open: list[str] = []
        self.head = Head()
        self.event: RawEvent | None = None
        self.zone = self.location = ""
        self.calendars = self.events = 0

    def take(self, number: int, line: bytes) -> None:
        match = NAME.match(line)
        if not match:
            return
        name = match[1].decode().upper()
        if name == "BEGIN":
            self._begin(number, value_of(line).upper())
        elif name == "END":
            self._end(number, value_of(line).upper())
        elif self.open and name in NEEDED.get(self.open[-1], ()):
            self._keep(name, line)

    def end(self) -> Components:
        if not self.calendars:
            raise CalendarRefusedError(Code.NOT_A_CALENDAR)
        if "VCALENDAR" in self.open:
            raise CalendarRefusedError(Code.CUT_SHORT)
        return self.found

    def _begin(self, number: int, component: str) -> None:
        if len(self.open) >= DEEPEST:
            raise CalendarRefusedError(Code.TOO_COMPLEX, number)
        if component == "VCALENDAR":
            self.calendars += 1
            self.head = Head()
        elif component == "VTIMEZONE":
            self.zone = self.location = ""
        elif component == "VEVENT":
            self.events += 1
            if self.events > MOST_EVENTS:
                raise CalendarRefusedError(Code.TOO_MANY_EVENTS, number)
            if "VEVENT" in self.open:
                self._close("VEVENT", is_whole=False)
            self.event = RawEvent(self.events, number, self.head)
        self.open.append(component)

    def _end(self, number: int, component: str) -> None:
        if component in self.open:
            self._close(component, is_whole=self.open[-1] == component)
        elif component == "VEVENT":
            self.found.broken.append(SetAside(Code.BROKEN_EVENT, number, None))

    def _close(self, component: str, *, is_whole: bool) -> None:
        closed = ""
        while closed != component:
            closed = self.open.pop()
            if closed == "VEVENT" and self.event:
                self._finish(self.event, is_whole=is_whole and "VCALENDAR" in self.open)
            elif closed == "VTIMEZONE" and self.zone and self.location:
                self.found.locations[self.zone] = self.location

    def _finish(self, event: RawEvent, *, is_whole: bool) -> None:
        if is_whole:
            self.found.events.append(event)
        else:
            self.found.broken.append(event.aside(Code.BROKEN_EVENT))
        self.event = None

    def _keep(self, name: str, line: bytes) -> None:
        if self.open[-1] == "VEVENT" and self.event:
            self.event.properties.append((name, line))
        elif name == "METHOD":
            self.head.method = value_of(line).upper()
        elif name == "X-WR-TIMEZONE":
            self.head.zone = value_of(line)
        elif name == "TZID":
            self.zone = value_of(line)
        elif name == "X-LIC-LOCATION":
            self.location = value_of(line)
