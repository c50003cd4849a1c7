"""Small calendars of our own, and a process that reads many: each in a fork with the limits and measures of its own.

Starting Python for each calendar would cost more than reading it. ``python -m tests.calendars`` is that process: it has
the libraries imported, and forks for each calendar that comes on its standard input.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Self
from zoneinfo import ZoneInfo

from dashboard.calendars import child
from dashboard.calendars.shapes import BusyTime, ReadCalendar, Window
from dashboard.confinement import confine

ROOT = Path(__file__).resolve().parents[1]
MADRID = "Europe/Madrid"
YEAR = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


def event(*lines: str, uid: str = "one@test") -> str:
    """Return an event; times are up to ``lines``."""
    return "\r\n".join(("BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT"))


def calendar(*components: str, head: tuple[str, ...] = ()) -> bytes:
    """Return a calendar of components."""
    lines = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Tests//EN", *head, *components, "END:VCALENDAR", "")
    return "\r\n".join(lines).encode()


def read(content: bytes, window: Window = YEAR, time_zone: str = MADRID) -> ReadCalendar:
    """Return what is read, in this process."""
    return child.read(content, window, time_zone)


def one(content: bytes, window: Window = YEAR) -> BusyTime:
    """Return the only busy time."""
    (busy,) = read(content, window).busy
    return busy


def codes(found: ReadCalendar) -> list[str]:
    """Return the codes of what was set aside, in the order of the lines."""
    return [str(each.code) for each in found.set_aside]


def local(busy: BusyTime, time_zone: str = MADRID) -> str:
    """Return a busy time as clocks of the practice show it."""
    zone = ZoneInfo(time_zone)
    return f"{busy.starts_at.astimezone(zone):%d/%m %H:%M} – {busy.ends_at.astimezone(zone):%d/%m %H:%M}"


@dataclass(frozen=True)
class Outcome:
    """What reading one calendar gave, and cost: seconds by the clock, by the processor, and memory.

    ``megabytes`` are those beyond what a calendar without events takes.
    """

    said: dict[str, Any] | None
    status: int
    seconds: float
    processor: float
    megabytes: float

    @property
    def refusal(self) -> str | None:
        """Return the code of why nothing was read."""
        return self.said["refusal"][0] if self.said and "refusal" in self.said else None

    @property
    def busy(self) -> list[list[Any]]:
        """Return the busy times."""
        return self.said.get("busy", []) if self.said else []

    @property
    def set_aside(self) -> list[list[Any]]:
        """Return code, line and ordinal of what was set aside."""
        return self.said.get("set_aside", []) if self.said else []


class WarmReader:
    """Reads calendars in forks of one process that has the libraries imported."""

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.calendars"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self.base = 0.0
        self.base = self.read(calendar()).megabytes
        return self

    def __exit__(self, *_error: object) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()

    def read(self, content: bytes, window: Window = YEAR, time_zone: str = MADRID) -> Outcome:
        """Return what reading a calendar gives and costs."""
        assert self.process.stdin
        assert self.process.stdout
        about = [len(content), window.since.isoformat(), window.until.isoformat(), time_zone]
        self.process.stdin.write(json.dumps(about).encode() + b"\n" + content)
        self.process.stdin.flush()
        answer, status, seconds, processor, megabytes = json.loads(self.process.stdout.readline())
        try:
            said = json.loads(answer)
        except ValueError:
            said = None
        return Outcome(said, status, seconds, processor, megabytes - self.base)


def _serve(source: BinaryIO, out: BinaryIO) -> None:
    while line := source.readline():
        size, since, until, time_zone = json.loads(line)
        window = Window(datetime.fromisoformat(since), datetime.fromisoformat(until))
        out.write(json.dumps(_in_a_fork(source.read(size), window, time_zone)).encode() + b"\n")
        out.flush()


def _in_a_fork(content: bytes, window: Window, time_zone: str) -> tuple[str, int, float, float, float]:
    reading, writing = os.pipe()
    began = time.perf_counter()
    process = os.fork()
    if not process:
        os.close(reading)
        confine(child.SECONDS)
        with os.fdopen(writing, "w") as pipe:
            pipe.write(child.answer(content, window, time_zone))
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answer = pipe.read()
    _, status, used = os.wait4(process, 0)
    seconds, processor = time.perf_counter() - began, used.ru_utime + used.ru_stime
    return answer, status, seconds, processor, used.ru_maxrss / 1024


if __name__ == "__main__":
    _serve(sys.stdin.buffer, sys.stdout.buffer)
