"""The owner's connection, which the synthetic practice is written through, closed after each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, text

from dashboard import db

Ask = Callable[[str], list[Any]]


@pytest.fixture
def owner() -> Iterator[Engine]:
    """Return an engine that works as the owner of the schema of the test's database."""
    engine = db.admin_engine()
    yield engine
    engine.dispose()


@pytest.fixture
def ask(owner: Engine) -> Ask:
    """Return a function that gives the first column of a query's answer."""

    def asked(query: str) -> list[Any]:
        with owner.begin() as connection:
            return list(connection.execute(text(query)).scalars())

    return asked
