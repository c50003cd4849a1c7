"""What to prepare for the next sessions: what is missing, unwritten or unpaid, and when somebody last came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard.access.actor import Actor
from dashboard.agenda import queries as agenda
from dashboard.agenda.queries import Slot
from dashboard.billing import queries as billing
from dashboard.clinical import queries as clinical
from dashboard.consent import queries as consent
from dashboard.db import DatabaseRefusal
from dashboard.ui import formats, video_words, words
from dashboard.ui.language import _
from dashboard.ui.navigation import page_file
from dashboard.ui.text import plain
from dashboard.video import queries as video
from dashboard.video import rules

Lines = dict[int, list[str]]


@dataclass(frozen=True)
class Sheet:
    """What is told of some sessions.

    Attributes:
        lines: By appointment, what is to be prepared.
        last: By patient, the day on which they last came.
        in_care: The patients whose history the person may open.
    """

    lines: Lines
    last: dict[int, str]
    in_care: frozenset[int]


def sheet(actor: Actor, slots: Sequence[Slot]) -> Sheet:
    """Return what is to be told of some sessions."""
    people = {patient.id for slot in slots for patient in slot.patients}
    came = agenda.last_sessions(actor, people) if people else {}
    last = {patient: formats.day(at.astimezone(formats.zone()).date()) for patient, at in came.items()}
    cared = clinical.files_in_care(actor) if people and actor.role == "therapist" else []
    return Sheet(to_prepare(actor, slots), last, frozenset(file.patient_id for file in cared))


def to_prepare(actor: Actor, slots: Sequence[Slot]) -> Lines:
    """Return for each appointment what is to be prepared, in words; nothing while the figures are not built.

    Who comes is known also without figures: that is why this is refused apart from the list of sessions.
    """
    people = {patient.id for slot in slots for patient in slot.patients}
    if not people:
        return {}
    try:
        return _lines(actor, slots, people)
    except DatabaseRefusal as refused:
        if refused.code != "not_built":
            raise
        return {}


def _lines(actor: Actor, slots: Sequence[Slot], people: set[int]) -> Lines:
    kinds, lacking = words.consent_kinds(), consent.consents_missing_of(actor, people)
    unwritten = _unwritten(actor)
    owing = set() if actor.role == "therapist" else billing.patients_owing(actor, people)
    calls = _calls(actor, slots)
    found: Lines = {}
    for slot in slots:
        lines = found.setdefault(slot.id or 0, [])
        who = [patient.id for patient in slot.patients]
        missing = dict.fromkeys(kinds[kind] for patient in who for kind in lacking.get(patient, ()))
        if missing:
            lines.append(_("Consent missing: {kinds}").format(kinds=", ".join(missing)))
        if unwritten & set(who):
            lines.append(_("A note of before is not signed"))
        if owing & set(who):
            lines.append(_("An invoice is overdue"))
        lines += calls.get(slot.id or 0, [])
    return found


def _unwritten(actor: Actor) -> set[int]:
    """Return the patients of whom the therapist has a draft, or a session without a note."""
    if actor.role != "therapist":
        return set()
    return {note.patient_id for note in clinical.unsigned_notes(actor)} | {
        session.patient_id for session in clinical.sessions_without_note(actor)
    }


def _calls(actor: Actor, slots: Sequence[Slot]) -> Lines:
    """Return what the video calls among the sessions lack; consents are told of all sessions alike."""
    online = {slot.id for slot in slots if slot.id and slot.mode == "online"}
    if not online:
        return {}
    names = video_words.needs()
    until = max(slot.ends_at for slot in slots)
    lacking = {
        each.id: [names[need] for need in rules.missing(each) if need != "consent"]
        for each in video.sessions_ahead(actor, until, among=online)
    }
    told = _("Missing for the video call: {needs}")
    return {number: [told.format(needs=", ".join(needs))] for number, needs in lacking.items() if needs}


def show(slot: Slot, told: Sheet) -> None:
    """Show below a session what is to be prepared; the history is opened on its own screen, which notes it."""
    came = dict.fromkeys(told.last[patient.id] for patient in slot.patients if patient.id in told.last)
    said = [f"**{plain(line)}**" for line in told.lines.get(slot.id or 0, ())]
    if came:
        said.insert(0, plain(_("Last session {day}").format(day=", ".join(came))))
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        if said:
            st.caption(" · ".join(said), width="content")
        if slot.mode == "online":
            _link("video_calls", _("Video call"), ":material/video_call:", {"appointment": str(slot.id)})
        if len(slot.patients) == 1 and slot.patients[0].id in told.in_care:
            _link("clinical_history", _("History"), ":material/clinical_notes:", {"patient": str(slot.patients[0].id)})


def _link(slug: str, words_of_link: str, icon: str, ids: dict[str, str]) -> None:
    st.page_link(page_file(slug), label=words_of_link, icon=icon, query_params=ids)
