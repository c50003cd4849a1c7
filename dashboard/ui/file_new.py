"""Opening a new file: while it is typed, files that may be the same person's are named."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard.access.actor import Actor
from dashboard.patients import commands, duplicates
from dashboard.patients.duplicates import Duplicate
from dashboard.ui import address, file_form, formats, notice
from dashboard.ui.errors import told
from dashboard.ui.file_duplicates import because
from dashboard.ui.language import _
from dashboard.ui.text import plain

KEY = "patient_files_new"
WARNED = f"{KEY}_warned"
NAMES = (
    *("given_name", "surname_1", "surname_2", "birth_date", "telephone", "email"),
    *("id_kind", "id_value", "main_therapist_id", "site_id"),
)


def _ask(actor: Actor) -> None:
    """Ask for the first fields of a file; the rest can follow."""
    held = file_form.fields(actor, NAMES, {"main_therapist_id": actor.therapist_id}, KEY)
    found = duplicates.likely_duplicates(actor, held) if held["given_name"] or held["id_value"] else []
    _warn(found)
    # A file found by the very click that should open a new one is read first.
    was_told = set(st.session_state.get(WARNED, ())) >= {each.file.patient_id for each in found}
    st.session_state[WARNED] = [each.file.patient_id for each in found]
    title = _("Open a new file all the same") if found else _("Open the file")
    if st.button(title, key=f"{KEY}_open", type="secondary" if found else "primary") and was_told:
        _open(actor, held)


def start(actor: Actor) -> None:
    """Show the empty form."""
    for name in (WARNED, *(f"{KEY}_{field}" for field in NAMES)):
        st.session_state.pop(name, None)
    st.dialog(_("New patient file"), width="large")(_ask)(actor)


def _open(actor: Actor, held: dict[str, Any]) -> None:
    with told():
        patient_id = commands.open_file(actor, {**held, "status": "waiting"})
        address.keep("patient", patient_id)
        notice.done(_("The file is open. Complete it below."))


def _warn(found: list[Duplicate]) -> None:
    for each in found:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            name = plain(each.file.name)
            born = formats.day(each.file.birth_date) if each.file.birth_date else "–"
            st.markdown(
                ":material/warning: "
                + _("A file like this exists: {name}, file {number}, born {day}. In common: {reasons}.").format(
                    name=f"**{name}**", number=each.file.number, day=born, reasons=because(each.likeness)
                ),
                width="stretch",
            )
            if st.button(_("Open that file"), key=f"{KEY}_exists_{each.file.patient_id}", type="primary"):
                address.keep("patient", each.file.patient_id)
                st.rerun()
