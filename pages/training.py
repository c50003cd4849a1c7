"""Training: how far each therapist is, which hours count and why, and what waits for approval."""

import streamlit as st

from dashboard.team import queries as team
from dashboard.ui import errors, filters, notice, session, training_form, training_progress
from dashboard.ui.language import _

actor = session.acting()


def chosen_therapist():
    if actor.role == "therapist":
        return actor.therapist_id
    names = {row.id: row.name for row in team.therapists(actor)}
    return filters.choice("training", "therapist", _("Therapist"), names, everything=_("All therapists"))


therapist_id = chosen_therapist()
notice.show()
with errors.told():
    if therapist_id is None:
        training_progress.now_line()
        training_progress.everybody(actor)
        st.divider()
        training_form.waiting(actor)
    else:
        training_form.log_button(actor, therapist_id)
        training_progress.of_therapist(actor, therapist_id)
        training_progress.now_line()
        training_form.waiting(actor, therapist_id)
        training_progress.entries(actor, therapist_id)
