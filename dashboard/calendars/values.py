"""Dates, times and lengths as iCalendar writes them, and what they mean in a zone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from icalendar.parser import Contentline
from icalendar.prop import vDuration

from dashboard.calendars.codes import Code, EventProblemError
from dashboard.calendars.components import text_of
from dashboard.calendars.zones import clock_change, in_utc, zone_named

LONGEST = 4_000
"""Of a line, in bytes; lists of dates are limited by their number instead."""
# ASCII digits only: int() takes those of every script.
TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?", re.ASCII)
# Without quotes: such are almost all lines, and this costs a tenth of the library's way of reading all others.
PLAIN = re.compile(r"[A-Za-z-]+((?:;[A-Za-z-]+=[^;:\"\\^]*)*):(.*)", re.DOTALL)
# What stands before the value when a parameter is quoted: the library takes longer than in proportion for long ones.
QUOTED = re.compile(r'(?:[^":]|"[^"]*")*+:')
LONGEST_QUOTED = 250
UTC_ZONE = ZoneInfo("UTC")
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Zones:
    """Which zones count in a calendar: the practice's, that of times without any, and places of the calendar's names.

    ``floating`` is a name; it is looked up when a time needs it, so that a bad one harms nothing else.
    """

    practice: ZoneInfo
    floating: str | None
    locations: dict[str, str]

    def of(self, name: str | None) -> ZoneInfo:
        """Return the zone of a time that says it is in ``name``, or says nothing.

        Raises:
            EventProblemError: nobody knows the zone.
        """
        if name is None:
            return zone_named(self.floating) if self.floating else self.practice
        return zone_named(name, self.locations.get(name, ""))


@dataclass(frozen=True)
class Moment:
    """What a clock shows (naive), and where. A whole day is its midnight, in the practice's zone: it has none."""

    wall: datetime
    zone: ZoneInfo
    is_day: bool = False

    @cached_property
    def utc(self) -> datetime:
        """Return the moment, aware, in UTC."""
        return in_utc(self.wall, self.zone)


@dataclass(frozen=True)
class Length:
    """How long something takes: so much on the face of the clock, and then so much as time passes.

    What ends at a time of the day ends there on days of a clock change too; so does what lasts days. Hours are hours.
    """

    on_clock: timedelta
    passing: timedelta = timedelta(0)

    @property
    def is_positive(self) -> bool:
        """Return whether there is any."""
        return self.on_clock + self.passing > timedelta(0)

    def after(self, start: Moment) -> datetime:
        """Return the end of what takes so long from ``start``, in UTC."""
        begun = start.utc
        if not self.on_clock:
            return begun + self.passing
        # An hour that clocks skip begins later, and ends later.
        shown = start.wall if clock_change(start.wall, start.zone) is None else _shown(begun, start)
        return in_utc(shown + self.on_clock, start.zone) + self.passing


def _shown(moment: datetime, at: Moment) -> datetime:
    return moment.astimezone(at.zone).replace(tzinfo=None, fold=0)


@dataclass(frozen=True)
class Property:
    """The value of a line and the two parameters that matter here."""

    value: str
    zone: str | None = None
    range: str = ""


def property_of(line: bytes, longest: int = LONGEST) -> Property:
    """Return what a line says.

    Raises:
        EventProblemError: it is too long, or not a line of iCalendar.
    """
    if len(line) > longest:
        raise EventProblemError(Code.TOO_LONG)
    text = text_of(line)
    if plain := PLAIN.fullmatch(text):
        pairs = (text.partition("=") for text in plain[1].split(";")[1:])
        return _property(plain[2], {name.upper(): value.strip() for name, _, value in pairs})
    head = QUOTED.match(text)
    if len(head[0] if head else text) > LONGEST_QUOTED:
        raise EventProblemError(Code.TOO_LONG)
    try:
        _name, parameters, value = Contentline(text).raw_parts()  # type: ignore[no-untyped-call]
    except ValueError:
        raise EventProblemError(Code.BROKEN_EVENT) from None
    return _property(value, parameters)


def _property(value: str, parameters: Mapping[str, object]) -> Property:
    zone = parameters.get("TZID")
    return Property(value.strip(), None if zone is None else str(zone), str(parameters.get("RANGE", "")).upper())


def moment(value: str, zone: str | None, zones: Zones) -> Moment:
    """Return the moment that ``20260301``, ``20260301T100000`` or ``20260301T100000Z`` is.

    Raises:
        EventProblemError: it is none, or in a zone that nobody knows.
    """
    match = TIME.fullmatch(value.strip().upper())
    if not match:
        raise EventProblemError(Code.DATE)
    try:
        wall = datetime(*(int(part or 0) for part in match.groups()[:6]))  # type: ignore[arg-type]  # noqa: DTZ001
        if match[4] is None:
            found = Moment(wall, zones.practice, is_day=True)
        else:
            # A time in UTC is in UTC, whatever zone it names besides.
            found = Moment(wall, UTC_ZONE if match[7] else zones.of(zone))
        found.utc  # noqa: B018 - a time at the edge of the calendar is refused here and not later
    except (ValueError, OverflowError):
        raise EventProblemError(Code.DATE) from None
    return found


@lru_cache(1_000)
def duration(value: str) -> Length:
    """Return the length that ``PT50M`` or ``P1D`` is.

    Raises:
        EventProblemError: it is none, or not more than nothing.
    """
    text = value.strip().upper()
    try:
        length = vDuration.from_ical(text)  # type: ignore[no-untyped-call]
        days = timedelta(length.days) if re.search("[DW]", text) else timedelta(0)
        found = Length(days, length - days)
    except (ValueError, OverflowError):
        raise EventProblemError(Code.DATE) from None
    if not found.is_positive:
        raise EventProblemError(Code.BAD_INTERVAL)
    return found


def between(start: Moment, end: Moment) -> Length:
    """Return how long something takes that begins and ends so.

    Raises:
        EventProblemError: it ends before it begins, or takes no time, or one is a day and the other a time.
    """
    if start.is_day != end.is_day:
        raise EventProblemError(Code.DATE)
    if start.zone.key == end.zone.key:
        length = Length(end.wall - start.wall)
    else:
        length = Length(timedelta(0), end.utc - start.utc)
    if not length.is_positive:
        raise EventProblemError(Code.BAD_INTERVAL)
    return length


def in_zone(found: Moment, zone: ZoneInfo) -> datetime:
    """Return what clocks in ``zone`` show at a moment, naive."""
    return found.utc.astimezone(zone).replace(tzinfo=None, fold=0)
