"""Dragging an appointment: moved and undone with one click, or back at once with the reason and what is free."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from dashboard.access.actor import Actor
from dashboard.agenda import booking, free_hours, queries, series_changes
from dashboard.agenda.booking import Target
from dashboard.agenda.free_hours import NotFreeError, Obstacle, Wish
from dashboard.agenda.queries import AppointmentDetails
from dashboard.agenda.series_changes import Shift
from dashboard.ui import agenda_obstacles, errors, formats, notice
from dashboard.ui.agenda_calendar import forget_click
from dashboard.ui.agenda_words import mode_name
from dashboard.ui.language import _, ngettext
from dashboard.ui.text import plain

LAST, REFUSED = "agenda_last_moved", "agenda_refused_move"


@dataclass(frozen=True)
class Move:
    """A move of an appointment from the version that was seen."""

    appointment_id: int
    version: int
    target: Target


def drag(actor: Actor, move: Move) -> None:
    """Try a move; the calendar is drawn anew, with the appointment where it now is."""
    if attempt(actor, move):
        st.rerun()


def attempt(actor: Actor, move: Move, overriding: Collection[str] = ()) -> bool:
    """Try a move and keep what came of it for `show`; return whether the screen is to be drawn anew."""
    st.session_state.pop(LAST, None)
    st.session_state.pop(REFUSED, None)
    forget_click()
    return _tried(actor, move, overriding)


def _tried(actor: Actor, move: Move, overriding: Collection[str] = ()) -> bool:
    """Move, or keep why not; return whether the screen is to be drawn anew."""
    with errors.told():
        try:
            former = booking.move(actor, move.appointment_id, move.target, version=move.version, overriding=overriding)
        except NotFreeError as refused:
            st.session_state[REFUSED] = (move, refused.obstacles)
        else:
            st.session_state[LAST] = Move(move.appointment_id, move.version + 1, former)
        return True
    return False


def show(actor: Actor) -> None:
    """Show what the last drag did, above the calendar."""
    last, refused = st.session_state.get(LAST), st.session_state.get(REFUSED)
    if isinstance(last, Move):
        _offer_undo(actor, last)
    if refused is not None:
        _why_not(actor, *refused)


def _offer_undo(actor: Actor, last: Move) -> None:
    found = queries.appointment(actor, last.appointment_id)
    with st.container(horizontal=True, vertical_alignment="center", key="agenda_moved"):
        if found.slot.mode == last.target.mode:
            st.markdown(f":material/check: {_moved_in_words(found, last.target)}")
            _offer_following(actor, last, found)
        else:
            words = _("Changed: {moment}. It was: {mode}.").format(
                moment=_when(found.slot.starts_at), mode=mode_name(last.target.mode or "in_person").lower()
            )
            st.markdown(f":material/check: {words}")
        if st.button(_("Undo"), key="agenda_undo_move", icon=":material/undo:", type="tertiary"):
            st.session_state.pop(LAST)
            # It was there before, whatever rule that breaks; nobody else is pushed aside.
            wish = booking.wish_of(actor, last.appointment_id, last.target)
            met = free_hours.obstacles(actor, wish, [last.appointment_id])
            if _tried(actor, last, {each.kind for each in met}):
                st.session_state.pop(LAST, None)
                forget_click()
                st.rerun()


def _moved_in_words(found: AppointmentDetails, former: Target) -> str:
    slot, moment = found.slot, _when(found.slot.starts_at)
    if slot.starts_at != former.starts_at:
        return _("Moved to {moment}. It was at {before}.").format(moment=moment, before=_when(former.starts_at))
    if slot.therapist_id != former.therapist_id:
        return _("{moment} is with {therapist} now.").format(moment=moment, therapist=plain(slot.therapist_name))
    if (slot.site_id, slot.room_id) == (former.site_id, former.room_id):
        return _("Changed: {moment}.").format(moment=moment)
    where = " · ".join(plain(part) for part in (slot.room_name, found.site_name) if part)
    return _("{moment} is held here now: {place}.").format(moment=moment, place=where)


def _offer_following(actor: Actor, last: Move, found: AppointmentDetails) -> None:
    """Offer to move the later dates of the series in the same way."""
    later, slot, former = found.series_left - 1, found.slot, last.target
    here = (slot.starts_at, slot.therapist_id, slot.site_id, slot.room_id)
    was = (former.starts_at, former.therapist_id, former.site_id, former.room_id)
    if later < 1 or slot.version != last.version or here == was:
        return
    words = ngettext("Move {number} later date too", "Move {number} later dates too", later)
    if not st.button(words.format(number=formats.number(later)), key="agenda_move_following", type="tertiary"):
        return
    before, now = former.starts_at.astimezone(formats.zone()), slot.starts_at.astimezone(formats.zone())
    shift = Shift(
        (now.date() - before.date()).days,
        now.time().replace(tzinfo=None),
        slot.room_id,
        keeps_room=slot.room_id == former.room_id,
        therapist_id=slot.therapist_id if slot.therapist_id != former.therapist_id else None,
        site_id=slot.site_id if slot.site_id != former.site_id else None,
    )
    with errors.told():
        number = series_changes.move_series(
            actor,
            last.appointment_id,
            "following",
            shift,
            version=last.version,
            overriding=found.overridden,  # what this date was moved over, the later ones are moved over too
            leaving=[last.appointment_id],
        )
        st.session_state.pop(LAST)
        forget_click()
        notice.done(
            ngettext("{number} later date was moved.", "{number} later dates were moved.", number).format(
                number=formats.number(number)
            )
        )


def _why_not(actor: Actor, move: Move, met: list[Obstacle]) -> None:
    with st.container(border=True, key="agenda_not_moved"):
        if move.target.mode is None:
            st.markdown("**" + _("Not moved to {moment}.").format(moment=_when(move.target.starts_at)) + "**")
        else:
            st.markdown("**" + _("Not changed to: {mode}.").format(mode=mode_name(move.target.mode).lower()) + "**")
        wish = booking.wish_of(actor, move.appointment_id, move.target)
        chosen = agenda_obstacles.choose_instead(actor, wish, met, "agenda_move", _("Move all the same"))
        if st.button(_("Leave it where it is"), key="agenda_leave", type="tertiary"):
            st.session_state.pop(REFUSED)
            st.rerun()
    if chosen is None:
        return
    st.session_state.pop(REFUSED)
    if isinstance(chosen, Wish):
        done = _tried(actor, Move(move.appointment_id, move.version, booking.target_of(chosen)))
    else:
        done = _tried(actor, move, {each.kind for each in met})
    if done:
        forget_click()
        st.rerun()


def _when(moment: datetime) -> str:
    return formats.moment(moment)
