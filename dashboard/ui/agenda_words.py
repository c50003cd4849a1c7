"""The words and colours of the agenda; a colour always means a state, never a person or a place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from dashboard.agenda.queries import Slot
from dashboard.ui.language import _

BadgeColor = Literal["red", "orange", "yellow", "blue", "green", "violet", "gray", "primary"]
UNCONFIRMED = "unconfirmed"
"""How a past appointment that nobody marked is shown: it is no state of its own in the records."""


@dataclass(frozen=True)
class Look:
    """How a state is drawn: the badge's colour, and the same colour as a line, and a tint for light and for dark."""

    badge: BadgeColor
    line: str
    light: str
    dark: str


LOOKS = {
    "held": Look("violet", "#8d70b3", "#f0eaf7", "#33293f"),
    "booked": Look("blue", "#3f7fc4", "#e6f0fa", "#1d3044"),
    "confirmed": Look("primary", "#1f8a94", "#dff2f3", "#163a3e"),
    "attended": Look("green", "#4c9141", "#e7f3e3", "#22371e"),
    "no_show": Look("red", "#cf4a4a", "#fbe6e6", "#472324"),
    "late_cancelled": Look("orange", "#d07a17", "#fcebd7", "#432f16"),
    "cancelled": Look("gray", "#8b989b", "#eff2f2", "#272f32"),
    UNCONFIRMED: Look("yellow", "#b8960c", "#fdf6d3", "#3f3811"),
    "busy": Look("gray", "#a9b4b6", "#e9edee", "#2b3437"),
}
STATES = ("held", "booked", "confirmed", UNCONFIRMED, "attended", "no_show", "late_cancelled", "cancelled")


def state_name(state: str) -> str:
    """Return the words of an appointment's state."""
    return {
        "held": _("Requested"),
        "booked": _("Booked"),
        "confirmed": _("Confirmed"),
        "attended": _("Attended"),
        "no_show": _("No-show"),
        "late_cancelled": _("Late cancelled"),
        "cancelled": _("Cancelled"),
        UNCONFIRMED: _("Not marked"),
        "busy": _("Busy"),
    }[state]


def shown_state(slot: Slot) -> str:
    """Return the state to draw: an appointment that is over and was not marked is drawn as such."""
    return UNCONFIRMED if slot.is_unconfirmed else slot.state


def mode_name(mode: str) -> str:
    """Return the words of how a session is held."""
    return {"in_person": _("In person"), "online": _("Online"), "telephone": _("By telephone")}[mode]


def who_name(who: str) -> str:
    """Return the words of who cancelled."""
    return {"patient": _("The patient"), "practice": _("The practice"), "therapist": _("The therapist")}[who]


def reason_name(reason: str) -> str:
    """Return the words of why an appointment was cancelled."""
    return {
        "illness": _("Illness"),
        "work": _("Work"),
        "travel": _("Travel"),
        "no_longer_needed": _("No longer needed"),
        "therapist_away": _("Therapist away"),
        "weather": _("Weather"),
        "other": _("Another reason"),
    }[reason]


def patient_names(slot: Slot) -> str:
    """Return whom an appointment is with."""
    if slot.id is None:
        return _("Busy")
    return ", ".join(patient.name for patient in slot.patients) or _("No patient")


def place(slot: Slot) -> str:
    """Return where an appointment is: the room, or how it is held when there is none."""
    return slot.room_name or (mode_name(slot.mode) if slot.mode else "")


def badge(state: str) -> None:
    """Show a state in its colour."""
    st.badge(state_name(state), color=LOOKS[state].badge)


def legend(slots: Iterable[Slot]) -> None:
    """Show the states that occur among ``slots``, in their colours."""
    present = {shown_state(slot) for slot in slots}
    with st.container(horizontal=True, gap="small"):
        for state in STATES:
            if state in present:
                badge(state)
