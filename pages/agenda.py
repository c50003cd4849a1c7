"""Agenda: who comes when and where, booking and moving, what is not marked yet, and what became of each appointment."""

import streamlit as st

from dashboard.agenda import queries
from dashboard.agenda.booking import Target
from dashboard.ui import (
    address,
    agenda_calendar,
    agenda_closures,
    agenda_endings,
    agenda_filters,
    agenda_moves,
    agenda_new,
    agenda_panel,
    agenda_print,
    agenda_register,
    agenda_rooms,
    agenda_shading,
    notice,
    session,
)
from dashboard.ui.language import _

actor = session.acting()
chosen = address.id_parameter("appointment")
opened = None if chosen is None else agenda_panel.show(actor, chosen)
if chosen is None:
    agenda_new.show(actor)

notice.show()
with st.container(horizontal=True, vertical_alignment="bottom"):
    view = agenda_filters.view_choice()
    agenda_new.button(actor, address.id_parameter("therapist"), address.day_parameter("day"))
narrowed = agenda_filters.narrowed(actor)

if view == agenda_filters.NOT_MARKED:
    agenda_register.show(actor, narrowed)
elif view == agenda_filters.SERIES_ENDING:
    agenda_endings.show(actor)
else:
    if opened is not None:
        agenda_filters.follow(view, opened)
    day, period = agenda_filters.period_choice(view)
    agenda_moves.show(actor)
    slots = queries.appointments_between(actor, period.since, period.until, **narrowed)
    if view == "day":
        agenda_print.button(actor, day, slots)
    if len(slots) == queries.MOST_ROWS:
        st.warning(_("Too many appointments to show all of them. Choose a therapist, a site or a shorter time."))
    agenda_closures.warn(actor, period.first, period.end, narrowed["site_id"])
    room = None
    if view == agenda_filters.ROOMS:
        done, room = agenda_rooms.draw(actor, slots, day, narrowed["room_id"], narrowed["site_id"])
    else:
        shaded = agenda_shading.shaded(actor, view, period, narrowed["therapist_id"])
        done = agenda_calendar.draw(
            slots,
            view,
            day,
            shaded,
            has_one_therapist=narrowed["therapist_id"] is not None,
            has_one_room=narrowed["room_id"] is not None,
        )
    if done.opened is not None and chosen is None:
        address.keep("appointment", done.opened)
        agenda_panel.show(actor, done.opened)
    elif done.pointed_at is not None:
        agenda_new.start(actor, narrowed["therapist_id"], done.pointed_at, room)
    elif done.dragged is not None and done.starts_at is not None and done.ends_at is not None:
        dragged = next((slot for slot in slots if slot.id == done.dragged), None)
        if dragged is not None:
            target = Target(done.starts_at, done.ends_at)
            agenda_moves.drag(actor, agenda_moves.Move(done.dragged, dragged.version, target))

agenda_closures.show(actor)
