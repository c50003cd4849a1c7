"""Who comes to an appointment, changed by the office: somebody joins a group, a partner comes along."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard.access.actor import Actor
from dashboard.agenda import attendees
from dashboard.agenda.queries import AppointmentDetails
from dashboard.ui import agenda_fields, agenda_obstacles, errors, notice
from dashboard.ui.language import _


def offer(actor: Actor, found: AppointmentDetails, close: Callable[[], None]) -> None:
    """Offer to change who comes; ``close`` takes the panel away once that is done."""
    slot = found.slot
    key = f"agenda_people_{slot.id}_{slot.version}"
    with st.expander(_("Change who comes"), icon=":material/group:", key=f"{key}_form", on_change="rerun") as form:
        if not form.open:
            return
        st.session_state.setdefault(f"{key}_known", {each.id: each.name for each in slot.patients})
        st.session_state.setdefault(f"{key}_patients", [each.id for each in slot.patients])
        people = agenda_fields.people(actor, key)
        is_other = bool(people) and set(people) != {each.id for each in slot.patients}
        met = attendees.obstacles(actor, slot.id or 0, people) if is_other else []
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
