"""Two therapists and a manager, in a database of each test's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from dashboard import clock, db
from dashboard.access.actor import Actor
from dashboard.training import commands, queries
from dashboard.training.queries import Entry
from tests.acting import newcomer
from tests.conftest import Database

TODAY = clock.today("Europe/Madrid")


@dataclass(frozen=True)
class Staff:
    """Who logs training, and who decides on it."""

    manager: Actor
    therapist: Actor
    colleague: Actor
    front_desk: Actor

    @property
    def own(self) -> int:
        """Return the therapist's id."""
        assert self.therapist.therapist_id is not None
        return self.therapist.therapist_id

    def log(self, actor: Actor | None = None, key: str = "key", **values: Any) -> int:
        """Log a course of the therapist."""
        asked = {
            "therapist_id": self.own,
            "title": "Ethics of telehealth",
            "provider": "College",
            "kind": "course",
            "topic": "ethics",
            "mode": "online",
            "hours": Decimal("7.5"),
            "started_on": TODAY - timedelta(days=10),
            "ended_on": TODAY - timedelta(days=9),
            **values,
        }
        return commands.log_training(actor or self.therapist, idempotency_key=key, **asked)

    def entry(self, entry_id: int) -> Entry:
        """Return an entry of the therapist as the manager sees it."""
        return next(entry for entry in queries.entries(self.manager, self.own) if entry.id == entry_id)


@pytest.fixture
def staff(database: Database) -> Staff:
    """Return people of a practice without anything else."""
    with db.administration() as session:
        run = session.connection().exec_driver_sql
        therapists = [
            run("insert into therapist (given_name, surnames) values (%s, 'Ruiz') returning id", (name,)).scalar_one()
            for name in ("Ana", "Luis")
        ]

        def person(role: Any, therapist_id: int | None = None) -> Actor:
            return newcomer(role, therapist_id, session)

        return Staff(
            manager=person("manager"),
            therapist=person("therapist", therapists[0]),
            colleague=person("therapist", therapists[1]),
            front_desk=person("front_desk"),
        )
