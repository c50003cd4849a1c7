"""The form of an entry: what somebody waits for, and when, where, how and with whom they can come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard.access.actor import Actor
from dashboard.agenda.models import MODES
from dashboard.team import queries as team
from dashboard.ui import formats, waiting_words
from dashboard.ui.agenda_words import mode_name
from dashboard.ui.language import _
from dashboard.waiting_list.commands import Preferences
from dashboard.waiting_list.queries import Entry

LONGEST_NOTE = 300


def fields(actor: Actor, key: str, present: Entry | None = None, therapist_id: int | None = None) -> Preferences | None:
    """Ask for the wishes, beginning with ``present`` or with a therapist; nothing while there is no service."""
    offered = team.services(actor)
    services = {each.id: each.name for each in offered}
    if not services:
        st.info(_("A service is needed before anybody can wait for it."), icon=":material/inbox:")
        return None
    left, right = st.columns(2)
    keys = list(services)
    common = next((each.id for each in offered if each.kind == "individual"), keys[0])
    wished = present.service_id if present and present.service_id in services else common
    service = left.selectbox(
        _("Service"), keys, index=keys.index(wished), format_func=services.__getitem__, key=f"{key}_service"
    )
    words = waiting_words.urgencies()
    urgency = right.segmented_control(
        _("Urgency"),
        list(words),
        format_func=words.__getitem__,
        default=present.urgency if present else 1,
        required=True,
        key=f"{key}_urgency",
    )
    return Preferences(
        service_id=service, urgency=urgency, **_who_and_where(actor, key, present, therapist_id), **_when(key, present)
    )


def _who_and_where(actor: Actor, key: str, present: Entry | None, therapist_id: int | None) -> dict[str, Any]:
    therapists = {each.id: each.name for each in team.therapists(actor)}
    sites = {each.id: each.name for each in team.sites(actor)}
    wished = present.therapist_ids if present else (therapist_id,) if therapist_id else ()
    left, right = st.columns(2)
    with left:
        chosen = _several(_("With whom"), therapists, wished, _("Any therapist"), f"{key}_therapists")
    with right:
        places = _several(_("Where"), sites, present.site_ids if present else (), _("Any site"), f"{key}_sites")
    mode = st.segmented_control(
        _("How (nothing chosen: any way)"),
        MODES,
        format_func=mode_name,
        default=present.mode if present else None,
        key=f"{key}_mode",
    )
    return {"therapist_ids": chosen, "site_ids": places, "mode": mode}


def _several(label: str, names: Mapping[int, str], wished: tuple[int, ...], nothing: str, key: str) -> tuple[int, ...]:
    chosen = st.multiselect(
        label,
        list(names),
        default=[one for one in wished if one in names],
        format_func=names.__getitem__,
        placeholder=nothing,
        key=key,
        select_all=False,
    )
    return tuple(chosen)


def _when(key: str, present: Entry | None) -> dict[str, Any]:
    days = waiting_words.weekdays()
    weekdays = st.pills(
        _("Weekdays (nothing chosen: any)"),
        list(days),
        selection_mode="multi",
        default=list(present.weekdays) if present else [],
        format_func=days.__getitem__,
        key=f"{key}_weekdays",
    )
    left, middle, right = st.columns(3)
    begins = left.time_input(_("Not before"), present.not_before if present else None, key=f"{key}_before")
    ends = middle.time_input(_("Until"), present.not_after if present else None, key=f"{key}_after")
    until = right.date_input(
        _("Waits until"), present.until_on if present else None, format="DD/MM/YYYY", key=f"{key}_until",
        min_value=None if present else formats.today(),
    )  # fmt: skip
    note = st.text_input(
        _("Note for the office"),
        (present.note or "") if present else "",
        max_chars=LONGEST_NOTE,
        key=f"{key}_note",
        help=_("Nothing clinical: everybody at the front desk reads it."),
    )
    return {
        "weekdays": tuple(weekdays),
        "not_before": begins,
        "not_after": ends,
        "until_on": until,
        "note": note,
    }
