"""Moving an appointment by a form: to a day that is not on the screen, a colleague, another site, and by keys alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import streamlit as st

from dashboard.access.actor import OFFICE, Actor
from dashboard.agenda import booking, free_hours
from dashboard.agenda.booking import Target
from dashboard.agenda.free_hours import Wish
from dashboard.agenda.queries import AppointmentDetails, Slot
from dashboard.team import queries as team
from dashboard.ui import agenda_fields, agenda_moves, agenda_obstacles, errors, formats
from dashboard.ui.language import _


def offer(actor: Actor, found: AppointmentDetails, close: Callable[[], None]) -> None:
    """Offer to move an appointment; ``close`` takes the panel away once that was tried."""
    slot = found.slot
    with st.expander(
        _("Move"), icon=":material/edit_calendar:", key=f"agenda_move_{slot.id}", on_change="rerun"
    ) as form:
        if not form.open:
            return
        wish = _wanted(actor, slot)
        if booking.target_of(wish) == booking.target_of(slot):
            st.caption(_("Choose what is to change."))
            return
        chosen = _settled(actor, wish, slot.id or 0)
    if chosen is None:
        return
    done = False
    with errors.told():
        target, overriding = chosen
        done = agenda_moves.attempt(actor, agenda_moves.Move(slot.id or 0, slot.version, target), overriding)
    if done:
        close()
        st.rerun()


def _wanted(actor: Actor, slot: Slot) -> Wish:
    """Ask where it goes, beginning with where it is."""
    key = f"agenda_move_{slot.id}_{slot.version}"
    local = slot.starts_at.astimezone(formats.zone())
    st.session_state.setdefault(f"{key}_day", local.date())
    st.session_state.setdefault(f"{key}_time", local.time().replace(second=0, microsecond=0))
    begins, minutes = agenda_fields.times(key, round((slot.ends_at - slot.starts_at) / timedelta(minutes=1)), "length")
    wish = booking.wish_of(actor, slot.id or 0, Target(begins, begins + timedelta(minutes=minutes)))
    return _placed(actor, wish, slot, key)


def _placed(actor: Actor, wish: Wish, slot: Slot, key: str) -> Wish:
    """Ask with whom (the office alone), at which site and in which room, beginning with those it has."""
    places = iter(st.columns(3))
    if actor.role in OFFICE:
        therapists = {slot.therapist_id: slot.therapist_name, **{one.id: one.name for one in team.therapists(actor)}}
        who = agenda_fields.choose(next(places), _("Therapist"), therapists, f"{key}_who", slot.therapist_id)
        wish = replace(wish, therapist_id=who)
    sites = {one.id: one.name for one in team.sites(actor)}
    if len(sites) > 1:
        site = agenda_fields.choose(next(places), _("Site"), sites, f"{key}_site", slot.site_id)
        wish = replace(wish, site_id=site)
    if wish.mode != "in_person":
        return wish
    room = agenda_fields.room(next(places), actor, wish, slot.room_id, f"{key}_room_{wish.site_id}")
    return replace(wish, room_id=room)


def _settled(actor: Actor, wish: Wish, appointment_id: int) -> tuple[Target, set[str]] | None:
    """Say what stands in the way; return where to move and over which rules, once the person has said so."""
    target, key = booking.target_of(wish), "agenda_move_form"
    met = free_hours.obstacles(actor, wish, [appointment_id])
    if not met:
        st.caption(":material/check: " + _("The hour is free."))
        is_chosen = st.button(_("Move"), key=f"{key}_move", icon=":material/check:")
        return (target, set()) if is_chosen else None
    chosen = agenda_obstacles.choose_instead(actor, wish, met, key, _("Move all the same"))
    if isinstance(chosen, Wish):
        return booking.target_of(chosen), set()
    return (target, {each.kind for each in met}) if chosen else None
