"""Two therapists, an office, and files, in a database of each test's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from dashboard import db
from dashboard.access.actor import Actor, Role
from dashboard.access.models import AppUser
from dashboard.patients import commands
from dashboard.team.models import Therapist
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
    with db.transaction() as session:
        therapists = [Therapist(given_name=name, surnames="Ruiz") for name in ("Ana", "Luis")]
        session.add_all(therapists)
        session.flush()

        def person(role: Role, therapist_id: int | None = None) -> Actor:
            name = f"{role} {therapist_id}"
            user = AppUser(display_name=name, email=f"{name}@example.org", role=role, therapist_id=therapist_id)
            session.add(user)
            session.flush()
            return Actor(user.id, name, role, therapist_id)

        return People(
            manager=person("manager"),
            front_desk=person("front_desk"),
            therapist=person("therapist", therapists[0].id),
            colleague=person("therapist", therapists[1].id),
            auditor=person("auditor"),
        )
