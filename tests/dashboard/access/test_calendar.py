"""The practice's calendar day is that of its own time zone, in the application and in the database alike."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from dashboard import clock, db
from dashboard.access.models import Practice
from dashboard.access.queries import today
from tests.conftest import Database
from tests.dashboard.billing.conftest import add

# Whatever the hour, the day is another one than the server's in one of these at least.
ZONES = ("Pacific/Kiritimati", "Pacific/Pago_Pago")


@pytest.mark.parametrize("zone", ZONES)
def test_both_tell_the_day_of_the_practices_zone(database: Database, zone: str) -> None:
    add(Practice, id=1, name="Far away", time_zone=zone)
    with db.administration(read_only=True) as session:
        assert today(session) == session.execute(text("select practice_today()")).scalar() == clock.today(zone)


def test_the_servers_day_would_be_another() -> None:
    assert any(clock.today(zone) != clock.today() for zone in ZONES)
