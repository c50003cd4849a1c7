"""Questions about the key figures: which there are, their values by month, and the rows behind a value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
from sqlalchemy import (
    Boolean,
    ColumnElement,
    Double,
    Executable,
    Select,
    String,
    TableClause,
    and_,
    case,
    cast,
    column,
    literal,
    null,
    nulls_first,
    select,
    table,
    text,
    union_all,
)
from sqlalchemy.orm import Session

from dashboard.access.actor import Actor, NotAllowedError, reading, require
from dashboard.key_figures.contracts import Figure, Grain, figures

MARTS = "marts"
VALUE_COLUMNS = ["month", "item", "value", "numerator", "denominator", "unconfirmed", "is_suppressed"]
NUMBERS = ["value", "numerator", "denominator", "unconfirmed"]
CELL_COLUMNS = ["month", "item", "grain", "site_id", "therapist_id", "is_suppressed"]
MOST_ROWS = 1_000


def figures_for(actor: Actor) -> list[Figure]:
    """Return the figures that the acting person may see, in order."""
    require(actor)
    return [figure for figure in figures() if actor.role in figure.roles]


def figure_values(
    actor: Actor,
    figure_name: str,
    *,
    grain: Grain = "practice",
    site_id: int | None = None,
    therapist_id: int | None = None,
    since: date | None = None,
    until: date | None = None,
) -> pd.DataFrame:
    """Return the values of a figure by month and item, the oldest first; months count by their first day.

    A value that could name a person comes out empty, with ``is_suppressed``. No rows before the first refresh.

    Raises:
        NotAllowedError: no such figure for this person, or not at this grain.
    """
    return values_of(
        actor, [figure_name], grain=grain, site_id=site_id, therapist_id=therapist_id, since=since, until=until
    )[figure_name]


def values_of(
    actor: Actor,
    names: Sequence[str],
    *,
    grain: Grain = "practice",
    site_id: int | None = None,
    therapist_id: int | None = None,
    since: date | None = None,
    until: date | None = None,
) -> dict[str, pd.DataFrame]:
    """Return the values of several figures, each as ``figure_values`` does, by one question.

    Raises:
        NotAllowedError: one of them is not for this person, or not at this grain.
    """
    asked, known = {}, {figure.name: figure for figure in figures_for(actor)}
    for name in names:
        figure = _allowed(known.get(name))
        of_whom = _allowed_therapist(actor, figure, grain, therapist_id)
        asked[name] = _values_asked(figure, grain, site_id, of_whom, since, until)
    with reading(actor) as session:
        built = _built(session, names)
        each = [question for name, question in asked.items() if name in built]
        if not each:
            return dict.fromkeys(names, pd.DataFrame(columns=[*VALUE_COLUMNS, "site_id", "therapist_id"]))
        found = _frame(session, union_all(*each).order_by("figure", "month", nulls_first(column("item"))))
    return _by_figure(found, names)


def _by_figure(found: pd.DataFrame, names: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Return the values of each figure apart; those of one come together."""
    values = found.astype(dict.fromkeys(NUMBERS, "float64")).drop(columns="figure")
    listed = found["figure"].tolist()
    first = {name: listed.index(name) for name in set(listed)}
    return {
        name: values.iloc[(start := first.get(name, 0)) : start + listed.count(name)].reset_index(drop=True)
        for name in names
    }


def _values_asked(
    figure: Figure,
    grain: Grain,
    site_id: int | None,
    therapist_id: int | None,
    since: date | None,
    until: date | None,
) -> Select[Any]:
    values = table(figure.name, *map(column, [*VALUE_COLUMNS, "grain", "site_id", "therapist_id"]), schema=MARTS)
    conditions = [
        values.c.grain == grain,
        *_place(values, grain, site_id, therapist_id),
        *([values.c.month >= since] if since else []),
        *([values.c.month <= until] if until else []),
    ]
    shown = [
        case((values.c.is_suppressed, null()), else_=cast(values.c[name], Double)).label(name)
        if name in NUMBERS
        else values.c[name]
        for name in VALUE_COLUMNS
    ]
    name = literal(figure.name, String).label("figure")
    return select(name, *shown, values.c.site_id, values.c.therapist_id).where(*conditions)


def rows_behind(
    actor: Actor,
    figure_name: str,
    *,
    month: date | None,
    grain: Grain = "practice",
    site_id: int | None = None,
    therapist_id: int | None = None,
    limit: int = 50,
    offset: int = 0,
) -> pd.DataFrame:
    """Return the rows that a value counts, with the columns of the mart that the contract names.

    ``month`` is left out for a figure of the present day. A value that is not shown has no rows to show either.

    Raises:
        NotAllowedError: no such figure for this person, or rows of others.
    """
    figure = _figure(actor, figure_name)
    if actor.role == "auditor" or (actor.role == "therapist" and grain != "therapist"):
        raise NotAllowedError("This is not available to you.")
    therapist_id = _allowed_therapist(actor, figure, grain, therapist_id)
    drill = figure.drill_down
    rows = table(drill.model, *map(column, drill.columns), schema=MARTS)
    conditions = _place(rows, grain, site_id, therapist_id)
    if month is not None and "month" in drill.columns:
        conditions.append(rows.c.month == month.replace(day=1))
    if drill.where is not None:
        conditions.append(column(drill.where, Boolean))
    asked = select(rows).where(*conditions).order_by(*list(rows.c)[:2])
    with reading(actor) as session:
        is_hidden = not _is_built(session, figure.name) or _is_suppressed(
            session, figure, grain, site_id, therapist_id, month
        )
        if is_hidden:
            return pd.DataFrame(columns=list(drill.columns))
        return _frame(session, asked.limit(min(limit, MOST_ROWS)).offset(offset))


@dataclass(frozen=True)
class Waiting:
    """How many of one task of Today wait, and how much money they are where that is meant."""

    count: int
    amount: Decimal | None


def waiting_work(actor: Actor) -> dict[str, Waiting]:
    """Return what waits by task, as counted at the last refresh: of the practice, or of a therapist's own patients."""
    require(actor, "manager", "front_desk", "therapist")
    rows = table("waiting_work", *map(column, ("task", "grain", "therapist_id", "waiting", "amount")), schema=MARTS)
    asked = select(rows.c.task, rows.c.waiting, rows.c.amount).where(
        and_(rows.c.grain == "therapist", rows.c.therapist_id == actor.therapist_id)
        if actor.role == "therapist"
        else rows.c.grain == "practice"
    )
    with reading(actor) as session:
        if not _is_built(session, "waiting_work"):
            return {}
        return {row.task: Waiting(row.waiting, row.amount) for row in session.execute(asked)}


def _figure(actor: Actor, name: str) -> Figure:
    return _allowed(next((figure for figure in figures_for(actor) if figure.name == name), None))


def _allowed(found: Figure | None) -> Figure:
    if found is None:
        raise NotAllowedError("This is not available to you.")
    return found


def _allowed_therapist(actor: Actor, figure: Figure, grain: Grain, therapist_id: int | None) -> int | None:
    """Return the therapist to read: a therapist sees the own rows, and rates of the practice to compare with."""
    is_open_to_therapist = grain == "therapist" or (grain == "practice" and figure.unit == "percent")
    is_of_another = therapist_id not in {None, actor.therapist_id}
    if grain not in figure.grains or (actor.role == "therapist" and (not is_open_to_therapist or is_of_another)):
        raise NotAllowedError("This is not available to you.")
    return actor.therapist_id if actor.role == "therapist" and grain == "therapist" else therapist_id


def _place(
    asked: TableClause, grain: Grain, site_id: int | None, therapist_id: int | None
) -> list[ColumnElement[bool]]:
    """Return the conditions on site and therapist; each narrows only the grain that it belongs to."""
    wanted = {"site": ("site_id", site_id), "therapist": ("therapist_id", therapist_id)}
    name, value = wanted.get(grain, ("", None))
    return [] if value is None else [asked.c[name] == value]


def _is_suppressed(
    session: Session, figure: Figure, grain: Grain, site_id: int | None, therapist_id: int | None, month: date | None
) -> bool:
    values = table(figure.name, *map(column, CELL_COLUMNS), schema=MARTS)
    conditions = [values.c.grain == grain, values.c.item.is_(None), *_place(values, grain, site_id, therapist_id)]
    if month is not None:
        conditions.append(values.c.month == month.replace(day=1))
    return bool(session.scalar(select(values.c.month).where(*conditions, values.c.is_suppressed).limit(1)))


def _is_built(session: Session, name: str) -> bool:
    return name in _built(session, [name])


def _built(session: Session, names: Sequence[str]) -> set[str]:
    """Return which of these figures a refresh has built."""
    asked = "select name from unnest(cast(:names as text[])) as name where to_regclass(:schema || name) is not null"
    return set(session.scalars(text(asked), {"names": list(names), "schema": f"{MARTS}."}))


def _frame(session: Session, asked: Executable) -> pd.DataFrame:
    found = session.execute(asked)
    return pd.DataFrame(found.mappings().all(), columns=list(found.keys()))
