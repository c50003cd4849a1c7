"""The way to the database: addresses of the logins, engines, and refusals without values."""

from __future__ import annotations

import logging
from contextlib import nullcontext

import psycopg
import pytest
from sqlalchemy import text

from dashboard import db
from dashboard.access.actor import transaction
from dashboard.access.models import AppUser
from dashboard.config import settings
from dashboard.team import models as team  # noqa: F401 - to which people of the app refer
from tests.acting import newcomer
from tests.conftest import Database

NAME, MAIL = "Secretísima", "hidden@example.org"


def add_person(role: str = "manager") -> None:
    with db.administration() as session:
        session.add(AppUser(display_name=NAME, email=MAIL, role=role))


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("insert into app_user (display_name, email, role) values ('a', 'b', 'emperor')", "rule"),
        ("insert into app_user (display_name, email, role) values ('a', null, 'manager')", "missing"),
        ("insert into patient (given_name, site_id) values ('a', 999)", "unknown_reference"),
        ("update app_user set display_name = repeat('x', 999)", "too_long"),
    ],
)
def test_a_rule_that_was_broken_becomes_a_code(database, statement, code) -> None:
    add_person()
    with pytest.raises(db.DatabaseRefusal) as refused, db.administration() as session:
        session.execute(text(statement))
    assert refused.value.code == code
    assert len(refused.value.reference) == 8


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("delete from charge", "not_allowed"),
        ("insert into app_user (display_name, email, role) values ('a', 'b', 'manager')", "not_allowed"),
        ("select 1 from marts.nothing_yet", "not_built"),
        ("select 1 from no_such_schema.nothing", "not_built"),
        ("set local statement_timeout = 1; select pg_sleep(1)", "try_again"),
        ("select 1 / 0", "not_saved"),
    ],
)
def test_what_the_database_refuses_a_person_becomes_a_code(database, statement, code) -> None:
    with pytest.raises(db.DatabaseRefusal) as refused, transaction(newcomer("manager")) as session:
        session.execute(text(statement))
    assert refused.value.code == code


def test_a_refusal_and_its_log_hold_a_reference_and_no_value(database, caplog) -> None:
    add_person()
    with caplog.at_level(logging.DEBUG, "dashboard"), pytest.raises(db.DatabaseRefusal) as refused:
        add_person()
    assert refused.value.code == "duplicate"
    assert refused.value.reference in caplog.text
    assert refused.value.__cause__ is None
    for value in (NAME, MAIL):
        assert value not in caplog.text
        assert value not in str(refused.value)


def test_an_error_rolls_everything_back(database) -> None:
    def interrupted() -> None:
        with db.administration() as session:
            session.add(AppUser(display_name=NAME, email=MAIL, role="manager"))
            session.flush()
            raise KeyError

    with pytest.raises(KeyError):
        interrupted()
    with db.administration(read_only=True) as session:
        assert session.scalar(text("select count(*) from app_user")) == 0


def test_reading_cannot_write(database) -> None:
    with pytest.raises(db.DatabaseRefusal), db.administration(read_only=True) as session:
        session.execute(text("insert into app_user (display_name, email, role) values ('a', 'b', 'manager')"))


def test_each_login_works_as_itself_on_the_operational_schema(database) -> None:
    for login in db.LOGINS:
        with db.transaction(login, read_only=True) as session:
            assert session.scalar(text("select current_user")) == login
            assert session.scalar(text("select current_schema()")) == "practice"


def test_the_search_path_ends_with_the_transaction(database) -> None:
    with db.engine().connect() as connection:
        with connection.begin():
            assert connection.scalar(text("select current_schema()")) == "practice"
        raw = connection.connection.driver_connection
        assert raw.execute("show search_path").fetchone() == ('"$user", public',)


def lost_connections(database: Database) -> None:
    """End every connection of this process, as a restarted server or a firewall does."""
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )


def test_a_connection_that_rested_and_was_lost_is_replaced(database, monkeypatch) -> None:
    actor = newcomer("manager")
    for rested, is_noticed in ((0.0, True), (3600.0, False)):
        monkeypatch.setattr(db, "RESTED_SECONDS", rested)
        with transaction(actor) as session:
            session.execute(text("select 1"))
        lost_connections(database)
        with nullcontext() if is_noticed else pytest.raises(db.DatabaseRefusal), transaction(actor) as session:
            assert session.scalar(text("select 1")) == 1


def test_a_persons_role_and_token_end_with_the_transaction(database) -> None:
    actor = newcomer("manager")
    now = text("select current_user, current_setting('app.token', true), current_setting('transaction_read_only')")
    with transaction(actor, read_only=True) as session:
        assert tuple(session.execute(now).one()) == ("app_manager", actor.token, "on")
    with db.transaction() as session:
        assert tuple(session.execute(now).one()) == ("app_rt", "", "off")


def test_engines_that_nobody_used_need_no_database_to_be_forgotten(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("INTERSESSION_DATA_DIR", str(tmp_path))
    db.forget_engines()
    db.forget_engines()
    with pytest.raises(db.NoDatabaseError):
        db.engine()


def test_one_process_has_one_pool_for_each_login(database) -> None:
    assert db.engine() is db.engine("app_rt")
    assert db.engine() is not db.engine("checker")
    before = db.engine()
    db.forget_engines()
    assert db.engine() is not before


def test_a_login_s_own_address_comes_before_the_derived_one(database, monkeypatch) -> None:
    monkeypatch.setenv("INTERSESSION_APP_RT_URL", "postgresql://me:mine@db.example:6000/other")
    settings.cache_clear()
    assert (
        db.url("app_rt").render_as_string(hide_password=False) == "postgresql+psycopg://me:mine@db.example:6000/other"
    )
    assert db.url("checker").username == "checker"


def test_passwords_differ_by_login_and_by_installation(database, monkeypatch) -> None:
    here = {db.login_password(login) for login in db.LOGINS}
    assert len(here) == len(db.LOGINS)
    monkeypatch.setenv("INTERSESSION_LOGIN_SECRET", "another secret of 16 or more")
    settings.cache_clear()
    assert not here & {db.login_password(login) for login in db.LOGINS}
