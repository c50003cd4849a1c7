"""Clinical history: of a patient in one's care, to write, compare and print."""

import streamlit as st

from dashboard.access.actor import NotFoundError
from dashboard.clinical import queries
from dashboard.ui import address, clinical_history, filters, formats, notice, session
from dashboard.ui.errors import told
from dashboard.ui.language import _
from dashboard.ui.tables import Link, open_link

actor = session.acting()
files = {file.patient_id: file for file in queries.files_in_care(actor)}


def named(file):
    opened = _("opened {day}").format(day=formats.day(file.opened_on)) if file.opened_on else _("no history yet")
    return f"{file.name} · {file.number} · {opened}"


def chosen_file():
    asked = address.id_parameter("patient")
    if asked is not None and asked not in files:
        raise NotFoundError
    names = {patient_id: named(file) for patient_id, file in files.items()}
    picked = filters.choice("clinical_history", "patient", _("Patient"), names, everything=_("Choose a patient"))
    return files.get(picked)


def show(file):
    parts = {"write": _("History"), "versions": _("Versions"), "print": _("Print")}
    part = filters.segments("clinical_history", "part", _("Part of the history"), parts)
    if part == "write":
        clinical_history.write(actor, file)
    elif part == "versions":
        clinical_history.versions(actor, file)
    else:
        clinical_history.print_button(actor, file)
    with st.container(horizontal=True):
        if st.button(_("Open the patient file"), key="clinical_history_file", type="tertiary"):
            open_link(Link("patient_files", {"patient": file.patient_id}))
        if st.button(_("My notes about this patient"), key="clinical_history_notes", type="tertiary"):
            open_link(Link("notes", {"patient": file.patient_id}))


notice.show()
with told():
    chosen = chosen_file()
    if chosen is not None:
        show(chosen)
    else:
        clinical_history.close()
        if files:
            st.info(_("Choose a patient in your care to read or write the history."), icon=":material/clinical_notes:")
        else:
            st.info(_("No patient is in your care yet."), icon=":material/inbox:")
