"""The process that reads a calendar, confined: it comes on standard input, busy times leave as one line of JSON.

Nothing of what an event is about leaves: no title, description, place or person. The arguments are the window, as two
moments, and the practice's time zone.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from dashboard.calendars.codes import CalendarRefusedError, Code, EventProblemError
from dashboard.calendars.components import Components, RawEvent, split
from dashboard.calendars.events import Event, count_dates, read_event
from dashboard.calendars.occurrences import Expansion
from dashboard.calendars.shapes import ReadCalendar, SetAside, Window
from dashboard.calendars.values import Zones
from dashboard.calendars.versions import series_of
from dashboard.confinement import confine

SECONDS = 10
MOST_DATES = 20_000


def read(content: bytes, window: Window, time_zone: str) -> ReadCalendar:
    """Return what a calendar says about a window of time.

    Raises:
        CalendarRefusedError: nothing of it can be read.
    """
    components = split(content)
    aside = list(components.broken)
    events = _events(components, ZoneInfo(time_zone), aside)
    expansion = Expansion(window, Zones(ZoneInfo(time_zone), None, components.locations), aside)
    for series in series_of(events, aside):
        expansion.add(series)
    busy = sorted(expansion.busy, key=lambda each: (each.starts_at, each.ends_at, each.uid))
    return ReadCalendar(tuple(busy), tuple(sorted(aside, key=lambda each: (each.line, each.code))))


def _events(components: Components, practice: ZoneInfo, aside: list[SetAside]) -> list[Event]:
    found: list[Event] = []
    met: set[tuple[str, tuple[tuple[str, bytes], ...]]] = set()
    dates = 0
    for raw in components.events:
        written = raw.head.method, tuple(raw.properties)
        if written in met:
            aside.append(raw.aside(Code.DUPLICATE))
            continue
        met.add(written)
        listed = count_dates(raw)
        if listed and listed + dates > MOST_DATES:
            aside.append(raw.aside(Code.TOO_MANY_DATES))
            continue
        try:
            found.append(_event(raw, practice, components))
            dates += listed
        except EventProblemError as problem:
            aside.append(raw.aside(problem.code))
    return found


def _event(raw: RawEvent, practice: ZoneInfo, components: Components) -> Event:
    return read_event(raw, Zones(practice, raw.head.zone, components.locations))


def as_json(found: ReadCalendar) -> str:
    """Return what was read as one JSON object; moments as ``datetime.fromisoformat`` reads them."""
    return json.dumps(
        {
            "busy": [tuple(vars(each).values()) for each in found.busy],
            "set_aside": [tuple(vars(each).values()) for each in found.set_aside],
        },
        default=datetime.isoformat,
    )


def answer(content: bytes, window: Window, time_zone: str) -> str:
    """Return one JSON object: what was read, or the code of why nothing was, and the line to blame."""
    refusal: tuple[Any, ...]
    try:
        return as_json(read(content, window, time_zone))
    except CalendarRefusedError as refused:
        refusal = refused.code, refused.line
    except (MemoryError, RecursionError):
        refusal = Code.TOO_COMPLEX, None
    return json.dumps({"refusal": refusal})


def main() -> None:
    """Read standard input and write what it says, or why it is refused."""
    content = sys.stdin.buffer.read()
    confine(SECONDS)
    since, until = (datetime.fromisoformat(text) for text in sys.argv[1:3])
    sys.stdout.write(answer(content, Window(since, until), sys.argv[3]) + "\n")


if __name__ == "__main__":
    main()
