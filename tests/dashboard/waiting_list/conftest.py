"""A practice with a freed hour in two days and three people who wait for one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dashboard import clock
from dashboard.patients.models import Patient
from dashboard.waiting_list.commands import Preferences, add_entry
from tests.dashboard.agenda.conftest import Week
from tests.dashboard.agenda.conftest import week as week  # noqa: PLC0414 - a fixture
from tests.dashboard.billing.conftest import add, owner, rows
from tests.dashboard.messages.conftest import run


def noon(days: int = 3) -> datetime:
    """Return noon in Madrid, some days ahead: a whole session fits before midnight whatever the hour of the test."""
    zone = ZoneInfo("Europe/Madrid")
    return datetime.combine(clock.now().astimezone(zone).date() + timedelta(days=days), time(12), zone)


@dataclass(frozen=True)
class Queue:
    """Who waits for what; ``freed`` is the appointment that was cancelled."""

    week: Week
    freed: int
    people: tuple[int, ...]
    entries: tuple[int, ...]

    def waits(self, patient: int, **wanted: Any) -> int:
        """Put a patient on the list and return the entry."""
        return add_entry(self.week.front_desk, patient, Preferences(self.week.service, **wanted))


def person(week: Week, name: str) -> int:
    """Return a new patient of the first therapist."""
    return add(Patient, given_name=name, surname_1="Lista", main_therapist_id=week.therapist.therapist_id)


def offers(columns: str = "turn, state, answered_how") -> list[tuple[Any, ...]]:
    """Return the offers in turn."""
    return [tuple(row) for row in rows(f"select {columns} from waiting_offer order by freed_hour_id, turn")]


def events() -> list[str]:
    """Return what happened, in order."""
    return [what for (what,) in rows("select what from waiting_event order by id")]


def let_expire() -> None:
    """Let the time to answer of what is offered run out."""
    with owner() as connection:
        connection.exec_driver_sql(
            "update waiting_offer set offered_at = now() - interval '5 hours', expires_at = now() - interval '1 second'"
            " where state = 'offered'"
        )


@pytest.fixture
def queue(week: Week) -> Queue:
    """Return the practice."""
    run("update message_rule set quiet_from = '00:00', quiet_until = '00:00'")
    freed = week.book(0, starts_at=noon(), state="cancelled", room_id=week.room)
    people = tuple(person(week, name) for name in ("Uno", "Dos", "Tres"))
    queue = Queue(week, freed, people, ())
    return Queue(week, freed, people, tuple(queue.waits(patient) for patient in people))
