"""The lists of money over a synthetic practice with its figures: filtered, counted, and in step with the figures."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from dashboard import clock, db
from dashboard.access.actor import Actor, NotAllowedError
from dashboard.billing import commands, queries
from dashboard.billing.queries import OUTSTANDING, STATUSES, Filters
from dashboard.billing.rules import BUCKETS
from dashboard.training import queries as training
from tests.acting import someone
from tests.conftest import Database

YEAR = Filters(since=clock.today("Europe/Madrid") - timedelta(days=365), until=clock.today("Europe/Madrid"))


def person(role: str) -> Actor:
    return someone(role)


def test_the_states_add_up_to_all_sessions(figures_database: Database) -> None:
    desk = person("front_desk")
    by_state = [queries.count_sessions_with_money(desk, replace(YEAR, status=status)) for status in STATUSES]
    assert sum(by_state) == queries.count_sessions_with_money(desk, YEAR) > 0


def test_pages_of_a_list_are_parts_of_it(figures_database: Database) -> None:
    desk = person("front_desk")
    whole = queries.sessions_with_money(desk, YEAR, limit=30)
    second = queries.sessions_with_money(desk, YEAR, limit=10, offset=10)
    assert second["appointment_id"].tolist() == whole["appointment_id"].tolist()[10:20]


def test_a_site_and_a_therapist_narrow_the_list(figures_database: Database) -> None:
    desk = person("front_desk")
    names = set(queries.sessions_with_money(desk, replace(YEAR, therapist_id=1))["therapist"])
    assert len(names) == 1
    assert queries.count_sessions_with_money(desk, replace(YEAR, site_id=999)) == 0


def test_the_ageing_is_the_open_invoices_less_credit(figures_database: Database) -> None:
    desk = person("front_desk")
    ageing = queries.ageing(desk)
    for bucket in BUCKETS:
        listed = queries.open_invoices(desk, Filters(status=bucket))["open_amount"].sum()
        assert ageing.get(bucket, 0) == listed
    assert sum(ageing[key] for key in ageing if key != OUTSTANDING) == ageing[OUTSTANDING]


def test_what_is_to_invoice_is_invoiced_and_then_there_is_nothing(figures_database: Database) -> None:
    manager = person("manager")
    found = queries.what_to_invoice(manager, YEAR)
    if found.not_charged:
        commands.charge_sessions(manager, found.not_charged)
        found = queries.what_to_invoice(manager, YEAR)
    assert len(commands.invoice_charges(manager, found.charges)) == found.invoice_count > 0
    left = queries.what_to_invoice(manager, YEAR)
    assert (left.not_charged, left.charges, left.total) == ((), (), 0)


def test_a_list_without_figures_says_that_they_are_not_built(demo_database: Database) -> None:
    for ask in (
        lambda: queries.count_open_invoices(person("manager"), Filters()),
        lambda: training.progress(person("manager")),
    ):
        with pytest.raises(db.DatabaseRefusal) as refused:
            ask()
        assert refused.value.code == "not_built"


@pytest.mark.parametrize("role", ["therapist", "auditor"])
def test_only_the_office_reads_money(figures_database: Database, role: str) -> None:
    actor = person(role)
    for ask in (queries.sessions_with_money, queries.open_invoices, queries.payments, queries.what_to_invoice):
        with pytest.raises(NotAllowedError):
            ask(actor, YEAR)
    with pytest.raises(NotAllowedError):
        queries.ageing(actor)


def test_a_therapist_reads_their_own_progress(figures_database: Database) -> None:
    therapist = person("therapist")
    assert {one.therapist_id for one in training.progress(therapist)} <= {therapist.therapist_id}
    assert len(training.progress(person("manager"))) >= len(training.progress(therapist))
