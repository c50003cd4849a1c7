"""Agenda: who comes when and where, what is not marked yet, and what became of each appointment."""

import streamlit as st

from dashboard.agenda import queries
from dashboard.ui import address, agenda_calendar, agenda_filters, agenda_panel, agenda_register, session
from dashboard.ui.language import _

actor = session.acting()
chosen = address.id_parameter("appointment")
if chosen is not None:
    agenda_panel.show(actor, chosen)

view = agenda_filters.view_choice()
narrowed = agenda_filters.narrowed(actor)

if view == agenda_filters.NOT_MARKED:
    agenda_register.show(actor, narrowed)
else:
    day, period = agenda_filters.period_choice(view)
    slots = queries.appointments_between(actor, period.since, period.until, **narrowed)
    if len(slots) == queries.MOST_ROWS:
        st.warning(_("Too many appointments to show all of them. Choose a therapist, a site or a shorter time."))
    clicked = agenda_calendar.draw(
        slots,
        view,
        day,
        has_one_therapist=narrowed["therapist_id"] is not None,
        has_one_room=narrowed["room_id"] is not None,
    )
    if clicked is not None and chosen is None:
        address.keep("appointment", clicked)
        agenda_panel.show(actor, clicked)
