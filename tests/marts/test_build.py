"""Builds of the figures on a real database: what they refuse, what they keep, who may read them."""

import re
import shutil

import psycopg
import pytest

from dashboard import db
from dashboard.access.actor import Actor
from dashboard.config import ROOT
from dashboard.key_figures.queries import figure_values, figures_for
from tests.acting import enter
from tests.marts.conftest import figures_environment, run_dbt

MANAGER = Actor(1, "Manager", "manager", token="build manager")


def test_a_practice_without_rows_builds_and_every_unit_test_passes(database, tmp_path, superuser):
    superuser(database, f"grant temporary on database {database.name} to transformer")
    done = run_dbt(tmp_path, figures_environment(database.name), "build")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("invoice", "update practice.invoice set total_cents = total_cents + 1 where id = %s"),
        (
            "payment_allocation",
            "update practice.payment_allocation set amount_cents = amount_cents * 100 where id = %s",
        ),
    ],
)
def test_an_ageing_that_does_not_add_up_stops_the_build_and_the_last_figure_stays(
    figures_database, build, superuser, table, change
):
    outstanding = "select value from marts.kpi_ageing where grain = 'practice' and item is null"
    before = superuser(figures_database, outstanding)
    spoilt = superuser(figures_database, f"select min(id) from practice.{table}")[0][0]
    superuser(figures_database, "set session_replication_role = replica", change % spoilt)
    assert not build(figures_database, "+kpi_ageing")
    assert superuser(figures_database, outstanding) == before


def test_a_charge_that_is_lost_on_its_way_to_an_invoice_stops_the_build(figures_database, build, superuser):
    invoiced = "(select charge_id from practice.invoice_line limit 1)"
    lost = f"update practice.charge set amount_cents = amount_cents + 1 where id = {invoiced}"
    superuser(figures_database, "set session_replication_role = replica", lost)
    assert not build(figures_database)


def test_a_new_figure_is_a_sql_file_and_a_yaml_entry(figures_database, build, tmp_path, monkeypatch):
    project = tmp_path / "dbt"
    shutil.copytree(ROOT / "dbt", project, ignore=shutil.ignore_patterns("target", "logs"))
    figures = project / "models" / "marts" / "key_figures"
    sql = (figures / "kpi_show_rate.sql").read_text()
    (figures / "kpi_attendance_test.sql").write_text(sql)
    yaml = (figures / "_training__figures.yml").read_text()
    yaml = yaml.replace("kpi_training_compliance", "kpi_attendance_test").replace("Training on pace", "Attendance")
    (figures / "_attendance__figures.yml").write_text(yaml)

    assert build(figures_database, INTERSESSION_DBT_DIR=str(project))
    monkeypatch.setenv("INTERSESSION_DBT_DIR", str(project))
    db.forget_engines()
    enter(MANAGER)
    assert "Attendance" in [figure.label.en for figure in figures_for(MANAGER)]
    new, old = (figure_values(MANAGER, name) for name in ("kpi_attendance_test", "kpi_show_rate"))
    assert len(new) > 0
    assert new.equals(old)


def test_every_view_asks_for_the_rights_of_its_reader(figures_database, superuser):
    unsafe = superuser(
        figures_database,
        "select relname from pg_class join pg_namespace on pg_namespace.oid = relnamespace"
        " where nspname in ('staging', 'intermediate', 'marts') and relkind = 'v'"
        " and not coalesce('security_invoker=true' = any(reloptions), false)",
    )
    assert unsafe == []


def test_a_view_is_replaced_in_place_so_that_readers_never_miss_it(figures_database, build, superuser):
    identity = "select 'marts.patient_files'::regclass::oid, 'staging.stg_practice__patients'::regclass::oid"
    before = superuser(figures_database, identity)
    assert build(figures_database, "+patient_files")
    assert superuser(figures_database, identity) == before


def test_the_checks_read_files_and_no_money(figures_database):
    address = re.sub(r"\+psycopg", "", db.url("checker").render_as_string(hide_password=False))
    with psycopg.connect(address, autocommit=True) as connection:
        assert connection.execute("select count(*) from marts.patient_files").fetchone()[0] > 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select * from marts.session_money limit 1")


def test_a_session_is_told_paid_when_its_invoice_is(figures_database, superuser):
    wrong = superuser(
        figures_database,
        "select count(*) from marts.session_money where money_status = 'paid' and open_amount <> 0"
        " or open_amount <> invoiced_amount - paid_amount",
    )
    assert wrong == [(0,)]


def test_what_sessions_and_other_charges_leave_open_is_what_invoices_leave_open(figures_database, superuser):
    by_charge, by_invoice = superuser(
        figures_database,
        "select (select sum(open_amount) from intermediate.int_charge_balances),"
        " (select sum(open_amount) from marts.open_invoices)",
    )[0]
    assert by_charge == by_invoice
