"""A file opened in an emergency: the therapist says why, and the manager sees it."""

from __future__ import annotations

import streamlit as st

from dashboard.access.actor import Actor, NotFoundError
from dashboard.patients import care_team
from dashboard.patients.care_team import LONGEST_EMERGENCY_DAYS, LONGEST_REASON
from dashboard.ui import address, notice
from dashboard.ui.errors import told
from dashboard.ui.language import _, ngettext
from dashboard.ui.tables import Column, Here, table

KEY = "patient_files_emergency"
MOST_DIGITS = 15


def ask(actor: Actor) -> None:
    """Open the dialog."""
    st.dialog(_("Open a file in an emergency"))(_ask)(actor)


def _ask(actor: Actor) -> None:
    """Ask for the file's number and the reason."""
    st.markdown(
        _(
            "For a patient who is not in your care and needs you now. Your reason stands on the file, in the manager's"
            " list and in the log."
        )
    )
    number = st.text_input(_("Number of the file"), key=f"{KEY}_number", max_chars=MOST_DIGITS)
    reason = st.text_area(_("Why"), key=f"{KEY}_reason", max_chars=LONGEST_REASON)
    days = st.segmented_control(
        _("For how long"), range(1, LONGEST_EMERGENCY_DAYS + 1), format_func=_days, default=1, key=f"{KEY}_days"
    )
    if st.button(_("Open the file"), key=f"{KEY}_open", type="primary"):
        with told():
            if not (number.isascii() and number.isdigit()):
                raise NotFoundError("Not found.")
            patient_id = care_team.open_in_emergency(actor, int(number), reason, days or 1)
            address.keep("patient", patient_id)
            notice.done(_("The file is open to you. Your reason is noted."))


def _days(days: int) -> str:
    return ngettext("{days} day", "{days} days", days).format(days=days)


def show(actor: Actor) -> None:
    """List the files that were opened in an emergency; a row opens the care team of its file."""
    st.caption(_("Files that somebody opened in an emergency within 30 days, with their reason."))
    table(
        care_team.emergencies(actor),
        [
            Column("at", _("When"), "moment"),
            Column("therapist_name", _("Therapist")),
            Column("number", _("File"), width="small"),
            Column("name", _("Name")),
            Column("reason", _("Why"), width="large"),
        ],
        key="patient_files_emergencies",
        height="content",
        empty=_("Nobody opened a file in an emergency."),
        opens=lambda row: Here({"patient": int(row["patient_id"]), "part": "team"}),
    )
