"""Values of the figures and the rows behind them, as each role may see them."""

from datetime import date

import psycopg
import pytest

from dashboard.access.actor import Actor, NotAllowedError
from dashboard.access.queries import checks_as_of, figures_as_of
from dashboard.key_figures.queries import figure_values, figures_for, rows_behind
from tests.acting import enter

MANAGER = Actor(1, "Manager", "manager", token="figures manager")
RECEPTION = Actor(2, "Reception", "front_desk", token="figures reception")
THERAPIST = Actor(3, "Therapist", "therapist", therapist_id=1, token="figures therapist")
AUDITOR = Actor(4, "Auditor", "auditor", token="figures auditor")


@pytest.fixture
def figures(figures_database):
    enter(MANAGER, RECEPTION, THERAPIST, AUDITOR)
    return figures_database


@pytest.fixture
def empty(database):
    enter(MANAGER)
    return database


def latest(values):
    return values[values["item"].isna()].iloc[-1]


def test_without_an_acting_person_nothing_is_told():
    with pytest.raises(NotAllowedError):
        figures_for(None)


def test_each_role_sees_the_figures_of_its_contract():
    names = {
        actor.role: {figure.name for figure in figures_for(actor)} for actor in (MANAGER, RECEPTION, THERAPIST, AUDITOR)
    }
    assert "kpi_revenue_invoiced" in names["manager"]
    assert "kpi_revenue_invoiced" not in names["front_desk"] | names["therapist"]
    assert {"kpi_consent_coverage", "kpi_file_completeness"} <= names["auditor"]
    assert not any(figure.unit == "money" for figure in figures_for(AUDITOR))
    for figure in figures_for(THERAPIST):
        assert "therapist" in figure.roles


def test_before_the_first_refresh_there_are_no_values_and_no_moment(empty):
    assert figure_values(MANAGER, "kpi_show_rate").empty
    assert rows_behind(MANAGER, "kpi_show_rate", month=date(2026, 1, 1)).empty
    assert figures_as_of(MANAGER) is None
    assert checks_as_of(MANAGER) is None


def test_every_figure_has_values_and_rows_behind_them(figures):
    for figure in figures_for(MANAGER):
        values = figure_values(MANAGER, figure.name)
        assert len(values) > 0, figure.name
        rows = rows_behind(MANAGER, figure.name, month=latest(values)["month"])
        assert list(rows.columns) == list(figure.drill_down.columns)
    assert figures_as_of(MANAGER) is not None
    assert checks_as_of(MANAGER) is not None


def test_the_rows_behind_a_count_are_as_many_as_it_says(figures):
    for name in ("kpi_show_rate", "kpi_delivered_sessions", "kpi_new_patients", "kpi_no_show_rate"):
        value = latest(figure_values(MANAGER, name))
        rows = rows_behind(MANAGER, name, month=value["month"], limit=1_000)
        assert len(rows) == value["numerator"], name


def test_the_rows_behind_an_amount_add_up_to_it(figures):
    for name, amount in (("kpi_revenue_invoiced", "amount"), ("kpi_revenue_collected", "amount")):
        value = latest(figure_values(MANAGER, name))
        rows = rows_behind(MANAGER, name, month=value["month"], limit=1_000)
        assert float(rows[amount].sum()) == pytest.approx(value["value"])


def test_rows_come_in_pages(figures):
    month = latest(figure_values(MANAGER, "kpi_show_rate"))["month"]
    first = rows_behind(MANAGER, "kpi_show_rate", month=month, limit=5)
    second = rows_behind(MANAGER, "kpi_show_rate", month=month, limit=5, offset=5)
    assert len(first) == 5
    assert set(first["appointment_id"]).isdisjoint(second["appointment_id"])


def test_months_are_cut_to_the_period_asked_for(figures):
    every = figure_values(MANAGER, "kpi_show_rate")["month"]
    some = figure_values(MANAGER, "kpi_show_rate", since=every.iloc[2], until=every.iloc[4])["month"]
    assert list(some) == list(every.iloc[2:5])


def test_a_site_is_told_apart(figures):
    values = figure_values(MANAGER, "kpi_show_rate", grain="site", site_id=1)
    assert set(values["site_id"]) == {1}


def test_a_therapist_sees_the_own_row_whoever_is_asked_for(figures):
    values = figure_values(THERAPIST, "kpi_delivered_sessions", grain="therapist")
    assert set(values["therapist_id"]) == {1}
    rows = rows_behind(THERAPIST, "kpi_show_rate", month=values["month"].iloc[-1], grain="therapist")
    assert set(rows["therapist_id"]) <= {1}
    with pytest.raises(NotAllowedError):
        figure_values(THERAPIST, "kpi_delivered_sessions", grain="therapist", therapist_id=2)
    with pytest.raises(NotAllowedError):
        rows_behind(THERAPIST, "kpi_show_rate", month=None, grain="therapist", therapist_id=2)


def test_a_therapist_compares_with_rates_of_the_practice_and_sees_no_sums_or_rows_of_it(figures):
    assert len(figure_values(THERAPIST, "kpi_show_rate")) > 0
    for name, grain in (("kpi_delivered_sessions", "practice"), ("kpi_show_rate", "site")):
        with pytest.raises(NotAllowedError):
            figure_values(THERAPIST, name, grain=grain)
    with pytest.raises(NotAllowedError):
        rows_behind(THERAPIST, "kpi_show_rate", month=None)


def test_unknown_and_forbidden_figures_read_the_same(figures):
    refusals = []
    for name in ("kpi_revenue_invoiced", "kpi_nothing", "patient; drop table patient"):
        with pytest.raises(NotAllowedError) as refusal:
            figure_values(RECEPTION, name)
        refusals.append(str(refusal.value))
    assert len(set(refusals)) == 1


def test_a_cell_that_could_name_a_person_has_neither_value_nor_rows(figures):
    with psycopg.connect(figures.url) as connection:
        month, therapist_id = connection.execute(
            "select month, therapist_id from marts.kpi_new_patients where is_suppressed limit 1"
        ).fetchone()
    period = {"since": month, "until": month}
    values = figure_values(MANAGER, "kpi_new_patients", grain="therapist", therapist_id=therapist_id, **period)
    assert values["is_suppressed"].all()
    assert values[["value", "numerator"]].isna().all(axis=None)
    assert rows_behind(MANAGER, "kpi_new_patients", month=month, grain="therapist", therapist_id=therapist_id).empty
