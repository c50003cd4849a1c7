"""How an appointment is held: at the practice, by video or by telephone, changed with one click and undone with one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from dashboard.access.actor import Actor
from dashboard.agenda import booking, free_hours
from dashboard.agenda.booking import Target
from dashboard.agenda.models import MODES
from dashboard.agenda.queries import AppointmentDetails
from dashboard.ui import agenda_moves, errors
from dashboard.ui.agenda_words import mode_name
from dashboard.ui.language import _


def offer(actor: Actor, found: AppointmentDetails, close: Callable[[], None]) -> None:
    """Offer to hold an appointment in another way; ``close`` takes the panel away once that was tried."""
    slot = found.slot
    with st.expander(_("Change how it is held"), icon=":material/swap_horiz:"):
        mode = st.segmented_control(
            _("How it is held"),
            MODES,
            format_func=mode_name,
            default=slot.mode,
            required=True,
            key=f"agenda_mode_{slot.id}",
            label_visibility="collapsed",
        )
        chosen = mode or slot.mode or "in_person"
        if chosen == "in_person" != slot.mode:
            st.caption(_("The smallest room that is free at the site is taken."))
        is_other = chosen != slot.mode
        if not st.button(
            _("Change"), key=f"agenda_change_mode_{slot.id}", icon=":material/check:", disabled=not is_other
        ):
            return
    done = False
    with errors.told():
        done = agenda_moves.attempt(actor, agenda_moves.Move(slot.id or 0, slot.version, _target(actor, found, chosen)))
    if done:
        close()
        st.rerun()


def _target(actor: Actor, found: AppointmentDetails, mode: str) -> Target:
    """Return the same hour, held in another way; at the practice in a room that is free, where there is one."""
    slot = found.slot
    target = Target(slot.starts_at, slot.ends_at, keeps_room=False, mode=mode)
    if mode != "in_person":
        return target
    room = free_hours.free_room(actor, booking.wish_of(actor, slot.id or 0, target))
    return replace(target, room_id=room)
