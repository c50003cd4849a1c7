"""Imports: bring in another system's files, see what would happen, import, and look at earlier runs."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard.imports import commands, detection, queries
from dashboard.imports.codes import FileRefusedError
from dashboard.imports.uploads import received
from dashboard.ui import address, exports, imports_report, session
from dashboard.ui.errors import told
from dashboard.ui.language import _
from dashboard.ui.navigation import page_file

actor = session.acting()


def offer_files() -> None:
    """Take files from the person's machine, say what they are, and offer to import them."""
    uploads = st.file_uploader(
        _("Files of another system: CSV files, or a ZIP with them"),
        type=["csv", "zip"],
        accept_multiple_files=True,
        key="imports_files",
    )
    if not uploads:
        st.caption(
            _("Nothing is changed until you press Import. Rows that cannot be taken are listed with the reason.")
        )
        return
    try:
        with received([(file.name, file.getvalue()) for file in uploads]) as folder:
            imports_report.show_detected(detection.detect(folder))
            imports_report.show_preview(detection.preview(folder))
            offer_import(folder, label=", ".join(sorted(file.name for file in uploads))[:200])
    except FileRefusedError as refused:
        imports_report.refused(refused)


def offer_import(folder: Path, label: str) -> None:
    """Offer a trial and the import itself; the report of the last one stays on the screen."""
    with st.container(horizontal=True):
        is_real = st.button(_("Import"), key="imports_import", type="primary")
        is_trial = st.button(_("Try without changing anything"), key="imports_try")
    if not (is_real or is_trial):
        return
    bar = st.progress(0.0, text=imports_report.step("reading"))

    def advance(stage: str, share: float) -> None:
        bar.progress(min(1.0, share), text=imports_report.step(stage))

    with told():
        st.session_state["imports_report"] = commands.run_import(
            actor, folder, dry_run=is_trial, label=label, progress=advance
        )
    bar.empty()


def show_run(run_id: int) -> None:
    """Show the rows that an earlier import set aside."""
    st.page_link(page_file("imports"), label=_("All imports"), icon=":material/arrow_back:")
    st.subheader(_("Rows set aside"), anchor=False)
    rows = imports_report.set_aside(queries.rows_set_aside(actor, run_id, limit=50_000))
    imports_report.show_set_aside(rows)
    exports.csv_button(actor, rows, f"set-aside-{run_id}", key="imports_set_aside_csv")


run = address.id_parameter("run")
if run is not None:
    show_run(run)
else:
    offer_files()
    if "imports_report" in st.session_state:
        imports_report.show_report(st.session_state["imports_report"])
    st.subheader(_("Earlier imports"), anchor=False)
    imports_report.show_runs(queries.import_runs(actor))
