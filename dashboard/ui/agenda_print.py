"""One day of the agenda on paper: a PDF, therapist by therapist, of what the person may see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby

import streamlit as st

from dashboard.access import audit
from dashboard.access.actor import Actor
from dashboard.agenda.queries import Slot
from dashboard.clinical import pdf
from dashboard.ui import formats
from dashboard.ui.agenda_words import patient_names, place, state_name
from dashboard.ui.language import _, ngettext

CANCELLED = frozenset({"cancelled", "late_cancelled"})


def button(actor: Actor, day: date, slots: Sequence[Slot]) -> None:
    """Offer the day for printing; a colleague's appointments and what was cancelled are not on it."""
    shown = printed(slots)
    title = _("Agenda of {day}").format(day=formats.day(day, "full"))
    about, parts = formats.practice().name, list(blocks(shown))
    st.download_button(
        _("Print the day"),
        data=lambda: taken_out(actor, title, about, parts),
        file_name=f"agenda-{day.isoformat()}.pdf",
        mime="application/pdf",
        key="agenda_print",
        icon=":material/print:",
        type="tertiary",
        on_click="ignore",
        disabled=not shown,
    )


def taken_out(actor: Actor, title: str, about: str, parts: Sequence[pdf.Block]) -> bytes:
    """Note that the day is taken out before anything leaves."""
    audit.exported(actor, "agenda")
    return pdf.document(title, about, parts)


def printed(slots: Sequence[Slot]) -> list[Slot]:
    """Return what of a day is printed."""
    return [slot for slot in slots if slot.id is not None and slot.state not in CANCELLED]


def blocks(shown: Sequence[Slot]) -> Iterator[pdf.Block]:
    """Yield the parts of the page, one a therapist, by name and hour."""
    ordered = sorted(shown, key=lambda slot: (slot.therapist_name, slot.therapist_id, slot.starts_at))
    for (name, _number), group in groupby(ordered, key=lambda slot: (slot.therapist_name, slot.therapist_id)):
        lines = [_line(slot) for slot in group]
        total = ngettext("{total} appointment", "{total} appointments", len(lines)).format(total=len(lines))
        yield pdf.Block(name, total, lines)


def _line(slot: Slot) -> tuple[str, str]:
    facts = (slot.service_name, place(slot), state_name(slot.state))
    hours = f"{formats.hour(slot.starts_at)} - {formats.hour(slot.ends_at)}"
    return f"{hours}  {patient_names(slot)}", " · ".join(fact for fact in facts if fact)
