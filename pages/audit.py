"""Audit: who did what to which row, opened which file, took which list out, and was refused."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pandas as pd
import streamlit as st

from dashboard.access import audit
from dashboard.access.audit import Filter
from dashboard.ui import audit_words, exports, filters, formats, session
from dashboard.ui.language import _
from dashboard.ui.navigation import role_name
from dashboard.ui.tables import Column, table

PER_PAGE = 50
MOST_ROWS = 10_000
actor = session.acting()


def choose() -> Filter:
    """Offer the filters and return what was chosen."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        person = filters.choice("audit", "person", _("Person"), audit.people(actor), everything=_("Everybody"))
        done = filters.choice(
            "audit", "operation", _("What was done"), audit_words.operations(), everything=_("Anything")
        )
        file = st.text_input(_("File (its internal number)"), key="audit_file", max_chars=17)
        since = filters.day("audit", "since", _("From"), formats.today() - timedelta(days=30))
        until = filters.day("audit", "until", _("To"), formats.today())
    number = int(file) if file.isascii() and file.isdigit() else None
    return Filter(user_id=person, operation=done, patient_id=number, since=since, until=until)


def in_words(chosen: Filter, limit: int, offset: int) -> pd.DataFrame:
    """Return the log as people read it."""
    found = audit.entries(actor, chosen, limit=limit, offset=offset)
    return found.assign(
        name=found["name"].fillna(_("Nobody signed in")),
        role=[role_name(role) for role in found["role"]],
        table_name=found["table_name"].map(audit_words.subject),
        operation=found["operation"].map(audit_words.operations()),
        changed=[", ".join(names) if isinstance(names, list) else "–" for names in found["changed"]],
        what=[
            key if isinstance(key, str) else ("–" if pd.isna(rows) else formats.number(int(rows)))
            for key, rows in zip(found["row_key"], found["rows"], strict=True)
        ],
        patient_id=found["patient_id"].astype("Int64").astype(str).replace("<NA>", "–"),
    )


wanted = choose()
total = audit.entries_number(actor, wanted)
with st.container(horizontal=True, vertical_alignment="center"):
    st.caption(
        _("{number} entries in the chain. `intersession audit verify` proves that none was changed.").format(
            number=formats.number(audit.length(actor))
        )
    )
    exports.csv_button(actor, partial(in_words, wanted, MOST_ROWS, 0), "audit", "audit_csv")
start = filters.page_number("audit", total, PER_PAGE)
table(
    in_words(wanted, PER_PAGE, start),
    [
        Column("at", _("When"), "moment"),
        Column("name", _("Person")),
        Column("role", _("Role")),
        Column("operation", _("What was done")),
        Column("table_name", _("To what")),
        Column("what", _("Row, or number of rows")),
        Column("patient_id", _("File")),
        Column("changed", _("Changed fields"), width="large"),
    ],
    key="audit_log",
    height="content",
    empty=_("Nothing is on record here. Take a filter away to see more."),
)
