"""The register of past appointments that nobody marked: the oldest first, one click each."""

from __future__ import annotations

import streamlit as st

from dashboard.access.actor import Actor
from dashboard.agenda import queries
from dashboard.agenda.queries import Slot
from dashboard.ui import address, errors, filters, formats
from dashboard.ui.agenda_filters import Narrowed
from dashboard.ui.agenda_panel import record
from dashboard.ui.agenda_words import escaped, patient_names, place
from dashboard.ui.language import _, ngettext

PER_PAGE = 25
WORDS_WIDTH = 560


def show(actor: Actor, narrowed: Narrowed) -> None:
    """Show one page of the register."""
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


def _row(actor: Actor, slot: Slot, *, is_first: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=f"agenda_row_{slot.id}"):
        with st.container(width=WORDS_WIDTH, gap=None):
            st.text(f"{formats.moment(slot.starts_at)} · {patient_names(slot)}")
            st.caption(
                escaped(" · ".join(part for part in (slot.service_name, slot.therapist_name, place(slot)) if part))
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
        st.rerun()
