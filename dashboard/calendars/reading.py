"""Has a calendar read in a process of its own, and takes its busy times."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from dashboard import confinement
from dashboard.calendars.codes import CalendarRefusedError, Code
from dashboard.calendars.components import MOST_BYTES
from dashboard.calendars.shapes import BusyTime, ReadCalendar, SetAside, Window

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 30
CHILD = ("-m", "dashboard.calendars.child")


def read(content: bytes, since: datetime, until: datetime, time_zone: str) -> ReadCalendar:
    """Return when somebody is busy by the calendar ``content`` (an .ics file), from ``since`` on and before ``until``.

    ``since`` and ``until`` are aware. ``time_zone`` is the practice's, by a name of IANA's: whole days are those of the
    practice, and times count there when neither they nor their calendar name a zone.

    Raises:
        CalendarRefusedError: nothing of it is read; ``codes.SENTENCES`` has the sentence of its code.
        ValueError: the window is none, or the time zone is not known (ZoneInfoNotFoundError is a KeyError).
    """
    window = Window(since.astimezone(UTC), until.astimezone(UTC))
    ZoneInfo(time_zone)
    # Before a process is started for it.
    if not content.strip():
        raise CalendarRefusedError(Code.EMPTY_FILE)
    if len(content) > MOST_BYTES:
        raise CalendarRefusedError(Code.FILE_TOO_LARGE)
    said = _said(content, window, time_zone)
    if "refusal" in said:
        code, line = said["refusal"]
        raise CalendarRefusedError(Code(code), line)
    return ReadCalendar(
        tuple(_busy_time(*row) for row in said["busy"]),
        tuple(SetAside(Code(code), line, ordinal) for code, line, ordinal in said["set_aside"]),
    )


def _said(content: bytes, window: Window, time_zone: str) -> dict[str, Any]:
    about = [window.since.isoformat(), window.until.isoformat(), time_zone]
    try:
        done = subprocess.run(
            [sys.executable, *CHILD, *about],
            input=content,
            capture_output=True,
            timeout=SECONDS,
            cwd=ROOT,
            env=confinement.environment(),
            check=False,
        )
        said: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):
        # Stopped at a limit; what it wrote instead may quote the calendar.
        raise CalendarRefusedError(Code.TOO_COMPLEX) from None
    return said


def _busy_time(
    uid: str,
    recurrence_id: str | None,
    starts_at: str,
    ends_at: str,
    is_all_day: bool,
    sequence: int,
    status: str,
) -> BusyTime:
    which = None if recurrence_id is None else datetime.fromisoformat(recurrence_id)
    starts, ends = datetime.fromisoformat(starts_at), datetime.fromisoformat(ends_at)
    return BusyTime(uid, which, starts, ends, is_all_day, sequence, status)
