"""Who a transaction speaks for: it cannot be forged, and no pooled connection carries it to the next person."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from dashboard import db
from dashboard.access import sessions
from dashboard.access.actor import Actor, reading, transaction
from dashboard.patients import search
from tests.acting import signed_in
from tests.conftest import Database

THREADS, SESSIONS, POOL = 16, 250, 4
OWN = text("select count(*), count(*) filter (where main_therapist_id = :me) from patient where id > 0")
OTHERS = "select count(*) from patient where main_therapist_id <> {me}"

# What somebody might slip into a statement of a therapist's.
ATTACKS = (
    "select set_config('app.user_id', '1', true)",
    "select set_config('app.token', 'guess', true)",
    "select set_config('app.token', (select encode(token_sha256, 'hex') from login_session limit 1), true)",
    "set local role app_manager",
    "reset role",
    "select set_config('role', 'app_manager', true), set_config('row_security', 'off', true)",
    "set local session authorization app_rt",
    "set local role intersession_owner",
    "create or replace function uid() returns bigint language sql as 'select 1::bigint'",
    "set local search_path = pg_temp, practice",
)
HOSTILE = (
    "'; select set_config('app.token', '', true); --",
    "x') or true; set local role app_manager; --",
    "%' or 1=1 --",
    "\\'; reset role; --",
    "{{7*7}} ${token} %(token)s :token",
)


@pytest.fixture
def therapists(demo_database: Database) -> list[Actor]:
    """Return two therapists with patients."""
    found = [signed_in(person) for person in sessions.people_to_choose() if person.role == "therapist"]
    return [actor for actor in found if search.pages_matching(actor).total > 0][:2]


def strangers_read(actor: Actor, attack: str) -> int:
    """Return how many colleagues' files a therapist reads after ``attack`` ran in their transaction."""
    found = 0
    with suppress(db.DatabaseRefusal), transaction(actor) as session:
        session.connection().exec_driver_sql(attack.replace("%", "%%"))
        found = session.connection().exec_driver_sql(OTHERS.format(me=actor.therapist_id)).scalar_one()
    return int(found)


def treated_elsewhere(actor: Actor) -> int:
    """Return how many colleagues' patients a therapist knows rightly, by a session of their own."""
    return strangers_read(actor, "select 1")


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_slipped_into_a_statement_shows_a_colleagues_files(therapists: list[Actor], attack: str) -> None:
    assert strangers_read(therapists[0], attack) <= treated_elsewhere(therapists[0])


def test_with_a_users_number_instead_of_a_token_the_attack_succeeds(
    therapists: list[Actor], demo_database: Database
) -> None:
    with psycopg.connect(demo_database.url, autocommit=True) as owner:
        owner.execute(
            "create or replace function practice.session_differs(taken name) returns integer"
            " language sql stable security definer as $$ select case when exists ("
            " select from practice.app_user as u where 'app_' || u.role = taken"
            " and u.id = coalesce(nullif(current_setting('app.user_id', true), '')::bigint, 0)"
            " ) then 0 else 1 end $$"
        )
        [(manager,)] = owner.execute("select id from practice.app_user where role = 'manager' limit 1").fetchall()
    attack = f"select set_config('app.user_id', '{manager}', true), set_config('role', 'app_manager', true)"
    assert strangers_read(therapists[0], attack) > 0


@pytest.mark.parametrize("typed", HOSTILE)
def test_hostile_words_in_a_search_find_nothing_and_change_nothing(therapists: list[Actor], typed: str) -> None:
    actor = therapists[0]
    assert search.files_matching(actor, typed).empty
    assert search.pages_matching(actor, typed).total == 0
    with reading(actor) as session:
        assert session.scalar(text("select current_user")) == "app_therapist"


def at_random(actors: list[Actor], ask: Callable[[Actor, int], tuple[int, int]]) -> int:
    """Ask from many threads over few connections, with errors and rollbacks between; return the wrong rows read."""

    def work(seed: int) -> int:
        draw, wrong = random.Random(seed), 0
        for turn in range(SESSIONS):
            actor = draw.choice(actors)
            with suppress(ZeroDivisionError, DBAPIError, db.DatabaseRefusal):
                seen, own = ask(actor, turn)
                wrong += seen - own
        return wrong

    with ThreadPoolExecutor(THREADS) as threads:
        return sum(threads.map(work, range(THREADS)))


def own_rows(actor: Actor, turn: int) -> tuple[int, int]:
    """Count the files that a person sees and those of them that are theirs; every fifth time something breaks."""
    with reading(actor) as session:
        seen, own = session.execute(OWN, {"me": actor.therapist_id}).one()
        if turn % 5 == 1:
            raise ZeroDivisionError
        if turn % 5 == 2:
            session.execute(text("select 1 / 0"))
        return seen, own


@pytest.fixture
def few_connections(therapists: list[Actor], monkeypatch: pytest.MonkeyPatch) -> list[Actor]:
    """Let all sessions share four connections, and the therapists have no patient of a colleague's."""
    monkeypatch.setenv("INTERSESSION_POOL_SIZE", str(POOL))
    db.forget_engines()
    with db.administration() as session:
        session.execute(text("alter table appointment_patient disable trigger user"))
        session.execute(
            text(
                "update appointment_patient as a set therapist_id = p.main_therapist_id from patient as p"
                " where p.id = a.patient_id and p.main_therapist_id is not null"
            )
        )
        session.execute(text("alter table appointment_patient enable trigger user"))
    return therapists


def test_people_sharing_connections_never_see_each_others_rows(few_connections: list[Actor]) -> None:
    assert at_random(few_connections, own_rows) == 0


def test_a_context_set_for_the_connection_instead_of_the_transaction_leaks(few_connections: list[Actor]) -> None:
    def careless(actor: Actor, turn: int) -> tuple[int, int]:
        with db.engine().connect() as connection:
            if turn % 2:  # a path that forgets to say who is asking
                connection.exec_driver_sql(
                    "select set_config('role', 'app_therapist', false), set_config('app.token', %s, false)",
                    (actor.token,),
                )
                connection.commit()
            seen, own = connection.execute(OWN, {"me": actor.therapist_id}).one()
            return seen, own

    assert at_random(few_connections, careless) > 0
