"""From events to busy times: their occurrences inside a window."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from dashboard.calendars.budget import Budget, OverBudgetError
from dashboard.calendars.changes import Changes
from dashboard.calendars.codes import Code, EventProblemError
from dashboard.calendars.events import NO_UID, Event, Times
from dashboard.calendars.rules import rule_of
from dashboard.calendars.shapes import BusyTime, SetAside, Window
from dashboard.calendars.starts import planned
from dashboard.calendars.values import Moment, Zones, in_zone
from dashboard.calendars.versions import Series
from dashboard.calendars.zones import clock_change

MOST_OF_EVENT = 1_000
MOST_OF_CALENDAR = 10_000


class Expansion:
    """The busy times of a calendar inside a window; whatever is wrong with an event goes to ``aside``."""

    def __init__(self, window: Window, zones: Zones, aside: list[SetAside]) -> None:
        self.window = window
        self.zones = zones
        self.aside = aside
        self.budget = Budget()
        self.busy: list[BusyTime] = []

    def add(self, series: Series) -> None:
        """Add the busy times of one series."""
        main = series.main
        if main and main.times:
            self._add(main, main.times, Changes(main.times, series.changed))
        for event in series.changed:
            if main and self._is_given_up(event, main):
                self.aside.append(event.raw.aside(Code.OLDER_VERSION))
            elif event.times:
                # A changed occurrence is that one, whatever rule was copied with it.
                once = Times(event.times.start, event.times.length)
                self._add(event, once, Changes(once))

    def _is_given_up(self, event: Event, main: Event) -> bool:
        """Return whether a newer version of a series has no such occurrence any more."""
        if main.times is None or event.occurrence is None or event.sequence >= main.sequence:
            return False
        if Changes(main.times).of(event.occurrence, main.times.length) is None:
            return True
        try:
            lasts = [rule_of(text, main.times.start, self.zones).last for text in main.times.rules]
        except EventProblemError:
            return False
        wall = in_zone(event.occurrence, main.times.start.zone)
        return bool(lasts) and all(last is not None and last < wall for last in lasts)

    def _add(self, event: Event, times: Times, changes: Changes) -> None:
        try:
            found = self._found(event, times, changes)
        except EventProblemError as problem:
            self.aside.append(event.raw.aside(problem.code))
        except OverBudgetError:
            self.aside.append(event.raw.aside(Code.RRULE_TOO_SLOW))
        except OverflowError:
            self.aside.append(event.raw.aside(Code.DATE))
        else:
            self._keep(event, found)

    def _found(self, event: Event, times: Times, changes: Changes) -> list[tuple[Moment, BusyTime]]:
        if not times.repeats:
            return list(self._occurrences(event, times, changes))
        with self.budget.for_event():
            return list(islice(self._occurrences(event, times, changes), MOST_OF_EVENT + 1))

    def _occurrences(self, event: Event, times: Times, changes: Changes) -> Iterator[tuple[Moment, BusyTime]]:
        seen: set[datetime] = set()
        starts = planned(times, self.window, self.zones, changes.farthest)
        for plan, plan_length in starts:
            which = plan.utc
            if which in seen:
                continue
            seen.add(which)
            change = changes.of(plan, plan_length)
            if change is None:
                continue
            start, length = change
            begins, ends = start.utc, length.after(start)
            if begins < self.window.until and ends > self.window.since:
                named = event.occurrence.utc if event.occurrence else which if times.repeats else None
                yield start, BusyTime(event.uid, named, begins, ends, start.is_day, event.sequence, event.status)

    def _keep(self, event: Event, found: list[tuple[Moment, BusyTime]]) -> None:
        kept = found[:MOST_OF_EVENT]
        if len(self.busy) + len(kept) > MOST_OF_CALENDAR:
            self.aside.append(event.raw.aside(Code.TOO_MANY_OCCURRENCES))
            return
        if len(found) > len(kept):
            self.aside.append(event.raw.aside(Code.OCCURRENCES_CUT))
        if kept and event.uid.startswith(NO_UID):
            self.aside.append(event.raw.aside(Code.NO_UID))
        reported = {clock_change(start.wall, start.zone) for start, _ in kept if not start.is_day}
        self.aside.extend(event.raw.aside(code) for code in sorted(filter(None, reported)))
        self.busy.extend(busy for _, busy in kept)
