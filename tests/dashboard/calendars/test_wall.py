"""What the database itself keeps apart, past the queries: busy times of a colleague, calendars' names, tokens."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from dashboard import db
from dashboard.access.actor import Actor, transaction
from dashboard.calendars import commands
from dashboard.config import ROOT
from dashboard.db import DatabaseRefusal
from tests.architecture.lints import imported
from tests.dashboard.agenda.conftest import Week
from tests.dashboard.billing.conftest import owner
from tests.dashboard.calendars.conftest import busy, file, hour

BUSY = "select therapist_id, starts_at from busy_elsewhere(array[:one, :two]::bigint[], :since, :until)"
WITH_DATABASE = {"__init__", "commands", "fetching", "models", "queries"}


@pytest.fixture
def both(week: Week) -> Week:
    """Return a practice in which both therapists are busy elsewhere."""
    commands.take_in(week.therapist, "Home", file(busy(24)))
    commands.take_in(week.colleague, "Home", file(busy(26)))
    return week


def asked(actor: Actor, question: str, **values: Any) -> list[Any]:
    """Return what the database answers a person who gets past the queries."""
    with transaction(actor) as session:
        return [tuple(row) for row in session.execute(text(question), values)]


def told(week: Week, actor: Actor, until: float = 100) -> list[int]:
    """Return whose busy times the function of the database tells ``actor``, in order."""
    one, two = week.therapist.therapist_id, week.colleague.therapist_id
    return [row[0] for row in asked(actor, BUSY, one=one, two=two, since=hour(25), until=hour(until))]


def test_the_function_answers_within_what_the_caller_may_see(both: Week) -> None:
    mine, theirs = both.therapist.therapist_id, both.colleague.therapist_id
    one, two = {"since": hour(0), "until": hour(100)}, {"one": mine, "two": theirs}
    for office in (both.manager, both.front_desk):
        assert asked(office, BUSY, **one, **two) == [(mine, hour(24)), (theirs, hour(26))]
        assert asked(office, BUSY, one=mine, two=mine, **one) == [(mine, hour(24))]
    assert asked(both.therapist, BUSY, **one, **two) == [(mine, hour(24))]
    assert told(both, both.manager) == [theirs]  # what ends as the time asked about begins is not in it
    assert told(both, both.manager, until=26) == []
    with pytest.raises(DatabaseRefusal):
        told(both, both.auditor)


def test_without_the_policy_a_colleague_would_read_them(both: Week) -> None:
    seen = "select count(*) from busy_time"
    assert asked(both.colleague, seen) == [(1,)]
    with owner() as connection:
        connection.exec_driver_sql("alter policy therapist on busy_time using (true)")
    assert asked(both.colleague, seen) == [(2,)]


@pytest.mark.parametrize("column", ["calendar", "uid_sha256", "recurrence_at", "imported_at"])
def test_the_office_is_not_told_by_which_calendar(both: Week, column: str) -> None:
    question = "select starts_at from busy_time where {} is not null"
    assert len(asked(both.manager, question.format("starts_at"))) == 2
    for office in (both.manager, both.front_desk):
        with pytest.raises(DatabaseRefusal):
            asked(office, question.format(column))


def test_nobody_reads_the_hash_of_a_token_or_asks_in_its_place(week: Week) -> None:
    commands.create_feed(week.therapist)
    assert len(asked(week.therapist, "select id from calendar_feed")) == 1
    for actor in (week.therapist, week.manager):
        for question in ("select token_sha256 from calendar_feed", "select * from feed_opened('')"):
            with pytest.raises(DatabaseRefusal):
                asked(actor, question)
    for question in ("select id from calendar_feed", "select id from appointment", "select * from live_feed('')"):
        with pytest.raises(DatabaseRefusal), db.transaction("app_sign_in") as session:
            session.execute(text(question))


def test_what_reads_and_writes_calendars_is_listed_in_the_contract_that_keeps_it_from_the_database() -> None:
    modules = {path.stem for path in (ROOT / "dashboard" / "calendars").glob("*.py")} - WITH_DATABASE
    contract = (ROOT / "pyproject.toml").read_text().split("knows no database")[1].split("forbidden_modules")[0]
    assert {name for name in modules if f'"dashboard.calendars.{name}"' not in contract} == set()
    knows = {
        name
        for name in WITH_DATABASE
        if any(
            module.what.startswith(("sqlalchemy", "dashboard.db"))
            for module in imported((ROOT / "dashboard" / "calendars" / f"{name}.py").read_text())
        )
    }
    assert knows == WITH_DATABASE - {"__init__"}
