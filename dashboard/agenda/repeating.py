"""When a series meets: every occurrence at the same local hour, whatever the clocks do. Pure, no database."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import islice

from dashboard.access.actor import RuleBrokenError
from dashboard.agenda import rules

FREQUENCIES = ("weekly", "fortnightly", "monthly")
WEEKS = {"weekly": 1, "fortnightly": 2}
MOST = 260
"""Occurrences of one series: five years of weeks."""


@dataclass(frozen=True)
class Repetition:
    """How a series repeats: until a day or a number of times, whichever comes first, without the days left out.

    ``monthly`` is by weekday: the second Tuesday stays the second Tuesday, and the last one the last.
    """

    frequency: str
    starts_on: date
    local_time: time
    minutes: int
    until_on: date | None = None
    count: int | None = None
    left_out: frozenset[date] = field(default_factory=frozenset)


def occurrences(repetition: Repetition, zone: tzinfo) -> list[tuple[datetime, datetime]]:
    """Return the moments of each occurrence.

    Raises:
        RuleBrokenError: it has no end, no occurrence, or too many.
    """
    if repetition.frequency not in FREQUENCIES:
        raise RuleBrokenError("Choose how often it repeats.")
    if repetition.until_on is None and repetition.count is None:
        raise RuleBrokenError("Say until when it repeats, or how often.")
    found = list(islice(_days(repetition), MOST + 1))
    if not found:
        raise RuleBrokenError("No date is left.")
    if len(found) > MOST:
        raise RuleBrokenError("A series has 260 dates at most. Choose an earlier end.")
    long = timedelta(minutes=repetition.minutes)
    begins = [rules.instant(datetime.combine(day, repetition.local_time), zone) for day in found]
    return [(each, each + long) for each in begins]


def _days(repetition: Repetition) -> Iterator[date]:
    """Yield the days, those left out counted but not met."""
    for number, day in enumerate(_every(repetition)):
        is_over = repetition.until_on is not None and day > repetition.until_on
        if is_over or (repetition.count is not None and number >= repetition.count):
            return
        if day not in repetition.left_out:
            yield day


def _every(repetition: Repetition) -> Iterator[date]:
    day = repetition.starts_on
    if repetition.frequency == "monthly":
        yield from _monthly(day)
    weeks = timedelta(weeks=WEEKS.get(repetition.frequency, 1))
    while True:
        yield day
        day += weeks


def _monthly(first: date) -> Iterator[date]:
    """Yield the same weekday of each month: the nth, or the last when there is no fifth."""
    place = (first.day - 1) // 7
    year, month = first.year, first.month
    while True:
        opening = date(year, month, 1)
        day = 1 + (first.weekday() - opening.weekday()) % 7 + 7 * place
        yield date(year, month, day if day <= monthrange(year, month)[1] else day - 7)
        year, month = year + month // 12, month % 12 + 1
