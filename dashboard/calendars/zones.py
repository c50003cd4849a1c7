"""Which zone a name means, and which moment a clock there shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

from dashboard.calendars.codes import Code, EventProblemError

NOBODYS = {"localtime", "factory", "posixrules"}
"""What the zones of a system hold besides places: its own clock, which means nothing to others."""

LONGEST = 200


@cache
def _names() -> Mapping[str, str]:
    return {name.casefold(): name for name in available_timezones() if name.casefold() not in NOBODYS}


@lru_cache(256)
def zone_named(name: str, location: str = "") -> ZoneInfo:
    """Return the zone that ``name`` means: a name of IANA's, or one of Windows, or one that ends in a name of IANA's.

    What a calendar says itself about such a zone does not count, as it is often outdated or wrong. Only for a name
    that means nothing, ``location`` tells where the zone is (X-LIC-LOCATION), again by a name of IANA's.

    Raises:
        EventProblemError: nobody knows the zone; guessing would move the event by hours.
    """
    for candidate in (*_candidates(name[:LONGEST]), *_candidates(location[:LONGEST])):
        if found := _names().get(candidate.casefold()):
            return ZoneInfo(found)
    raise EventProblemError(Code.TIME_ZONE)


def _candidates(name: str) -> Iterator[str]:
    plain = name.strip().strip('"').strip("/")
    yield plain
    yield WINDOWS_TO_OLSON.get(plain, "")
    parts = plain.split("/")[-3:]
    # With the area: the last part alone may be a name of another meaning, as EST is.
    yield from ("/".join(parts[place:]) for place in range(len(parts) - 1))


def in_utc(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment at which clocks in ``zone`` show ``wall`` (naive).

    Of an hour that clocks show twice it is the first; an hour that they skip counts by the offset before the change,
    so 02:30 is what clocks then call 03:30 (RFC 5545, 3.3.5).

    Raises:
        OverflowError: it is no moment between the years 1 and 9999.
    """
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)


def clock_change(wall: datetime, zone: ZoneInfo) -> Code | None:
    """Return whether clocks in ``zone`` skip ``wall`` (naive) or show it twice."""
    first, second = (wall.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    if first == second or first is None or second is None:
        return None
    return Code.HOUR_SKIPPED if first < second else Code.HOUR_TWICE
