"""The agenda's two therapists, and files of calendars placed relative to now."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dashboard import clock
from tests.calendars import calendar, event
from tests.dashboard.agenda.conftest import week as week  # noqa: PLC0414 - a fixture

WORDS = "Quokka with Dr Smith"


def hour(in_hours: float) -> datetime:
    """Return the full hour that is so many hours from now."""
    return clock.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=in_hours)


def stamp(moment: datetime) -> str:
    """Return a moment as iCalendar writes it."""
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def busy(in_hours: float, *lines: str, uid: str = "one@test", hours: float = 1) -> str:
    """Return an event that begins ``in_hours`` from now, with words that nobody may keep."""
    begins = hour(in_hours)
    times = (f"DTSTART:{stamp(begins)}", f"DTEND:{stamp(begins + timedelta(hours=hours))}")
    return event(*times, f"SUMMARY:{WORDS}", f"DESCRIPTION:{WORDS}", f"LOCATION:{WORDS}", *lines, uid=uid)


def file(*events: str) -> bytes:
    """Return a calendar of events."""
    return calendar(*events)
