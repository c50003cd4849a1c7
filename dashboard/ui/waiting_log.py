"""What happened on the waiting list, the latest first."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from dashboard.access.actor import Actor
from dashboard.ui import exports, filters, formats, waiting_words
from dashboard.ui.language import _
from dashboard.ui.tables import Column, Link, table
from dashboard.waiting_list import queries

PER_PAGE = 25
MOST_ROWS = 10_000
MOST_OF_ENTRY = 50


def show(actor: Actor) -> None:
    """List what happened."""
    total = queries.events_number(actor)
    exports.csv_button(actor, partial(_in_words, actor, None, MOST_ROWS, 0), "waiting-log", "waiting_list_log_csv")
    offset = filters.page_number("waiting_list", total, PER_PAGE)
    table(
        _in_words(actor, None, PER_PAGE, offset),
        [Column("at", _("When"), "moment"), Column("name", _("Patient")), *_columns()],
        key="waiting_list_log",
        height="content",
        empty=_("Nothing happened yet."),
        opens=_opens,
    )


def of_entry(actor: Actor, entry_id: int) -> None:
    """List what happened to one entry."""
    with st.expander(_("What happened"), icon=":material/history:"):
        table(
            _in_words(actor, entry_id, MOST_OF_ENTRY, 0),
            [Column("at", _("When"), "moment"), *_columns()],
            key=f"waiting_list_log_{entry_id}",
            height="content",
            empty=_("Nothing happened yet."),
        )


def _columns() -> list[Column]:
    return [
        Column("what", _("What happened")),
        Column("starts_at", _("Hour"), "moment", width="medium"),
        Column("turn", _("Turn"), "number", width="small"),
        Column("by", _("By")),
    ]


def _opens(row: pd.Series) -> Link:
    return Link("patient_files", {} if formats.is_missing(row["patient_id"]) else {"patient": int(row["patient_id"])})


def _in_words(actor: Actor, entry_id: int | None, limit: int, offset: int) -> pd.DataFrame:
    found = queries.events(actor, entry_id=entry_id, limit=limit, offset=offset)
    words, ways = waiting_words.happenings(), waiting_words.ways()
    rows = found.to_dict("records")
    has_way = {"accepted", "declined"}
    return found.assign(
        what=[
            f"{words[row['what']]} {ways[row['way']]}"
            if row["what"] in has_way and not formats.is_missing(row["way"])
            else words[row["what"]]
            for row in rows
        ],
    ).drop(columns=["way"])
