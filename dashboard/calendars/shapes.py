"""What is read from a calendar: busy times without a word of what they are about, and what was set aside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dashboard.calendars.codes import Code


@dataclass(frozen=True)
class Window:
    """The time that is asked about: from ``since`` on, before ``until``; both aware."""

    since: datetime
    until: datetime

    def __post_init__(self) -> None:
        if self.since.utcoffset() is None or self.until.utcoffset() is None:
            raise ValueError("A window needs moments with a time zone.")
        if self.since >= self.until:
            raise ValueError("A window ends after it begins.")


@dataclass(frozen=True)
class BusyTime:
    """One stretch of time that somebody is busy; ``starts_at`` and ``ends_at`` are aware, in UTC.

    ``recurrence_id`` is when this occurrence of a repeated event was to start by its rule (aware, UTC), however it was
    moved since; of an event that does not repeat it is nothing. With ``uid`` it names the same occurrence next time.
    """

    uid: str
    recurrence_id: datetime | None
    starts_at: datetime
    ends_at: datetime
    is_all_day: bool
    sequence: int
    status: str
    """CONFIRMED or TENTATIVE."""


@dataclass(frozen=True)
class SetAside:
    """An event that was not read, or read and reported: why, the line it begins on, and its number in the file.

    Lines and events count from 1; the end of an event that never began has no number.
    """

    code: Code
    line: int
    ordinal: int | None


@dataclass(frozen=True)
class ReadCalendar:
    """What a calendar says about a window of time, by the start of the busy times and by the lines of the events."""

    busy: tuple[BusyTime, ...]
    set_aside: tuple[SetAside, ...]
