"""Changes of the team."""

from __future__ import annotations

from dashboard.access.actor import Actor, transaction
from dashboard.team.models import Therapist


def add_therapist(actor: Actor, given_name: str, surnames: str) -> int:
    """Add a therapist with a name and nothing else yet; return their number."""
    with transaction(actor, "manager") as session:
        therapist = Therapist(given_name=given_name, surnames=surnames or None)
        session.add(therapist)
        session.flush()
        return therapist.id
