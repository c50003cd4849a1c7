"""The key figures as cards, and one figure in full: value, trend, definition, months, rows behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.access import queries as access
from dashboard.access.actor import Actor
from dashboard.key_figures import charts, queries
from dashboard.key_figures.contracts import Figure, Grain, words
from dashboard.team import queries as team
from dashboard.ui import exports, figure_words, formats
from dashboard.ui.language import _, language
from dashboard.ui.navigation import SCREENS, page_file
from dashboard.ui.tables import Column, Link, table

MOST_ROWS = 200


@dataclass(frozen=True)
class View:
    """Whose figures are shown, and since when."""

    grain: Grain
    site_id: int | None
    therapist_id: int | None
    since: date

    def place(self) -> dict[str, Any]:
        """Return what a question about a figure takes to look at this view."""
        return {"grain": self.grain, "site_id": self.site_id, "therapist_id": self.therapist_id}


def values(actor: Actor, figure: Figure, view: View) -> pd.DataFrame:
    """Return a figure's values by month and item in this view."""
    return queries.figure_values(actor, figure.name, **view.place(), since=view.since)


def totals(found: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that are a month's total, not one of its parts."""
    return found[found["item"].isna()]


def settled(found: pd.DataFrame) -> pd.DataFrame:
    """Return the totals of the months that are over, or of the present one where there is no other."""
    rows = totals(found)
    over = rows[rows["month"] < formats.today().replace(day=1)]
    return rows if over.empty else over


def latest(found: pd.DataFrame) -> pd.Series | None:
    """Return the total that stands for a figure now: of the last month that is over."""
    return _last(settled(found))


def _last(rows: pd.DataFrame) -> pd.Series | None:
    return None if rows.empty else rows.iloc[-1]


def values_of(actor: Actor, figures: Sequence[Figure], view: View) -> dict[str, pd.DataFrame]:
    """Return the values of several figures in this view, by name."""
    return queries.values_of(actor, [figure.name for figure in figures], **view.place(), since=view.since)


def card(figure: Figure, view: View, found: pd.DataFrame) -> None:
    """Show one figure in short, from its values; the link opens it in full."""
    rows, said = settled(found), words(figure, language())
    row, trend = _last(rows), rows["value"].dropna().tolist()
    with st.container(border=True):
        st.metric(
            said.label,
            "–" if row is None else figure_words.value(figure, row["value"]),
            help=said.definition,
            chart_data=trend if len(trend) > 1 else None,
        )
        st.caption(_facts(figure, row))
        st.page_link(
            page_file("key_figures"),
            label=_("See in full"),
            icon=":material/open_in_full:",
            query_params=_address(figure, view),
        )


def _address(figure: Figure, view: View) -> dict[str, str]:
    chosen = {"figure": figure.name, "site": view.site_id, "therapist": view.therapist_id}
    return {name: str(value) for name, value in chosen.items() if value is not None}


def _facts(figure: Figure, row: pd.Series | None) -> str:
    """Return month, target and how much is unconfirmed, in one line."""
    if row is None:
        return _("Nothing counted yet")
    if row["is_suppressed"]:
        return _("Fewer than 5 patients: not shown")
    facts = [formats.month(row["month"])]
    if figure.target is not None:
        facts.append(_("target {value}").format(value=figure_words.value(figure, figure.target)))
    if not formats.is_missing(row["unconfirmed"]):
        facts.append(_("{number} not marked").format(number=formats.number(row["unconfirmed"])))
    return " · ".join(facts)


def in_full(actor: Actor, figure: Figure, view: View) -> None:
    """Show everything about one figure."""
    said, found = words(figure, language()), values(actor, figure, view)
    st.page_link(page_file("key_figures"), label=_("All key figures"), icon=":material/arrow_back:")
    st.subheader(said.label, anchor=False)
    st.markdown(said.definition)
    facts = [_("Counted: {what}").format(what=said.numerator), formats.as_of(access.figures_as_of(actor))]
    if figure.unit == "percent":
        facts.insert(1, _("Compared with: {what}").format(what=said.denominator))
    st.caption(" · ".join(facts))
    row = latest(found)
    st.metric(
        said.label, "–" if row is None else figure_words.value(figure, row["value"]), label_visibility="collapsed"
    )
    st.caption(_facts(figure, row))
    if row is None:
        return
    _charts(figure, found, said.items)
    _months(actor, figure, found, said.items)
    _rows(actor, figure, view, found)


def _charts(figure: Figure, found: pd.DataFrame, items: dict[str, str]) -> None:
    titles = charts.Titles(_("Month"), figure_words.unit(figure), figure_words.AXIS_FORMATS.get(figure.unit, ",.0f"))
    months = totals(found).dropna(subset=["value"])
    if len(months) > 1:
        st.altair_chart(charts.trend_chart(months, titles, figure.target))
    parts = found[found["item"].notna() & (found["month"] == found["month"].max())].dropna(subset=["value"])
    if not parts.empty:
        # In the contract's order: the buckets of an ageing read from early to late.
        place = {code: position for position, code in enumerate(items)}
        parts = parts.sort_values("item", key=lambda codes: codes.map(place).fillna(len(place)), kind="stable")
        shown = parts.assign(item=parts["item"].map(lambda code: items.get(code, code)))
        across = charts.Titles("", figure_words.unit(figure), titles.format)
        st.altair_chart(charts.items_chart(shown, across, list(shown["item"])))


def _months(actor: Actor, figure: Figure, found: pd.DataFrame, items: dict[str, str]) -> None:
    kind = figure_words.value_kind(figure)
    shown = found.assign(item=found["item"].map(lambda code: items.get(code, code)).fillna(_("Total"))).iloc[::-1]
    columns = [
        Column("month", _("Month"), "month"),
        *([Column("item", _("Part"))] if found["item"].notna().any() else []),
        Column("value", figure_words.unit(figure), kind),
        *([Column("numerator", _("Counted"), "number")] if figure.unit == "percent" else []),
        *([Column("denominator", _("Compared with"), "number")] if found["denominator"].notna().any() else []),
        *([Column("unconfirmed", _("Not marked"), "number")] if found["unconfirmed"].notna().any() else []),
    ]
    with st.expander(_("All months")):
        table(shown, columns, key="key_figures_months", empty=_("Nothing counted yet"))
        exports.csv_button(actor, shown[[column.name for column in columns]], figure.name, key="key_figures_csv")


def _rows(actor: Actor, figure: Figure, view: View, found: pd.DataFrame) -> None:
    """List the rows that a month's value counts; a row opens what it stands for."""
    if actor.role == "auditor" or (actor.role == "therapist" and view.grain != "therapist"):
        return
    st.subheader(_("The rows behind"), anchor=False)
    months = sorted(totals(found)["month"].unique(), reverse=True)
    month = st.selectbox(_("Month"), months, format_func=formats.month, key="key_figures_rows_month")
    rows = queries.rows_behind(actor, figure.name, month=month, **view.place(), limit=MOST_ROWS)
    if len(rows) == MOST_ROWS:
        st.caption(_("The first {number} rows. Choose a site or a therapist to see fewer.").format(number=MOST_ROWS))
    therapists = {row.id: row.name for row in team.therapists(actor)}
    sites = {row.id: row.name for row in team.sites(actor)}
    shown = rows.assign(
        therapist=rows["therapist_id"].map(therapists) if "therapist_id" in rows else None,
        site=rows["site_id"].map(sites) if "site_id" in rows else None,
    )
    for name in ("state", "status", "kind"):
        if name in shown:
            shown[name] = shown[name].replace(figure_words.coded(name))
    table(
        shown,
        figure_words.row_columns(list(rows.columns)),
        key="key_figures_rows",
        empty=_("No rows in this month."),
        opens=_opens(actor, figure, list(rows.columns)),
    )
    exports.csv_button(actor, shown, f"{figure.name}-rows", key="key_figures_rows_csv")


def _opens(actor: Actor, figure: Figure, columns: list[str]) -> Any:
    """Return what a row opens: the page that the contract names, where the person has it, with the id it knows."""
    ids = {"agenda": ("appointment_id", "appointment"), "billing": ("invoice_id", "invoice")}
    column, parameter = ids.get(figure.drill_down.page, ("patient_id", "patient"))
    has_page = any(screen.slug == figure.drill_down.page and screen.is_for(actor) for screen in SCREENS)
    if column not in columns or not has_page:
        return None
    return lambda row: Link(figure.drill_down.page, {parameter: int(row[column])})
