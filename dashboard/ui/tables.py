"""Lists: numbers right-aligned with units, one click on a row opens what it stands for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import pandas as pd
import streamlit as st
from streamlit.typing import DataframeState

from dashboard.ui import address
from dashboard.ui.formats import practice
from dashboard.ui.language import _
from dashboard.ui.navigation import page_file

Kind = Literal["text", "number", "money", "percent", "hours", "day", "month", "moment"]
CURRENCY_FORMATS = {"EUR": "euro", "USD": "dollar", "JPY": "yen"}


@dataclass(frozen=True)
class Column:
    """A column of a list: its name in the frame, its heading and what it holds."""

    name: str
    label: str
    kind: Kind = "text"
    width: Literal["small", "medium", "large"] | int | None = None
    help: str | None = None


@dataclass(frozen=True)
class Link:
    """A page of the dashboard and the ids that it opens with."""

    page: str
    ids: dict[str, int | str]


@dataclass(frozen=True)
class Here:
    """A detail of the same page, by the ids that it opens with; the filters in the address stay."""

    ids: dict[str, int | str]


def open_link(link: Link | Here) -> None:
    """Go to ``link``. A page shows a detail instead of the list: else the row selected would open it again."""
    if isinstance(link, Here):
        for name, value in link.ids.items():
            address.keep(name, value)
        st.rerun()
    st.switch_page(page_file(link.page), query_params={name: str(value) for name, value in link.ids.items()})


def _configured(column: Column) -> Any:
    label, width, hint = column.label, column.width, column.help
    match column.kind:
        case "text":
            return st.column_config.TextColumn(label, width=width, help=hint)
        case "day" | "month":
            shape = "DD/MM/YYYY" if column.kind == "day" else "MM/YYYY"
            return st.column_config.DateColumn(label, width=width, help=hint, format=shape)
        case "moment":
            zone = practice().time_zone
            return st.column_config.DatetimeColumn(
                label, width=width, help=hint, format="DD/MM/YYYY HH:mm", timezone=zone
            )
        case _:
            shape = _number_format(column.kind)
            return st.column_config.NumberColumn(label, width=width, help=hint, format=shape, alignment="right")


def _number_format(kind: Kind) -> str:
    currency = CURRENCY_FORMATS.get(practice().currency, "accounting")
    return {"money": currency, "number": "localized", "percent": "percent", "hours": "%.1f h"}[kind]


def table(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    *,
    key: str,
    empty: str,
    opens: Callable[[pd.Series], Link | Here] | None = None,
    height: int | Literal["auto", "content"] = "auto",
) -> None:
    """Show ``frame``; selecting a row opens what ``opens`` returns for it.

    Args:
        frame: The rows, in the order to show them.
        columns: Which columns to show, and how.
        key: State key, starting with the page's slug.
        empty: What to say, and what to do next, when there are no rows.
        opens: Where a row leads; without it rows cannot be selected.
        height: Height in pixels, of all rows (``content``), or of ten rows at most.
    """
    if frame.empty:
        st.info(empty, icon=":material/inbox:")
        return
    shown = frame.reset_index(drop=True)
    picked = st.dataframe(
        shown[[column.name for column in columns]],
        column_config={column.name: _configured(column) for column in columns},
        hide_index=True,
        key=key,
        height=height,
        on_select="rerun" if opens else "ignore",
        selection_mode="single-row",
        placeholder="–",
    )
    if opens:
        st.caption(_("Select a row to open it."))
        rows = cast("DataframeState", picked)["selection"]["rows"]
        if rows:
            open_link(opens(shown.iloc[rows[0]]))
