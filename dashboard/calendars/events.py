"""One event: which it is, in which version, when it begins, how long it takes and when it repeats."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from dashboard.calendars.codes import Code, EventProblemError
from dashboard.calendars.components import RawEvent
from dashboard.calendars.values import DAY, Length, Moment, Property, Zones, between, duration, moment, property_of

LISTS = {"EXDATE", "EXRULE", "RDATE", "RRULE"}
MOST_DATES = 2_000
LONGEST_LIST = 32 * MOST_DATES
LONGEST_RULE = LONGEST_UID = 1_000
NUMBER = re.compile(r"\d{1,9}", re.ASCII)
NO_UID = "no-uid-"
METHODS = {"", "PUBLISH", "CANCEL"}
"""What a calendar is, or a list of what is called off; every other method (RFC 5546) is a message about an event."""


@dataclass(frozen=True)
class Times:
    """When an event takes place: ``dates`` are single ones with their own length, if they have any."""

    start: Moment
    length: Length
    rules: tuple[str, ...] = ()
    dates: tuple[tuple[Moment, Length | None], ...] = ()
    without: tuple[Moment, ...] = ()
    without_rules: tuple[str, ...] = ()

    @property
    def repeats(self) -> bool:
        """Return whether there is more than the start."""
        return bool(self.rules or self.dates)


@dataclass(frozen=True)
class Event:
    """A version of an event, or of one occurrence of it (``occurrence``), or of this and all later ones.

    ``times`` are those of a version that takes time; of one that takes none, ``no_time`` tells why.
    """

    raw: RawEvent = field(repr=False)
    uid: str
    occurrence: Moment | None
    is_for_later: bool
    sequence: int
    stamp: str
    status: str
    times: Times | None
    no_time: Code | None


def read_event(raw: RawEvent, zones: Zones) -> Event:
    """Return what an event says.

    Raises:
        EventProblemError: why it cannot be read.
    """
    if raw.head.method not in METHODS:
        raise EventProblemError(Code.INVITATION)
    if count_dates(raw) > MOST_DATES:
        raise EventProblemError(Code.TOO_MANY_DATES)
    single = _single(raw)
    status = _text(single, "STATUS").upper()
    no_time = None
    if status == "CANCELLED" or raw.head.method == "CANCEL":
        no_time = Code.CANCELLED
    elif _text(single, "TRANSP").upper() == "TRANSPARENT":
        no_time = Code.TRANSPARENT
    which = single.get("RECURRENCE-ID")
    return Event(
        raw,
        uid=_uid(raw, single),
        occurrence=moment(which.value, which.zone, zones) if which else None,
        is_for_later=which is not None and which.range == "THISANDFUTURE",
        sequence=int(text) if NUMBER.fullmatch(text := _text(single, "SEQUENCE")) else 0,
        stamp=_text(single, "LAST-MODIFIED") or _text(single, "DTSTAMP"),
        status="TENTATIVE" if status == "TENTATIVE" else "CONFIRMED",
        times=None if no_time else _times(raw, single, zones),
        no_time=no_time,
    )


def _single(raw: RawEvent) -> dict[str, Property]:
    found: dict[str, Property] = {}
    for name, line in raw.properties:
        if name in LISTS:
            continue
        if name in found:  # two events of which the border between them is lost
            raise EventProblemError(Code.BROKEN_EVENT)
        found[name] = property_of(line)
    return found


def _text(single: dict[str, Property], name: str) -> str:
    return single[name].value if name in single else ""


def _uid(raw: RawEvent, single: dict[str, Property]) -> str:
    uid = _text(single, "UID")
    if len(uid) > LONGEST_UID:
        raise EventProblemError(Code.TOO_LONG)
    if uid:
        return uid
    # The same as long as the event is; when it was written down changes each time.
    lines = b"\n".join(line for name, line in raw.properties if name not in {"DTSTAMP", "LAST-MODIFIED", "UID"})
    return NO_UID + hashlib.sha256(lines).hexdigest()[:32]


def count_dates(raw: RawEvent) -> int:
    """Return how many single dates an event lists, at most, without reading them."""
    return sum(line.count(b",") + 1 for name, line in raw.properties if name in {"EXDATE", "RDATE"})


def _times(raw: RawEvent, single: dict[str, Property], zones: Zones) -> Times:
    begins = single.get("DTSTART")
    if begins is None:
        raise EventProblemError(Code.NO_START)
    start = moment(begins.value, begins.zone, zones)
    return Times(
        start,
        _length(single, start, zones),
        rules=tuple(found.value for found in _listed(raw, "RRULE") if found.value),
        dates=tuple(_date_or_period(text, found, zones) for text, found in _dates(raw, "RDATE")),
        without=tuple(moment(text, found.zone, zones) for text, found in _dates(raw, "EXDATE")),
        without_rules=tuple(found.value for found in _listed(raw, "EXRULE") if found.value),
    )


def _length(single: dict[str, Property], start: Moment, zones: Zones) -> Length:
    if ends := single.get("DTEND"):
        length = between(start, moment(ends.value, ends.zone, zones))
    elif lasts := single.get("DURATION"):
        length = duration(lasts.value)
    elif start.is_day:
        length = Length(DAY)
    else:
        raise EventProblemError(Code.NO_END)
    try:
        length.after(start)  # one that leaves the calendar is refused here and not later
    except OverflowError:
        raise EventProblemError(Code.DATE) from None
    if start.is_day and length.passing:
        # Half a day blocks the day.
        length = Length(length.on_clock + timedelta(days=-(-length.passing // DAY)))
    return length


def _listed(raw: RawEvent, name: str) -> Iterator[Property]:
    longest = LONGEST_LIST if name in {"EXDATE", "RDATE"} else LONGEST_RULE
    yield from (property_of(line, longest) for known, line in raw.properties if known == name)


def _dates(raw: RawEvent, name: str) -> Iterator[tuple[str, Property]]:
    for found in _listed(raw, name):
        yield from ((text, found) for text in found.value.split(",") if text.strip())


def _date_or_period(text: str, found: Property, zones: Zones) -> tuple[Moment, Length | None]:
    begins, slash, ends = text.partition("/")
    start = moment(begins, found.zone, zones)
    if not slash:
        return start, None
    if ends.strip().upper().startswith("P"):
        return start, duration(ends)
    return start, between(start, moment(ends, found.zone, zones))
