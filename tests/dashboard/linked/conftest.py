"""A therapist whose calendars are at a real server, connected and chosen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dashboard.clinical import keyring
from dashboard.config import settings
from dashboard.linked import commands, queries
from dashboard.linked.exchange import Pace, exchange_round
from tests.dashboard.agenda.conftest import Week
from tests.dashboard.agenda.conftest import week as week  # noqa: PLC0414 - a fixture
from tests.dashboard.billing.conftest import rows
from tests.dashboard.calendars.conftest import hour, stamp
from tests.radicale import PASSWORD, USER, Radicale, serving


@pytest.fixture
def radicale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Radicale]:
    """Return a server that the practice's settings let be asked."""
    monkeypatch.setenv("INTERSESSION_CALENDAR_HOSTS", "127.0.0.1")
    with serving(tmp_path) as server:
        yield server


@dataclass
class Link:
    """A therapist's account at the server: sessions go to ``work``, the busy times of ``home`` come in."""

    week: Week
    server: Radicale

    def book(self, in_hours: float, **values: Any) -> int:
        """Write a session at a full hour."""
        return self.week.book(0, starts_at=hour(in_hours), **values)

    def exchange(self, now: datetime | None = None) -> int:
        """Go a round of a worker that was just started."""
        return exchange_round(Pace(), now)

    def events(self) -> dict[str, str]:
        """Return what stands in the calendar of the sessions."""
        return self.server.files("work")

    def only(self) -> tuple[str, str]:
        """Return the name and the text of the only event there."""
        [found] = self.events().items()
        return found

    def move(self, hours: float, *lines: str) -> None:
        """Move the only event, as another program does, and perhaps write more to it."""
        name, text = self.only()
        for which in ("DTSTART", "DTEND"):
            [old] = re.findall(rf"{which}:(\d+T\d+Z)", text)
            moved = datetime.strptime(f"{old}+0000", "%Y%m%dT%H%M%SZ%z") + timedelta(hours=hours)
            text = text.replace(f"{which}:{old}", f"{which}:{stamp(moved)}")
        text = text.replace("END:VEVENT", "\n".join((*lines, "END:VEVENT")))
        self.server.put_bytes(f"work/{name}", text.encode())

    def proposals(self) -> list[queries.Proposal]:
        """Return what is to be decided."""
        return queries.proposals(self.week.therapist)

    def problems(self) -> tuple[Any, ...]:
        """Return what is wrong: with the account, and with its calendars by name."""
        [(account,)] = rows("select problem from linked_account")
        return account, *(each[0] for each in rows("select problem from linked_calendar order by name"))

    def kept(self) -> list[Any]:
        """Return all that is kept of what was written and proposed."""
        return [*rows("select * from linked_event order by id"), *rows("select * from linked_proposal order by id")]


def chosen(week: Week, *, shows: str = "nothing", outgoing: str | None = "Práctica", busy: str | None = "Home") -> None:
    """Choose by the calendars' names."""
    found = queries.account(week.therapist)
    assert found
    numbers = {each.name: each.id for each in found.calendars}
    commands.choose(
        week.therapist,
        numbers[outgoing] if outgoing else None,
        [numbers[busy]] if busy else [],
        shows=shows,
        session_word="Sesión",
    )


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: Any) -> Iterator[Path]:
    """Return the file of a master key of this test's own."""
    path = tmp_path / "master.key"
    monkeypatch.setenv("INTERSESSION_MASTER_KEY_FILE", str(path))
    settings.cache_clear()
    keyring.ensure_key()
    yield path
    settings.cache_clear()


@pytest.fixture
def link(radicale: Radicale, keys: Path, week: Week) -> Link:
    """Return the therapist's account, connected and chosen."""
    assert commands.connect(week.therapist, radicale.address, USER, PASSWORD) == 2
    chosen(week)
    return Link(week, radicale)


def starts(appointment: int) -> datetime:
    """Return when an appointment begins."""
    [(found,)] = rows("select starts_at from appointment where id = :id", id=appointment)
    return found
