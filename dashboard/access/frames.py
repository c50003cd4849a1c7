"""Lists for screens: the rows of one question as a DataFrame."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sqlalchemy import Select

from dashboard.access.actor import Actor, Role, reading

Question = Select[*tuple[Any, ...]]


def frame(actor: Actor, question: Question, *roles: Role) -> pd.DataFrame:
    """Return the rows of ``question`` for ``actor``, one column a selected name, also when there are no rows."""
    with reading(actor, *roles) as session:
        result = session.execute(question)
        return pd.DataFrame(result.all(), columns=list(result.keys()))
