"""The couple or family of a file: who is treated together, adding a file, taking one out."""

from __future__ import annotations

import streamlit as st

from dashboard.access.actor import OFFICE, Actor
from dashboard.patients import cases
from dashboard.patients.queries import PatientFile
from dashboard.ui import notice
from dashboard.ui.errors import told
from dashboard.ui.language import _
from dashboard.ui.tables import Column, Here, table


def kinds() -> dict[str, str]:
    """Return the words of each kind of case by code."""
    return {"couple": _("Couple"), "family": _("Family")}


def show(actor: Actor, file: PatientFile) -> None:
    """Show whom the file is treated together with; the office adds and takes out."""
    together = cases.treated_together_with(actor, file.id)
    if not together.empty:
        st.caption(_("Treated together with"))
        table(
            together.assign(kind=together["kind"].map(kinds()), number=together["number"].astype(str)),
            [Column("number", _("File"), width="small"), Column("name", _("Name")), Column("kind", _("Case"))],
            key=f"patient_files_together_{file.id}",
            empty="",
            opens=lambda row: Here({"patient": int(row["patient_id"]), "part": ""}),
        )
    if actor.role not in OFFICE or file.status == "merged":
        return
    for case_id, kind in together[["case_id", "kind"]].drop_duplicates().itertuples(index=False):
        title = _("Take this file out: {case}").format(case=kinds()[str(kind)])
        if st.button(title, key=f"patient_files_case_{case_id}", type="tertiary", icon=":material/group_remove:"):
            with told():
                cases.leave(actor, file.id, int(case_id))
                notice.done(_("The file is treated alone again."))
    with st.expander(_("Treat together with another file"), icon=":material/group_add:"):
        _form(actor, file)


def _form(actor: Actor, file: PatientFile) -> None:
    key = f"patient_files_case_new_{file.id}"
    with st.form(key, border=False, clear_on_submit=True):
        left, right = st.columns(2)
        typed = left.text_input(_("Number of the other file"), key=f"{key}_number")
        kind = right.selectbox(_("Case"), cases.KINDS, format_func=kinds().__getitem__, key=f"{key}_kind")
        if st.form_submit_button(_("Treat together")):
            with told():
                cases.join(actor, file.id, int(typed) if typed.strip().isdecimal() else 0, kind)
                notice.done(_("The files are treated together."))
