"""A database of its own with a row of every table, for the trials of the wall."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
import yaml

from dashboard.config import ROOT
from tests.access import rows
from tests.access.wall import Subject
from tests.conftest import Cluster, cloned

MATRIX: dict[str, dict[str, dict[str, str]]] = yaml.safe_load((ROOT / "tests" / "access" / "matrix.yaml").read_text())


def wanted(table: str, subject: str) -> dict[str, set[str]]:
    """Return what the matrix says: for each letter of an operation its scopes, of which ``all`` is every one."""
    said = MATRIX["tables"].get(table, {}).get(subject) or {}
    return {letter: set(str(said.get(letter, "")).split()) for letter in rows.LETTERS}


@pytest.fixture(scope="session")
def walled(cluster: Cluster, migrated_template: str) -> Iterator[psycopg.Connection[Any]]:
    """Return a superuser's connection to a practice with a row of every table; nothing tried in it stays."""
    with (
        cloned(cluster, migrated_template) as database,
        psycopg.connect(database.url, options="-c search_path=practice,pg_temp") as connection,
    ):
        connection.info.encoding  # noqa: B018 - connected
        rows.write(connection)
        connection.commit()
        yield connection
        connection.rollback()


@pytest.fixture(scope="session")
def subjects() -> dict[str, Subject]:
    """Return everybody of the matrix by name."""
    people = {role: Subject(role, f"app_{role}", f"token of {role}") for role in rows.USERS}
    logins = {login: Subject(login, login) for login in ("app_rt", "transformer", "checker", "messenger", "visitor")}
    return {**people, **logins}
