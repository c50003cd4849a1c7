"""Patient files: find a file, read it, complete it, open a new one."""

from __future__ import annotations

from dataclasses import asdict

import streamlit as st

from dashboard.patients import queries
from dashboard.patients.queries import PatientFile
from dashboard.ui import (
    address,
    clinical_history,
    file_conflict,
    file_duplicates,
    file_form,
    file_new,
    file_sections,
    filters,
    notice,
    openings,
    session,
    team_filters,
    words,
)
from dashboard.ui.errors import told
from dashboard.ui.language import _
from dashboard.ui.tables import Column, Here, table

PER_PAGE = 25
actor = session.acting()


def list_files() -> None:
    """Search and filter the files; a row opens its file."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        typed = filters.search("patient_files", _("Search"))
        statuses = {code: words.patient_status(code) for code in ("active", "waiting", "discharged", "archived")}
        status = filters.choice("patient_files", "status", _("Status"), statuses, everything=_("Any"))
        chosen = {
            "status": status,
            "site_id": team_filters.site(actor, "patient_files"),
            "therapist_id": team_filters.therapist(actor, "patient_files"),
        }
        if st.button(_("New file"), key="patient_files_open_new", type="primary", icon=":material/person_add:"):
            file_new.start(actor)
    total = queries.files_matching_number(actor, typed, **chosen)
    offset = filters.page_number("patient_files", total, PER_PAGE)
    found = queries.files_matching(actor, typed, **chosen, limit=PER_PAGE, offset=offset)
    table(
        found.assign(number=found["number"].astype(str), status=found["status"].map(words.patient_status)),
        [
            Column("number", _("File"), width="small"),
            Column("name", _("Name")),
            Column("birth_date", _("Birth date"), "day"),
            Column("telephone", _("Telephone")),
            Column("status", _("Status")),
            *([] if actor.role == "therapist" else [Column("therapist_name", _("Main therapist"))]),
            Column("site_name", _("Site")),
        ],
        key="patient_files_list",
        height="content",
        empty=_("No file matches. Take a filter away, or open a new file."),
        opens=lambda row: Here({"patient": int(row["patient_id"])}),
    )


def show_lists() -> None:
    """Show the files, or to the office those that may be one person's."""
    lists = {"files": _("Files"), "duplicates": _("Possible duplicates")}
    if actor.role == "therapist" or filters.segments("patient_files", "view", _("List"), lists) == "files":
        list_files()
    else:
        file_duplicates.show(actor)


def edit(file: PatientFile) -> None:
    """Show every field of a file and save what was changed."""
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
        is_to_save = st.form_submit_button(_("Save"), type="primary", key=f"{key}_save")
    if is_to_save and file_conflict.save(actor, shown, held):
        notice.done(_("Saved."))


def show_file(patient_id: int) -> None:
    """Show one file: what is missing, and its parts."""
    file = queries.patient_file(actor, patient_id)
    openings.noted(actor, file.id)
    file_sections.heading(file)
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
    show_lists()
else:
    with told():
        if other is None:
            show_file(wanted)
        else:
            file_duplicates.compare(actor, wanted, other)
