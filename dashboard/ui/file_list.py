"""The lists of patient files: all, those that may be one person's, those opened in an emergency."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard.access.actor import Actor
from dashboard.patients import search
from dashboard.ui import file_duplicates, file_emergency, file_new, file_rights, filters, team_filters, words
from dashboard.ui.language import _
from dashboard.ui.tables import Column, Here, table

PER_PAGE = 25


def show(actor: Actor) -> None:
    """Show the files; to the office possible duplicates; to the manager what was opened in an emergency or is due."""
    lists = {"files": _("Files"), "duplicates": _("Possible duplicates")}
    if actor.role == "manager":
        lists |= {"emergencies": _("Emergencies"), "due": _("To erase")}
    match "files" if actor.role == "therapist" else filters.segments("patient_files", "view", _("List"), lists):
        case "duplicates":
            file_duplicates.show(actor)
        case "due":
            file_rights.due(actor)
        case "emergencies":
            file_emergency.show(actor)
        case _:
            _files(actor)


def _files(actor: Actor) -> None:
    """Search and filter the files; a row opens its file."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        typed = filters.search("patient_files", _("Search"))
        statuses = {
            code: words.patient_status(code) for code in ("active", "waiting", "discharged", "archived", "merged")
        }
        status = filters.choice("patient_files", "status", _("Status"), statuses, everything=_("Any"))
        chosen: dict[str, Any] = {
            "status": status,
            "site_id": team_filters.site(actor, "patient_files"),
            "therapist_id": team_filters.therapist(actor, "patient_files"),
        }
        if st.button(_("New file"), key="patient_files_open_new", type="primary", icon=":material/person_add:"):
            file_new.start(actor)
    if actor.role == "therapist" and st.button(
        _("Open a file in an emergency"), key="patient_files_emergency", type="tertiary", icon=":material/emergency:"
    ):
        file_emergency.ask(actor)
    matching = search.pages_matching(actor, typed, **chosen)
    found = matching.page(PER_PAGE, filters.page_number("patient_files", matching.total, PER_PAGE))
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
