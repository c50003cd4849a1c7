"""Which version of each event counts, when a calendar has several."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from dashboard.calendars.codes import Code
from dashboard.calendars.events import Event
from dashboard.calendars.shapes import SetAside


@dataclass
class Series:
    """An event that may repeat, and those of its occurrences that were changed one by one."""

    main: Event | None = None
    changed: list[Event] = field(default_factory=list)

    @property
    def events(self) -> list[Event]:
        """Return all there is."""
        return [*([self.main] if self.main else []), *self.changed]


def series_of(events: Iterable[Event], aside: list[SetAside]) -> list[Series]:
    """Return the events as series, in the order of the calendar; what no longer counts goes to ``aside``.

    Of versions of one event the highest SEQUENCE counts, of the same SEQUENCE what was written last.
    """
    newest: dict[tuple[str, datetime | None], Event] = {}
    for event in events:
        key = event.uid, event.occurrence.utc if event.occurrence else None
        former = newest.setdefault(key, event)
        if former is event:
            continue
        older, newer = sorted((former, event), key=_age)
        newest[key] = newer
        same = older.sequence == newer.sequence
        aside.append(older.raw.aside(Code.DUPLICATE if same else Code.OLDER_VERSION))
    found: dict[str, Series] = {}
    for (uid, occurrence), event in newest.items():
        series = found.setdefault(uid, Series())
        if occurrence is None:
            series.main = event
        else:
            series.changed.append(event)
    for series in found.values():
        _set_aside(series, aside)
    return list(found.values())


def _age(event: Event) -> tuple[int, str, int]:
    return event.sequence, event.stamp, event.raw.ordinal


def _set_aside(series: Series, aside: list[SetAside]) -> None:
    main = series.main
    aside.extend(event.raw.aside(event.no_time) for event in series.events if event.no_time)
    if main and main.no_time is Code.CANCELLED:
        # What is called off as a whole has no occurrences left but those that were made anew since.
        gone = [event for event in series.changed if event.sequence <= main.sequence]
        aside.extend(event.raw.aside(Code.CANCELLED) for event in gone if not event.no_time)
        series.changed = [event for event in series.changed if event.sequence > main.sequence]
