"""What became of the occurrences of an event: taken out, moved one by one, or moved from one of them on."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from dashboard.calendars.events import Event, Times
from dashboard.calendars.values import DAY, Length, Moment, in_zone


class Changes:
    """What became of the occurrences of the event that takes place at ``times``, by its changed occurrences."""

    def __init__(self, times: Times, changed: Iterable[Event] = ()) -> None:
        self.moments: set[datetime] = set()
        self.days: set[date] = set()
        self.later: list[tuple[Moment, Times | None]] = []
        for excluded in times.without:
            self._take_out(excluded, times.start)
        for event in changed:
            if event.occurrence:
                self._take_out(event.occurrence, times.start)
                if event.is_for_later:
                    self.later.append((event.occurrence, event.times))
        self.later.sort(key=_begins)

    def _take_out(self, found: Moment, start: Moment) -> None:
        # Where a program says only the day of an occurrence, or the time of a day, the day tells which it is.
        if found.is_day or start.is_day:
            self.days.add(found.wall.date())
        else:
            self.moments.add(found.utc)

    @property
    def farthest(self) -> timedelta:
        """Return how far from its plan an occurrence may be, at most."""
        moves = (abs(_shift(*change)) + change[1].length.on_clock + DAY for change in self.later if change[1])
        return max(moves, default=timedelta(0))

    def of(self, planned: Moment, length: Length) -> tuple[Moment, Length] | None:
        """Return when an occurrence takes place, and how long, or nothing when it does not or is said elsewhere."""
        if planned.wall.date() in self.days or (self.moments and planned.utc in self.moments):
            return None
        reached = bisect_right(self.later, planned.utc, key=_begins) if self.later else 0
        if not reached:
            return planned, length
        since, times = self.later[reached - 1]
        if times is None:
            return None
        start = times.start
        wall = in_zone(planned, start.zone) + _shift(since, times)
        return Moment(wall, start.zone, start.is_day), times.length


def _begins(change: tuple[Moment, Times | None]) -> datetime:
    return change[0].utc


def _shift(since: Moment, times: Times | None) -> timedelta:
    return times.start.wall - in_zone(since, times.start.zone) if times else timedelta(0)
