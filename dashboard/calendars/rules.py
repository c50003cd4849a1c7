"""The rules by which an event repeats (RFC 5545, 3.3.10): which are taken, and the days and times that they give.

dateutil follows a rule; here is decided what it may be given, from where it starts, and how long it may take.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from dateutil.rrule import rrulestr

from dashboard.calendars.budget import OverBudgetError
from dashboard.calendars.codes import Code, EventProblemError
from dashboard.calendars.values import DAY, Moment, Zones, in_zone, moment

FREQUENCIES = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
TOO_FREQUENT = {"SECONDLY", "MINUTELY", "HOURLY"}
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
LONGEST_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
SINGLE = {"INTERVAL": r"0*[1-9]\d{0,3}", "COUNT": r"0*[1-9]\d{0,9}", "WKST": "MO|TU|WE|TH|FR|SA|SU"}
NUMBERS = {"BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYHOUR", "BYMINUTE", "BYSECOND", "BYSETPOS"}
LIST = re.compile(r"[+-]?\d{1,3}(,[+-]?\d{1,3})*", re.ASCII)
WEEKDAYS = re.compile(r"([+-]?\d{0,2}(MO|TU|WE|TH|FR|SA|SU))(,[+-]?\d{0,2}(MO|TU|WE|TH|FR|SA|SU))*", re.ASCII)
PICKS_DAYS = ("BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY")


@dataclass(frozen=True)
class Rule:
    """A rule that is taken: its parts but UNTIL, the start of its event, and its last time in the event's zone."""

    parts: dict[str, str]
    start: datetime
    last: datetime | None

    def between(self, since: datetime, until: datetime) -> Iterator[datetime]:
        """Yield what the rule gives from ``since`` to ``until``, both included, in order; all naive.

        Raises:
            EventProblemError: the rule gives nothing, ever.
        """
        end = until if self.last is None else min(self.last, until)
        if since > end or end < self.start:
            return
        is_alive = False
        try:
            for found in self._following(since):
                is_alive = True
                if found > end:
                    return
                if found >= since:
                    yield found
        except OverBudgetError:
            # Following it to the end of time costs seconds.
            raise EventProblemError(Code.RRULE_TOO_SLOW if is_alive else Code.RRULE_EMPTY) from None
        if not is_alive and self.last is None:
            raise EventProblemError(Code.RRULE_EMPTY)

    def _following(self, since: datetime) -> Iterator[datetime]:
        start = self.start if "COUNT" in self.parts else self._latest_start(since)
        text = ";".join(f"{name}={value}" for name, value in self.parts.items())
        try:
            yield from rrulestr(text, dtstart=start)
        except (ValueError, TypeError, IndexError, OverflowError):
            raise EventProblemError(Code.RRULE) from None

    def _latest_start(self, since: datetime) -> datetime:
        """Return from where the rule gives the same without the years before, which may be centuries."""
        start, interval = self.start, int(self.parts.get("INTERVAL", "1"))
        if since <= start:
            return start
        if self.parts["FREQ"] in {"DAILY", "WEEKLY"}:
            step = interval * (7 if self.parts["FREQ"] == "WEEKLY" else 1)
            return start + timedelta(days=(since - start).days // step * step)
        step = interval * (12 if self.parts["FREQ"] == "YEARLY" else 1)
        months = (since.year - start.year) * 12 + since.month - start.month
        passed = months // step * step
        if not passed:
            return start
        year, month = divmod(start.year * 12 + start.month - 1 + passed, 12)
        # From the first day on, as the start's own day may not be the first that the rule gives.
        return start.replace(year=year, month=1 if self.parts["FREQ"] == "YEARLY" else month + 1, day=1)


def rule_of(text: str, start: Moment, zones: Zones) -> Rule:
    """Return the rule ``FREQ=WEEKLY;BYDAY=MO`` of an event that starts so.

    Raises:
        EventProblemError: it is not understood, repeats more often than daily, or cannot give a day.
    """
    parts: dict[str, str] = {}
    # Some write the semicolon as in a text, with a backslash.
    for part in text.replace("\\;", ";").strip().strip(";").upper().split(";"):
        name, _, value = part.partition("=")
        if name.strip() in parts:
            raise EventProblemError(Code.RRULE)
        parts[name.strip()] = value.strip()
    if parts.get("FREQ") in TOO_FREQUENT:
        raise EventProblemError(Code.RRULE_FREQUENCY)
    until = parts.pop("UNTIL", None)
    if parts.get("FREQ") not in FREQUENCIES or not all(_is_known(*part) for part in parts.items()):
        raise EventProblemError(Code.RRULE)
    if _names_no_day(parts):
        raise EventProblemError(Code.RRULE_EMPTY)
    last = None if until is None else _last(until, start, zones)
    if last is not None and last < start.wall:
        raise EventProblemError(Code.BAD_INTERVAL)
    return Rule(_with_days(parts, start.wall), start.wall, last)


def _is_known(name: str, value: str) -> bool:
    if name == "FREQ":
        return True
    if name in SINGLE:
        return re.fullmatch(SINGLE[name], value, re.ASCII) is not None
    pattern = WEEKDAYS if name == "BYDAY" else LIST
    return (name == "BYDAY" or name in NUMBERS) and pattern.fullmatch(value) is not None


def _names_no_day(parts: dict[str, str]) -> bool:
    months = [int(number) for number in parts.get("BYMONTH", "").split(",") if number]
    days = [int(number) for number in parts.get("BYMONTHDAY", "").split(",") if number]
    if not all(1 <= month <= 12 for month in months):
        raise EventProblemError(Code.RRULE)
    longest = max((LONGEST_MONTHS[month - 1] for month in months), default=31)
    return bool(days) and all(abs(day) > longest for day in days)


def _last(text: str, start: Moment, zones: Zones) -> datetime:
    until = moment(text, None, zones)
    if until.is_day:
        # The whole of the last day.
        return until.wall + DAY - timedelta(seconds=1)
    if text.strip().upper().endswith("Z"):
        return until.wall if start.is_day else in_zone(until, start.zone)
    return until.wall


def _with_days(parts: dict[str, str], start: datetime) -> dict[str, str]:
    """Return the parts with the day that the start implies, so that the rule says the same from another start."""
    if any(name in parts for name in PICKS_DAYS):
        return parts
    if parts["FREQ"] == "WEEKLY":
        return {**parts, "BYDAY": DAYS[start.weekday()]}
    if parts["FREQ"] == "MONTHLY":
        return {**parts, "BYMONTHDAY": str(start.day)}
    if parts["FREQ"] == "YEARLY":
        return {"BYMONTH": str(start.month), **parts, "BYMONTHDAY": str(start.day)}
    return parts
