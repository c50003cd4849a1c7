"""Why an hour cannot be had, in words, and what to do: the next free hours, or booking over a rule knowingly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from dashboard.access.actor import Actor, NotFoundError
from dashboard.agenda import free_hours
from dashboard.agenda.free_hours import Obstacle, Wish
from dashboard.patients import queries as patients
from dashboard.team import queries as team
from dashboard.ui import formats
from dashboard.ui.language import _
from dashboard.ui.text import plain

ALL_THE_SAME: Literal["all the same"] = "all the same"


def sentence(actor: Actor, met: Obstacle) -> str:
    """Return an obstacle as a sentence, with who or what is busy as far as the person may know."""
    if met.kind in {"therapist_busy", "room_busy", "patient_busy", "too_close", "absent", "busy_elsewhere"}:
        return _busy(actor, met)
    return {
        "outside_hours": _("Outside the therapist's hours of work."),
        "closed": _("The site is closed that day."),
        "past": _("This hour is past."),
        "long_past": _("This day is more than a month ago."),
        "too_far": _("This day is more than two years ahead."),
        "much_too_far": _("This day is more than five years ahead."),
        "bad_length": _("A session takes between 5 minutes and 12 hours."),
        "too_many": _("This service is not meant for so many people."),
        "service_ended": _("This service is no longer offered."),
        "therapist_gone": _("The therapist does not work here on that day."),
        "room_out_of_service": _("The room is out of service."),
        "room_too_small": _("The room is too small for so many people."),
    }[met.kind]


def rule_names(kinds: Sequence[str]) -> str:
    """Return in a few words which rules were booked over."""
    names = {
        "outside_hours": _("outside hours of work"),
        "closed": _("site closed"),
        "absent": _("therapist away"),
        "busy_elsewhere": _("busy by another calendar"),
        "too_close": _("no break"),
        "past": _("in the past"),
        "too_far": _("far ahead"),
        "too_many": _("more people than meant"),
        "room_out_of_service": _("room out of service"),
        "room_too_small": _("room too small"),
    }
    return ", ".join(names[kind] for kind in kinds if kind in names)


def _busy(actor: Actor, met: Obstacle) -> str:
    words = {
        "therapist_busy": _("{who} has another appointment, {hours}."),
        "room_busy": _("{who} is taken, {hours}."),
        "patient_busy": _("{who} has another appointment, {hours}."),
        "too_close": _("{who} needs a break before or after another appointment, {hours}."),
        "absent": _("{who} is away, {hours}."),
        "busy_elsewhere": _("{who} is busy by another calendar, {hours}."),
    }[met.kind]
    return words.format(who=plain(_subject(actor, met)), hours=_hours(met))


def _subject(actor: Actor, met: Obstacle) -> str:
    if met.kind == "room_busy":
        names = {room.id: room.name for room in team.rooms(actor)}
        return names.get(met.subject_id or 0, _("The room"))
    if met.kind == "patient_busy":
        try:
            return patients.patient_name(actor, met.subject_id or 0)
        except NotFoundError:
            return _("The patient")
    names = {one.id: one.name for one in team.therapists(actor)}
    return names.get(met.subject_id or 0, _("The therapist"))


def _hours(met: Obstacle) -> str:
    if met.busy_from is None or met.busy_until is None:
        return _("at that hour")
    if met.busy_until.astimezone(formats.zone()).date() != met.busy_from.astimezone(formats.zone()).date():
        return f"{formats.moment(met.busy_from)} – {formats.moment(met.busy_until)}"
    return f"{formats.hour(met.busy_from)}–{formats.hour(met.busy_until)}"


def show(actor: Actor, met: Sequence[Obstacle]) -> None:
    """Show what stands in the way, one line each."""
    lines = list(dict.fromkeys(sentence(actor, each) for each in met))
    if all(each.may_override for each in met):
        st.warning("  \n".join(lines), icon=":material/rule:")
    else:
        st.error("  \n".join(lines), icon=":material/event_busy:")


def choose_instead(
    actor: Actor, wish: Wish, met: Sequence[Obstacle], key: str, all_the_same: str
) -> Wish | Literal["all the same"] | None:
    """Show what stands in the way and offer the next free hours, and to go on when rules alone stand there."""
    show(actor, met)
    found = free_hours.next_free(actor, wish)
    chosen: Wish | Literal["all the same"] | None = None
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if found:
            st.caption(_("Free instead:"), width="content")
        for position, each in enumerate(found):
            day = formats.day(each.starts_at.astimezone(formats.zone()).date())
            if st.button(f"{day}, {formats.hour(each.starts_at)}", key=f"{key}_instead_{position}"):
                chosen = each
        if all(each.may_override for each in met) and st.button(all_the_same, key=f"{key}_all_the_same"):
            chosen = ALL_THE_SAME
    if not found:
        st.caption(_("Nothing is free within two weeks. Try another therapist, site or length."))
    return chosen
