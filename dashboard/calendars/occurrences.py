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
        given_up = self._given_up(main, series.changed) if main else set()
        if main and main.times:
            self._add(main, main.times, Changes(main.times, series.changed))
        for event in series.changed:
            if event.raw.ordinal in given_up:
                self.aside.append(event.raw.aside(Code.OLDER_VERSION))
            elif event.times:
                # A changed occurrence is that one, whatever rule was copied with it.
                once = Times(event.times.start, event.times.length)
                self._add(event, once, Changes(once))

    def _given_up(self, main: Event, changed: list[Event]) -> set[int]:
        """Return the ordinals of the changed occurrences that a newer version of their series has no more."""
        older = [event for event in changed if event.occurrence and event.sequence < main.sequence]
        if main.times is None or not older:
            return set()
        # Once for all of them: a series may list 2,000 dates and have 10,000 changes.
        taken_out, length, zone = Changes(main.times), main.times.length, main.times.start.zone
        last = self._last(main.times)
        return {
            event.raw.ordinal
            for event in older
            if event.occurrence
            and (
                taken_out.of(event.occurrence, length) is None
                or (last is not None and in_zone(event.occurrence, zone) > last)
            )
        }

    def _last(self, times: Times) -> datetime | None:
        """Return what clocks show at the last start that the rules of a series give, if they end."""
        try:
            lasts = [rule_of(text, times.start, self.zones).last for text in times.rules]
        except EventProblemError:
            return None
        return max((last for last in lasts if last), default=None) if all(lasts) else None

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
