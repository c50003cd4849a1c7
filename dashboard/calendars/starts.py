"""When the occurrences of an event are to start: by its rules, on its single dates, but not by what excludes them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from heapq import merge
from zoneinfo import ZoneInfo

from dashboard.calendars.events import Times
from dashboard.calendars.rules import rule_of
from dashboard.calendars.shapes import Window
from dashboard.calendars.values import DAY, Length, Moment, Zones, in_zone

SLACK = 2 * DAY
"""More than any two clocks differ: what it lets in too much is left out by the moment itself."""


def planned(times: Times, window: Window, zones: Zones, moved: timedelta) -> Iterator[tuple[Moment, Length]]:
    """Yield the starts that may touch the window, in order, even when they are later moved by up to ``moved``.

    The start of the event is one of them, whether its rule gives it or not (RFC 5545, 3.8.5.3).

    Raises:
        EventProblemError: a rule is refused.
    """
    start = times.start
    longest = max(_days(length) for length in (times.length, *(length for _, length in times.dates if length)))
    since = _wall(window.since, start.zone, -SLACK - moved - timedelta(longest))
    until = _wall(window.until, start.zone, SLACK + moved)
    rules = [rule_of(text, start, zones) for text in times.rules]
    excluding = [rule_of(text, start, zones) for text in times.without_rules]
    excluded = {wall for rule in excluding for wall in rule.between(since, until)}
    singles = sorted([(start.wall, times.length), *_single(times)], key=_wall_of)
    ruled = [_with_length(rule.between(since, until), times.length) for rule in rules]
    for wall, length in merge(singles, *ruled, key=_wall_of):
        if wall not in excluded:
            yield Moment(wall, start.zone, start.is_day), length


def _single(times: Times) -> Iterator[tuple[datetime, Length]]:
    """Yield the single dates; a day among times, or a time among days, is taken as what it stands among."""
    start = times.start
    for found, length in times.dates:
        if start.is_day:
            wall = datetime.combine(found.wall.date(), time.min)
        elif found.is_day:
            wall = datetime.combine(found.wall.date(), start.wall.time())
        else:
            wall = in_zone(found, start.zone)
        yield wall, length or times.length


def _with_length(walls: Iterator[datetime], length: Length) -> Iterator[tuple[datetime, Length]]:
    for wall in walls:
        yield wall, length


def _wall_of(start: tuple[datetime, Length]) -> datetime:
    return start[0]


def _days(length: Length) -> int:
    return (length.on_clock + length.passing).days + 1


def _wall(moment: datetime, zone: ZoneInfo, slack: timedelta) -> datetime:
    try:
        return moment.astimezone(zone).replace(tzinfo=None, fold=0) + slack
    except OverflowError:
        return datetime.min if slack < timedelta(0) else datetime.max  # noqa: DTZ901 - what a clock shows
