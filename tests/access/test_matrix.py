"""The wall is what the matrix says: table by table, role by role, operation by operation, row by row."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.access.conftest import MATRIX, wanted
from tests.access.rows import LETTERS, USERS, rows_of
from tests.access.wall import Subject, rights, tables

SUBJECTS = (
    *("manager", "front_desk", "therapist", "auditor"),
    *("app_rt", "transformer", "checker", "messenger", "visitor"),
)


def test_the_matrix_names_every_table_and_no_other(walled: psycopg.Connection[Any]) -> None:
    assert sorted(MATRIX["tables"]) == tables(walled)


@pytest.mark.parametrize("name", SUBJECTS)
@pytest.mark.parametrize("table", sorted(MATRIX["tables"]))
def test_the_database_lets_each_do_what_the_matrix_says(
    walled: psycopg.Connection[Any], subjects: dict[str, Subject], table: str, name: str
) -> None:
    every = set(rows_of(walled, table, name))
    said = {letter: every if scopes == {"all"} else scopes for letter, scopes in wanted(table, name).items()}
    assert rights(walled, table, subjects[name]) == said


@pytest.mark.parametrize("token", ["", "a token of nobody", "token of colleague", "token of former"])
@pytest.mark.parametrize("role", ["manager", "front_desk", "therapist", "auditor"])
def test_without_a_session_of_the_very_role_no_row_is_seen(
    walled: psycopg.Connection[Any], role: str, token: str
) -> None:
    if (role, token) in {("therapist", "token of colleague"), ("manager", "token of former")}:
        pytest.skip("this is a session of the role")
    seen = {
        table
        for table in tables(walled)
        if rights(walled, table, Subject(role, f"app_{role}", token))["r"]
        and table not in MATRIX["without_rows_at_rest"]
    }
    assert seen == set()


def test_every_table_with_people_is_walled_also_for_its_owner(walled: psycopg.Connection[Any]) -> None:
    found = walled.execute(
        "select relname from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'r'"
        " and not (relrowsecurity and relforcerowsecurity)"
    )
    assert {row[0] for row in found} == {"alembic_version", *MATRIX["without_rows_at_rest"]}


def test_nothing_is_for_everybody(walled: psycopg.Connection[Any]) -> None:
    granted = "select count(*) from information_schema.role_table_grants where grantee = 'PUBLIC' and table_schema = %s"
    assert walled.execute(granted, ("practice",)).fetchone() == (0,)
    callable_by_all = (
        "select proname from pg_proc where pronamespace = current_schema()::regnamespace"
        " and has_function_privilege('public', oid, 'execute') and prorettype <> 'trigger'::regtype"
    )
    assert walled.execute(callable_by_all).fetchall() == []
    unpinned = (
        "select proname from pg_proc where pronamespace = current_schema()::regnamespace and prosecdef"
        " and not coalesce(proconfig::text like '%%search_path=%%', false)"
    )
    assert walled.execute(unpinned).fetchall() == []


def _parts(connection: psycopg.Connection[Any]) -> list[tuple[str, str, list[str]]]:
    """Return for each policy and each grant of a table the statement that takes it away, and whose it is."""
    policies = connection.execute(
        "select tablename, format('drop policy %I on %I', policyname, tablename), roles::text[] from pg_policies"
        " where schemaname = current_schema() order by 1, 2"
    ).fetchall()
    grants = connection.execute(
        "select table_name, format('revoke %s on %I from %I', privilege_type, table_name, grantee),"
        " array[grantee::text] from information_schema.role_table_grants where table_schema = current_schema()"
        " and grantee like 'app%%' and table_name <> 'alembic_version' order by 1, 2"
    ).fetchall()
    return [*policies, *grants]


def test_taking_any_policy_or_grant_away_is_noticed(
    walled: psycopg.Connection[Any], subjects: dict[str, Subject]
) -> None:
    parts = _parts(walled)
    without_session = [Subject(role, f"app_{role}") for role in USERS]
    former = Subject("therapist", "app_therapist", "token of former")
    tried = [*subjects.values(), *without_session, former, Subject("owner", "intersession_owner")]

    before = {table: [rights(walled, table, subject) for subject in tried] for table in {part[0] for part in parts}}

    def changed(table: str, whose: list[str]) -> bool:
        """Tell whether anybody's rights are others than before, and ask first those whose it was."""
        asked = sorted(zip(tried, before[table], strict=True), key=lambda pair: pair[0].role not in whose)
        return any(rights(walled, table, subject) != held for subject, held in asked)

    unnoticed = []
    for table, taken_away, whose in parts:
        walled.execute("savepoint whole")
        walled.execute(taken_away)
        if not changed(table, whose):
            unnoticed.append(taken_away)
        walled.execute("rollback to whole")
    assert len(parts) > 200
    assert "\n".join(unnoticed) == ""
    assert set(LETTERS) == {"r", "i", "u", "d"}
