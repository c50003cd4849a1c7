"""Lists: numbers right-aligned with units, one click on a row opens what it stands for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
import streamlit as st

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
    width: Literal["small", "medium", "large"] | None = None
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
    shape = {"label": column.label, "width": column.width, "help": column.help}
    match column.kind:
        case "money":
            return st.column_config.NumberColumn(
                **shape, format=CURRENCY_FORMATS.get(practice().currency, "accounting"), alignment="right"
            )
        case "number":
            return st.column_config.NumberColumn(**shape, format="localized", alignment="right")
        case "percent":
            return st.column_config.NumberColumn(**shape, format="percent", alignment="right")
        case "hours":
            return st.column_config.NumberColumn(**shape, format="%.1f h", alignment="right")
        case "day":
            return st.column_config.DateColumn(**shape, format="DD/MM/YYYY")
        case "month":
            return st.column_config.DateColumn(**shape, format="MM/YYYY")
        case "moment":
            return st.column_config.DatetimeColumn(**shape, format="DD/MM/YYYY HH:mm", timezone=practice().time_zone)
        case _:
            return st.column_config.TextColumn(**shape)


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
        rows = picked["selection"]["rows"]
        if rows:
            open_link(opens(shown.iloc[rows[0]]))
