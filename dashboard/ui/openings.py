"""Who opened a file: noted once a session and hour, and shown on the file itself."""

from __future__ import annotations

from datetime import datetime, timedelta

import streamlit as st

from dashboard import clock
from dashboard.access import audit
from dashboard.access.actor import Actor
from dashboard.ui import audit_words, exports
from dashboard.ui.language import _
from dashboard.ui.navigation import role_name
from dashboard.ui.tables import Column, table

KEY = "patient_files_opened"
AGAIN_AFTER = timedelta(hours=1)


def noted(actor: Actor, patient_id: int) -> None:
    """Note that ``actor`` opened a file, unless that was noted within the hour."""
    opened: dict[int, datetime] = st.session_state.setdefault(KEY, {})
    if opened.get(patient_id, datetime.min.replace(tzinfo=clock.now().tzinfo)) < clock.now() - AGAIN_AFTER:
        audit.opened(actor, "patient", patient_id, patient_id=patient_id)
        opened[patient_id] = clock.now()


def show(actor: Actor, patient_id: int) -> None:
    """List who opened the file, for the patient to have."""
    found = audit.openings_of_file(actor, patient_id)
    told = found.assign(
        role=[role_name(role) for role in found["role"]],
        operation=found["operation"].map(audit_words.operations()),
    )
    exports.csv_button(actor, told, "openings", f"patient_files_openings_csv_{patient_id}")
    table(
        told,
        [
            Column("at", _("When"), "moment"),
            Column("display_name", _("Person")),
            Column("role", _("Role")),
            Column("operation", _("What was done")),
        ],
        key=f"patient_files_openings_{patient_id}",
        height="content",
        empty=_("Nobody opened this file since the log began."),
    )
