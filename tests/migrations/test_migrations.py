"""The schema: built from nothing, the same as the models, taken back; and what each login may do in it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import psycopg
import pytest
from alembic import command

from dashboard import db, schema
from dashboard.config import ROOT
from tests.conftest import run_command

REVISIONS = sorted(path.name[:4] for path in (ROOT / "dashboard" / "migrations" / "versions").glob("0*.py"))
LOGINS = ("app_rt", "app_sign_in", "transformer", "checker", "messenger", "visitor")


@pytest.fixture
def superuser(database) -> Callable[..., list[tuple]]:
    """Return a function that asks the test's database something, past every right."""

    def ask(question: str, *values: object) -> list[tuple]:
        with psycopg.connect(database.url, options="-c search_path=practice") as connection:
            return connection.execute(question, values or None).fetchall()

    return ask


def attempt(login: db.Login, statement: str) -> str:
    """Run ``statement`` as ``login`` and take it back; return ``done`` or the code of the refusal."""
    address = db.url(login).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, options="-c search_path=practice") as connection:
        try:
            connection.execute(statement)
        except psycopg.Error as error:
            return error.sqlstate
        finally:
            connection.rollback()
    return "done"


def tables(url: str) -> set[str]:
    """Return the tables of the operational schema."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("select tablename from pg_tables where schemaname = 'practice'").fetchall()
    return {row[0] for row in rows}


def test_an_empty_database_is_brought_to_the_present_schema_and_only_once(blank_database) -> None:
    assert schema.upgrade() is True
    assert schema.upgrade() is False
    assert tables(blank_database.url) == {*db.Base.metadata.tables, "alembic_version"}


def test_migrations_are_numbered_one_after_the_other() -> None:
    assert [f"{number:04}" for number in range(1, len(REVISIONS) + 1)] == REVISIONS
    assert schema.head() == REVISIONS[-1]


def test_the_models_and_the_migrations_say_the_same(database) -> None:
    command.check(schema.alembic_config())


def test_the_schema_can_be_taken_back_and_built_again(blank_database) -> None:
    schema.upgrade()
    command.downgrade(schema.alembic_config(), "base")
    assert tables(blank_database.url) == {"alembic_version"}
    assert schema.upgrade() is True
    assert tables(blank_database.url) == {*db.Base.metadata.tables, "alembic_version"}


def test_upgrades_of_two_databases_at_once_both_succeed(cluster, blank_database) -> None:
    other = f"{blank_database.name}_b"
    cluster.run(f"create database {other}")
    try:
        migrating = [
            subprocess.Popen(
                [sys.executable, "-m", "dashboard", "migrate"],
                env=cluster.environment(name),
                cwd=ROOT,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
            for name in (blank_database.name, other, blank_database.name)
        ]
        said = [process.communicate()[1] for process in migrating]
        assert [process.returncode for process in migrating] == [0, 0, 0], said
    finally:
        cluster.run(f"drop database {other} with (force)")


def test_an_upgrade_takes_the_figures_views_away_and_a_refresh_brings_them_back(figures_database) -> None:
    command.downgrade(schema.alembic_config(), REVISIONS[-2])
    assert schema.upgrade() is True
    count = "select count(*) from pg_views where schemaname = 'marts'"
    with psycopg.connect(figures_database.url) as connection:
        assert connection.execute(count).fetchone() == (0,)
    run_command(figures_database.environment, "refresh")
    with psycopg.connect(figures_database.url) as connection:
        assert connection.execute(count).fetchone()[0] > 5
    assert attempt("app_rt", "set local role app_manager; select * from marts.patient_files limit 1") == "done"


@pytest.mark.parametrize("login", LOGINS)
def test_no_login_owns_creates_or_administers_anything(database, superuser, login) -> None:
    rights = "rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication, rolcanlogin"
    assert superuser(f"select {rights} from pg_roles where rolname = %s", login) == [(False,) * 5 + (True,)]
    assert (
        superuser(
            "select 1 from pg_class as c join pg_namespace as n on n.oid = c.relnamespace"
            " where n.nspname in ('practice', 'public') and pg_get_userbyid(c.relowner) = %s",
            login,
        )
        == []
    )
    assert attempt(login, "create table practice.mine (id int)") == "42501"
    assert attempt(login, "create table public.mine (id int)") in {"42501", "3F000"}
    assert attempt(login, "create role somebody") == "42501"
    assert attempt(login, "set role intersession_owner") == "42501"
    assert attempt(login, "copy practice.patient to program 'cat'") == "42501"
    assert attempt(login, "select pg_read_file('/etc/passwd')") == "42501"


@pytest.mark.parametrize(("login", "temporary"), [("app_rt", "42501"), ("checker", "done")])
def test_only_the_figures_login_makes_tables_and_the_checks_one_that_ends_with_them(database, login, temporary) -> None:
    assert attempt(login, "create temporary table mine (id int)") == temporary
    assert attempt(login, "create table marts.mine (id int)") == "42501"
    assert attempt(login, "create table mine (id int)") == "42501"


@pytest.mark.parametrize(
    "table", ["charge", "invoice", "invoice_line", "payment", "payment_allocation", "consent_signature"]
)
def test_the_application_only_adds_to_money_and_signatures(database, superuser, table) -> None:
    column = superuser("select attname from pg_attribute where attrelid = %s::regclass and attnum = 2", table)[0][0]
    for role in db.ROLES:
        for refused in (f"update {table} set {column} = {column}", f"delete from {table}", f"truncate {table}"):
            assert attempt("app_rt", f"set local role {role}; {refused}") == "42501", role
    assert attempt("app_rt", f"set local role app_manager; select 1 from {table}") == "done"
    assert attempt("app_rt", f"select 1 from {table}") == "42501"


def test_the_figures_login_reads_the_practice_and_writes_none_of_it(database, superuser) -> None:
    for (table,) in superuser("select tablename from pg_tables where schemaname = 'practice'"):
        assert attempt("transformer", f"delete from {table}") == "42501", table
        assert attempt("transformer", f"truncate {table}") == "42501", table
    assert attempt("transformer", "select 1 from patient") == "done"
    assert attempt("transformer", "select 1 from import_staging") == "42501"
    assert attempt("transformer", "create table marts.mine (id int)") == "done"


def test_the_checks_login_writes_findings_and_nothing_else(database, superuser) -> None:
    writable = {"check_result", "check_rule", "check_run", "finding", "refresh_run"}
    for (table,) in superuser("select tablename from pg_tables where schemaname = 'practice'"):
        wanted = "done" if table in writable else "42501"
        assert attempt("checker", f"delete from {table}") == wanted, table
    assert attempt("checker", "insert into patient (given_name) values ('X')") == "42501"
    assert attempt("checker", "select 1 from payment") == "42501"
    assert attempt("checker", "select 1 from app_user") == "42501"


def test_a_stranger_has_no_way_in(cluster, database) -> None:
    address = cluster.address(database.name).replace("postgres:", "nobody:", 1)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(address)


@pytest.mark.parametrize("login", LOGINS)
def test_short_statements_are_not_compiled(blank_database, login) -> None:
    schema.upgrade()
    address = db.url(login).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address) as connection:
        assert connection.execute("show jit").fetchone() == ("off",)
