"""One day of the agenda on paper: a PDF, therapist by therapist, of what the person may see."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from itertools import groupby

import streamlit as st

from dashboard.access import audit
from dashboard.access.actor import Actor
from dashboard.agenda.queries import Slot
from dashboard.clinical import pdf
from dashboard.ui import formats
from dashboard.ui.agenda_words import patient_names, place, state_name
from dashboard.ui.language import _, language, ngettext, speaking

CANCELLED = frozenset({"cancelled", "late_cancelled"})


def button(actor: Actor, day: date, slots: Sequence[Slot]) -> None:
    """Offer the day for printing; a colleague's appointments and what was cancelled are not on it."""
    shown = printed(slots)
    title = _("Agenda of {day}").format(day=formats.day(day, "full"))
    about, spoken, hour = formats.practice().name, language(), formats.hours()

    def made() -> bytes:
        # Asked for once it is clicked, where no session tells the language: not at every run of the screen.
        with speaking(spoken):
            return taken_out(actor, title, about, list(blocks(shown, hour)))

    st.download_button(
        _("Print the day"),
        data=made,
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


def blocks(shown: Sequence[Slot], hour: Callable[[datetime], str]) -> Iterator[pdf.Block]:
    """Yield the parts of the page, one a therapist, by name and hour."""
    ordered = sorted(shown, key=lambda slot: (slot.therapist_name, slot.therapist_id, slot.starts_at))
    for (name, _number), group in groupby(ordered, key=lambda slot: (slot.therapist_name, slot.therapist_id)):
        lines = [_line(slot, hour) for slot in group]
        total = ngettext("{total} appointment", "{total} appointments", len(lines)).format(total=len(lines))
        yield pdf.Block(name, total, lines)


def _line(slot: Slot, hour: Callable[[datetime], str]) -> tuple[str, str]:
    facts = (slot.service_name, place(slot), state_name(slot.state))
    hours = f"{hour(slot.starts_at)} - {hour(slot.ends_at)}"
    return f"{hours}  {patient_names(slot)}", " · ".join(fact for fact in facts if fact)
