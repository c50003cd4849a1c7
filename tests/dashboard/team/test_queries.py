"""The team's names: everybody who works here may ask, nobody else, and what is out of use is not offered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from dashboard.access.actor import Actor, NotAllowedError
from dashboard.team import queries
from dashboard.team.models import Room, Service, Site, Therapist
from tests.acting import enter
from tests.conftest import Database
from tests.dashboard.billing.conftest import add

MANAGER = Actor(1, "manager", "manager", token="team manager")


@pytest.fixture
def sites(database: Database) -> dict[str, int]:
    """Return the ids of two sites in use and one that is closed."""
    enter(MANAGER)
    ids = {name: add(Site, name=name) for name in ("Sur", "Norte")}
    return {**ids, "Cerrado": add(Site, name="Cerrado", is_active=False)}


def test_sites_in_use_are_listed_by_name(sites: dict[str, int]) -> None:
    assert [site.name for site in queries.sites(MANAGER)] == ["Norte", "Sur"]


def test_rooms_in_service_are_listed_by_site_and_name(sites: dict[str, int]) -> None:
    for site, name in (("Sur", "B"), ("Sur", "A"), ("Norte", "C"), ("Cerrado", "D")):
        add(Room, site_id=sites[site], name=name)
    add(Room, site_id=sites["Norte"], name="E", is_in_service=False)
    assert [(room.site_name, room.name) for room in queries.rooms(MANAGER)] == [
        ("Norte", "C"),
        ("Sur", "A"),
        ("Sur", "B"),
    ]
    assert [room.name for room in queries.rooms(MANAGER, sites["Sur"])] == ["A", "B"]


def test_therapists_at_work_are_sorted_as_people_expect_accents(sites: dict[str, int]) -> None:
    for name in ("Zoe", "Álvaro", "Berta"):
        add(Therapist, given_name=name, surnames="Ruiz", site_id=sites["Norte"])
    add(Therapist, given_name="Ana", surnames="", site_id=None)
    add(Therapist, given_name="Gone", surnames="Away", is_active=False)
    assert [one.name for one in queries.therapists(MANAGER)] == ["Álvaro Ruiz", "Ana", "Berta Ruiz", "Zoe Ruiz"]
    assert "Ana" not in [one.name for one in queries.therapists(MANAGER, sites["Norte"])]


def test_services_on_offer_are_listed_by_name(sites: dict[str, int]) -> None:
    for name, is_active in (("Pareja", True), ("Individual", True), ("Antigua", False)):
        add(Service, name=name, kind="individual", minutes=50, price_cents=1, is_active=is_active)
    assert [service.name for service in queries.services(MANAGER)] == ["Individual", "Pareja"]


@pytest.mark.parametrize("ask", [queries.sites, queries.rooms, queries.therapists, queries.services])
def test_without_an_acting_person_nothing_is_told(database: Database, ask: Callable[[Any], object]) -> None:
    with pytest.raises(NotAllowedError):
        ask(None)
