"""Two therapists, an office, and files, in a database of each test's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from dashboard import db
from dashboard.access.actor import Actor, Role
from dashboard.patients import commands
from dashboard.team.models import Therapist
from tests.acting import newcomer
from tests.conftest import Database


@dataclass(frozen=True)
class People:
    """Who works with files."""

    manager: Actor
    front_desk: Actor
    therapist: Actor
    colleague: Actor
    auditor: Actor

    def open(self, given_name: str = "Eva", actor: Actor | None = None, **fields: Any) -> int:
        """Open a file and return its id."""
        return commands.open_file(actor or self.front_desk, {"given_name": given_name, **fields})


@pytest.fixture
def people(database: Database) -> People:
    """Return people of a practice without anything else."""
    with db.administration() as session:
        therapists = [Therapist(given_name=name, surnames="Ruiz") for name in ("Ana", "Luis")]
        session.add_all(therapists)
        session.flush()

        def person(role: Role, therapist_id: int | None = None) -> Actor:
            return newcomer(role, therapist_id, session)

        return People(
            manager=person("manager"),
            front_desk=person("front_desk"),
            therapist=person("therapist", therapists[0].id),
            colleague=person("therapist", therapists[1].id),
            auditor=person("auditor"),
        )
