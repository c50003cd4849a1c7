"""The days that the synthetic practice covers, and the moment of a local hour on each of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

TIME_ZONE = "Europe/Madrid"
WEEKS_BEHIND, WEEKS_AHEAD = 104, 6
HOLIDAYS = {(1, 1), (1, 6), (5, 1), (8, 15), (10, 12), (11, 1), (12, 6), (12, 8), (12, 24), (12, 25), (12, 31)}
_MARGIN = 400  # days known before and after, for dates of booking, birth of a file, or an absence at the edge


@dataclass(frozen=True)
class Window:
    """From a Monday 24 months before ``reference`` to six weeks after it; days are numbered from that Monday.

    Everything on days before ``reference`` has happened; ``reference`` itself lies wholly ahead.
    """

    reference: date

    @cached_property
    def first(self) -> date:
        """The Monday that opens the period."""
        start = self.reference - timedelta(weeks=WEEKS_BEHIND)
        return start - timedelta(days=start.weekday())

    @cached_property
    def now(self) -> int:
        """The number of the reference day."""
        return (self.reference - self.first).days

    @cached_property
    def days(self) -> int:
        """How many days the period has."""
        return self.now + 7 * WEEKS_AHEAD + 1

    @cached_property
    def weeks(self) -> int:
        """How many weeks the period touches."""
        return -(-self.days // 7)

    @cached_property
    def is_holiday(self) -> Array:
        """Whether each day of whole weeks is a public holiday."""
        every = [self.first + timedelta(days=day) for day in range(7 * self.weeks)]
        return np.array([(day.month, day.day) in HOLIDAYS for day in every])

    @cached_property
    def _offsets(self) -> Array:
        """Seconds that local time is ahead of UTC at midnight and at noon of each day, margins included."""
        zone = ZoneInfo(TIME_ZONE)
        first = datetime.combine(self.first, time())
        moments = [
            [first + timedelta(days=day, hours=hour) for hour in (0, 12)]
            for day in range(-_MARGIN, self.days + _MARGIN)
        ]
        found = [[moment.replace(tzinfo=zone).utcoffset() or timedelta() for moment in pair] for pair in moments]
        return np.array([[int(offset.total_seconds()) for offset in pair] for pair in found])

    def dates(self, day: Array) -> Array:
        """Return the dates of numbered days."""
        return np.datetime64(self.first, "D") + np.asarray(day, dtype="timedelta64[D]")

    def moments(self, day: Array, minute: Array | int) -> Array:
        """Return the UTC moments of local minutes of numbered days."""
        local = self.dates(day).astype("datetime64[s]") + np.asarray(np.asarray(minute) * 60, dtype="timedelta64[s]")
        known = np.clip(np.asarray(day) + _MARGIN, 0, len(self._offsets) - 1)
        offset = self._offsets[known, np.where(np.asarray(minute) < 120, 0, 1)]
        moments: Array = local - offset.astype("timedelta64[s]")
        return moments

    @cached_property
    def start_of_today(self) -> Any:
        """The UTC moment when the reference day begins."""
        return self.moments(np.array([self.now]), 0)[0]
