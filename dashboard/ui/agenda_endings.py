"""The series whose last date is near: whom to ask how it goes on."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.access.actor import Actor
from dashboard.agenda import queries
from dashboard.ui.language import _
from dashboard.ui.tables import Column, Link, table


def show(actor: Actor) -> None:
    """List them, the soonest first; a row opens the last date, of the same patient the next series is made."""
    st.caption(_("Series whose last date is within three weeks. Ask whether they go on, and book the next one."))
    found = pd.DataFrame([vars(each) for each in queries.series_ending(actor)])
    table(
        found,
        [
            Column("last_at", _("Last date"), "moment"),
            Column("patients", _("Patient")),
            *([] if actor.role == "therapist" else [Column("therapist_name", _("Therapist"))]),
        ],
        key="agenda_endings",
        height="content",
        empty=_("No series ends soon."),
        opens=lambda row: Link("agenda", {"appointment": int(row["appointment_id"])}),
    )
