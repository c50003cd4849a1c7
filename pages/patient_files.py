"""Patient files: find a file, read it, complete it, open a new one."""

from __future__ import annotations

from dataclasses import asdict

import streamlit as st

from dashboard.patients import queries, rights
from dashboard.patients.queries import PatientFile
from dashboard.ui import (
    address,
    clinical_history,
    file_conflict,
    file_duplicates,
    file_form,
    file_list,
    file_merge,
    file_sections,
    filters,
    notice,
    openings,
    session,
)
from dashboard.ui.errors import told
from dashboard.ui.language import _

actor = session.acting()


def edit(file: PatientFile) -> None:
    """Show every field of a file and save what was changed."""
    if file.status == "merged":
        file_merge.fields(actor, file)
        return
    if file_conflict.is_open(file.id):
        if file_conflict.settle(actor, file.id):
            notice.done(_("Saved."))
        return
    key = f"patient_files_edit_{file.id}"
    shown = file_form.as_shown(file, key)
    values = asdict(shown)
    held = {}
    with st.form(f"{key}_{shown.version}", border=False):
        for group, names in file_form.GROUPS.items():
            st.markdown(f"##### {file_form.group_title(group)}")
            held |= file_form.fields(actor, names, values, f"patient_files_{file.id}_{shown.version}", columns=4)
        is_to_save = st.form_submit_button(
            _("Save"), type="primary", key=f"{key}_save", disabled=rights.restriction(actor, file.id) is not None
        )
    if is_to_save and file_conflict.save(actor, shown, held):
        notice.done(_("Saved."))


def show_file(patient_id: int) -> None:
    """Show one file: what is missing, and its parts."""
    file = queries.patient_file(actor, patient_id)
    openings.noted(actor, file.id)
    file_sections.heading(actor, file)
    clinical_history.link(actor, file.id)
    file_sections.missing(actor, file.id)
    part = filters.segments("patient_files", "part", _("Part of the file"), file_sections.parts())
    if part == "details":
        edit(file)
    else:
        file_sections.show(part, actor, file)


notice.show()
wanted, other = address.id_parameter("patient"), address.id_parameter("other")
if wanted is None:
    file_list.show(actor)
else:
    with told():
        if other is None:
            show_file(wanted)
        else:
            file_duplicates.compare(actor, wanted, other)
