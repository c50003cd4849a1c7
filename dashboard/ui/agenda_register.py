"""The register of past appointments that nobody marked: the oldest first, one click each."""

from __future__ import annotations

import streamlit as st

from dashboard.access.actor import Actor
from dashboard.agenda import queries
from dashboard.agenda.queries import Slot
from dashboard.ui import address, errors, filters, formats
from dashboard.ui.agenda_filters import Narrowed
from dashboard.ui.agenda_panel import record, take_back
from dashboard.ui.agenda_words import patient_names, place, state_name
from dashboard.ui.language import _, ngettext
from dashboard.ui.text import plain

PER_PAGE = 25
WORDS_WIDTH = 560
LAST = "agenda_last_recorded"


def show(actor: Actor, narrowed: Narrowed) -> None:
    """Show one page of the register."""
    _last_recorded(actor)
    total = queries.unconfirmed_count(actor, **narrowed)
    if not total:
        st.success(_("Every past appointment is marked. Nothing to do here."), icon=":material/task_alt:")
        return
    words = ngettext("{number} appointment is not marked yet.", "{number} appointments are not marked yet.", total)
    st.markdown(f"**{words.format(number=formats.number(total))}**")
    st.caption(_("Keys for the first row: A attended, N no-show. A no-show recorded here carries no fee."))
    offset = filters.page_number("agenda", total, PER_PAGE)
    rows = queries.unconfirmed_appointments(actor, limit=PER_PAGE, offset=offset, **narrowed)
    for position, slot in enumerate(rows):
        _row(actor, slot, is_first=position == 0)


def _last_recorded(actor: Actor) -> None:
    """Show what was recorded last, and offer to take it back: one click is also one slip away."""
    last = st.session_state.get(LAST)
    if last is None:
        return
    with errors.told():
        found = queries.appointment(actor, last)
        with st.container(horizontal=True, vertical_alignment="center", key="agenda_last"):
            st.markdown(f":material/check: {state_name(found.slot.state)} · {plain(_who_and_when(found.slot))}")
            if st.button(_("Undo"), key="agenda_undo_last", icon=":material/undo:", type="tertiary"):
                take_back(actor, last, found.slot.version)
                del st.session_state[LAST]
                st.rerun()


def _who_and_when(slot: Slot) -> str:
    return f"{formats.moment(slot.starts_at)} · {patient_names(slot)}"


def _row(actor: Actor, slot: Slot, *, is_first: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=f"agenda_row_{slot.id}"):
        with st.container(width=WORDS_WIDTH, gap=None):
            st.text(_who_and_when(slot))
            st.caption(
                plain(" · ".join(part for part in (slot.service_name, slot.therapist_name, place(slot)) if part))
            )
        _quick(actor, slot, "attended", _("Attended"), "a" if is_first else None)
        _quick(actor, slot, "no_show", _("No-show"), "n" if is_first else None)
        if st.button(_("Other …"), key=f"agenda_open_{slot.id}", type="tertiary", help=_("Cancelled, or with a fee")):
            address.keep("appointment", slot.id)
            st.rerun()


def _quick(actor: Actor, slot: Slot, state: str, label: str, shortcut: str | None) -> None:
    """Offer to record ``state`` with one click."""
    if not st.button(label, key=f"agenda_{state}_{slot.id}", shortcut=shortcut):
        return
    done = False
    with errors.told():
        record(actor, slot.id or 0, state, version=slot.version)
        done = True
    if done:
        st.session_state[LAST] = slot.id
        st.rerun()
