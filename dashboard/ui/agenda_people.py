"""Who comes to an appointment, changed by the office: somebody joins a group, a partner comes along."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from dashboard.access.actor import Actor
from dashboard.agenda import attendees, booking, free_hours
from dashboard.agenda.booking import Target
from dashboard.agenda.free_hours import Obstacle
from dashboard.agenda.queries import AppointmentDetails, Slot
from dashboard.ui import agenda_fields, agenda_obstacles, errors, notice
from dashboard.ui.language import _


def offer(actor: Actor, found: AppointmentDetails, close: Callable[[], None]) -> None:
    """Offer to change who comes; ``close`` takes the panel away once that is done."""
    slot = found.slot
    key = f"agenda_people_{slot.id}_{slot.version}"
    with st.expander(_("Change who comes"), icon=":material/group:"):
        st.session_state.setdefault(f"{key}_known", {each.id: each.name for each in slot.patients})
        st.session_state.setdefault(f"{key}_patients", [each.id for each in slot.patients])
        people = agenda_fields.people(actor, key)
        is_other = bool(people) and set(people) != {each.id for each in slot.patients}
        met = _in_the_way(actor, slot, people) if is_other else []
        if met:
            agenda_obstacles.show(actor, met)
        is_possible = is_other and all(each.may_override for each in met)
        words = _("Change all the same") if met and is_possible else _("Change")
        if not st.button(words, key=f"{key}_change", icon=":material/check:", disabled=not is_possible):
            return
    with errors.told():
        overriding = {each.kind for each in met}
        attendees.change_attendees(actor, slot.id or 0, people, version=slot.version, overriding=overriding)
        close()
        notice.done(_("Who comes was changed."))


def _in_the_way(actor: Actor, slot: Slot, people: tuple[int, ...]) -> list[Obstacle]:
    wish = booking.wish_of(actor, slot.id or 0, Target(slot.starts_at, slot.ends_at))
    met = free_hours.obstacles(actor, replace(wish, patient_ids=people), [slot.id or 0])
    return [each for each in met if each.kind in attendees.OF_PEOPLE]
