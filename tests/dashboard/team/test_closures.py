"""A site is closed on public holidays and on days of its own, by the office, and opened again."""

from __future__ import annotations

from datetime import date

import pytest

from dashboard.access.actor import NotAllowedError, NotFoundError, RuleBrokenError
from dashboard.team import closures
from dashboard.team.models import Site
from tests.acting import newcomer
from tests.conftest import Database
from tests.dashboard.billing.conftest import add, rows

pytestmark = pytest.mark.usefixtures("database")


def test_the_public_holidays_of_the_region_are_closed_once() -> None:
    desk, site = newcomer("front_desk"), add(Site, name="Centro", region="Madrid")
    added = closures.close_public_holidays(desk, site, 2027, "es")
    assert added > len(closures.public_holidays("ES", None, 2027, "es")) >= 8
    assert closures.close_public_holidays(desk, site, 2027, "es") == 0
    assert rows("select name from site_closure where closed_on = '2027-01-06'") == [("Epifanía del Señor",)]


def test_a_day_is_closed_and_opened_again() -> None:
    desk, site = newcomer("front_desk"), add(Site, name="Centro")
    closures.close_day(desk, site, date(2027, 5, 17), " San Pascual ")
    [row] = closures.closures(desk, date(2027, 1, 1)).to_dict("records")
    assert (row["name"], row["site_name"], row["closed_on"]) == ("San Pascual", "Centro", date(2027, 5, 17))
    closures.open_day(desk, row["closure_id"])
    assert closures.closures(desk, date(2027, 1, 1)).empty
    with pytest.raises(NotFoundError):
        closures.open_day(desk, row["closure_id"])


def test_a_reason_a_known_country_and_the_office_are_needed() -> None:
    site, abroad = add(Site, name="Centro"), add(Site, name="Lejos", country="XX")
    with pytest.raises(RuleBrokenError, match="Say why"):
        closures.close_day(newcomer("manager"), site, date(2027, 5, 17), "  ")
    with pytest.raises(RuleBrokenError, match="not known"):
        closures.close_public_holidays(newcomer("manager"), abroad, 2027, "es")
    with pytest.raises(NotAllowedError):
        closures.close_day(newcomer("auditor"), site, date(2027, 5, 17), "Feast")


def test_what_is_not_there_and_an_unknown_language_do_no_harm(database: Database) -> None:
    assert (
        closures.public_holidays("ES", "Nowhere", 2027, "xx").keys()
        == closures.public_holidays("ES", None, 2027, "es").keys()
    )
    with pytest.raises(NotFoundError):
        closures.close_public_holidays(newcomer("manager"), 99, 2027, "es")
