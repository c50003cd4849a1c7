"""Imports: bring in another system's files, see what would happen, import, and look at earlier runs."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.access.actor import Actor
from dashboard.imports import commands, queries
from dashboard.ui import exports, imports_report, session
from dashboard.ui.errors import told
from dashboard.ui.language import _

actor = session.acting()


def offer_files() -> None:
    """Take files from the person's machine and say what they are."""
    uploads = st.file_uploader(
        _("Files of another system: CSV files, or one ZIP with them"),
        type=["csv", "zip"],
        accept_multiple_files=True,
        key=f"imports_files_{st.session_state.get('imports_round', 0)}",
    )
    if not uploads:
        st.caption(
            _("Nothing is changed until you press Import. Rows that cannot be taken are listed with the reason.")
        )
        return
    with told():
        path = commands.receive_uploads(actor, [(file.name, file.getvalue()) for file in uploads])
        detected = commands.detect(actor, path)
        imports_report.show_detected(detected)
        imports_report.show_preview(commands.preview(actor, path))
        if detected.source:
            offer_import(actor, str(path), label=", ".join(sorted(file.name for file in uploads))[:200])


def offer_import(person: Actor, path: str, label: str) -> None:
    """Offer a trial and the import itself; keep the report of the last one on the screen."""
    with st.container(horizontal=True):
        trial = st.button(_("Try without changing anything"), key="imports_try")
        real = st.button(_("Import"), key="imports_import", type="primary")
    if trial or real:
        bar = st.progress(0.0, text=_("Reading the files …"))
        report = commands.run_import(
            person,
            path,
            dry_run=not real,
            label=label,
            progress=lambda what, share: bar.progress(min(1.0, share), text=imports_report.step(what)),
        )
        bar.empty()
        st.session_state["imports_report"] = report


def list_runs() -> None:
    """List earlier runs; the one chosen shows its rows set aside."""
    st.subheader(_("Earlier imports"), anchor=False)
    runs = queries.import_runs(actor)
    imports_report.show_runs(runs)
    chosen = imports_report.chosen_run(runs)
    if chosen is not None:
        rows: pd.DataFrame = queries.rows_set_aside(actor, chosen)
        imports_report.show_set_aside(rows)
        exports.csv_button(actor, rows, f"set-aside-{chosen}", key="imports_set_aside_csv")


offer_files()
if "imports_report" in st.session_state:
    imports_report.show_report(st.session_state["imports_report"])
list_runs()
