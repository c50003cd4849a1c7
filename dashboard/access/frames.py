"""Lists for screens: the rows of one question as a DataFrame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Result, Select, func, select

from dashboard.access.actor import Actor, Role, reading

if TYPE_CHECKING:
    import pandas as pd

Question = Select[*tuple[Any, ...]]
MOST_COUNTED = 5_000
"""A list's pages are counted up to here: an exact number of a hundred thousand rows helps nobody and costs seconds."""


def frame(actor: Actor, question: Question, *roles: Role) -> pd.DataFrame:
    """Return the rows of ``question`` for ``actor``, one column a selected name, also when there are no rows."""
    with reading(actor, *roles) as session:
        return table_of(session.execute(question))


def table_of(result: Result[Any]) -> pd.DataFrame:
    """Return all rows of a result, one column a selected name, also when there are no rows."""
    import pandas as pd  # noqa: PLC0415 - takes half a second, and most commands and workers show no list

    return pd.DataFrame(result.all(), columns=list(result.keys()))


def number_of_rows(actor: Actor, question: Question, *roles: Role, most: int = MOST_COUNTED) -> int:
    """Return how many rows ``question`` has for ``actor``, at most one more than ``most``."""
    bounded = question.limit(most + 1).subquery()
    with reading(actor, *roles) as session:
        return session.execute(select(func.count()).select_from(bounded)).scalar_one()
