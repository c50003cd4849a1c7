"""Freed hours: which there are, who fits each, and offering one by one click."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.access.actor import Actor
from dashboard.ui import address, exports, formats, notice, team_filters, waiting_words
from dashboard.ui.agenda_words import mode_name
from dashboard.ui.errors import told
from dashboard.ui.language import _, ngettext
from dashboard.ui.navigation import page_file
from dashboard.ui.tables import Column, Here, table
from dashboard.ui.text import plain
from dashboard.waiting_list import commands, queries

MOST_NAMED = 12


def show(actor: Actor) -> None:
    """List the hours that were freed with enough notice, the next first."""
    therapist = team_filters.therapist(actor, "waiting_list")
    found = _in_words(queries.freed_hours(actor, therapist))
    with st.container(horizontal=True, vertical_alignment="center"):
        number = ngettext("{number} freed hour", "{number} freed hours", len(found))
        st.markdown(f"**{number.format(number=formats.number(len(found)))}**", width="content")
        exports.csv_button(actor, found, "freed-hours", "waiting_list_hours_csv")
    empty = _("No freed hour is ahead. Hours appear here when an appointment is cancelled with enough notice.")
    table(
        found,
        [
            Column("starts_at", _("When"), "moment"),
            Column("therapist", _("Therapist")),
            Column("service", _("Service")),
            Column("place", _("Where")),
            Column("fitting", _("Who fits"), "number", width="small"),
            Column("outcome", _("Offered before")),
        ],
        key="waiting_list_hours",
        height="content",
        empty=empty,
        opens=lambda row: Here({"hour": int(row["appointment_id"])}),
    )


def _in_words(found: pd.DataFrame) -> pd.DataFrame:
    words = waiting_words.happenings()
    return found.assign(
        place=[_place(row) for row in found.to_dict("records")],
        outcome=["" if formats.is_missing(code) else words[code] for code in found["outcome"]],
    )


def _place(row: Mapping[Any, Any]) -> str:
    room = None if formats.is_missing(row["room"]) else row["room"]
    return " · ".join(part for part in (row["site"], room or mode_name(row["mode"])) if part)


def one(actor: Actor, appointment_id: int) -> None:
    """Show a freed hour with who fits it, the best first; one click offers it."""
    if st.button(_("Back to the freed hours"), key="waiting_list_back", icon=":material/arrow_back:", type="tertiary"):
        _to("hours")
    hours = queries.freed_hours(actor)
    rows = hours[hours["appointment_id"] == appointment_id].to_dict("records")
    if not rows:
        st.info(
            _("This hour is not free any more, is offered already, or comes too soon to be offered."),
            icon=":material/event_busy:",
        )
        return
    [row] = rows
    st.subheader(f"{formats.moment(row['starts_at'])} – {formats.hour(row['ends_at'])}", anchor=False)
    st.markdown(f"**{plain(row['therapist'])}** · {plain(row['service'])} · {plain(_place(row))}")
    _people(actor, appointment_id)


def _people(actor: Actor, appointment_id: int) -> None:
    found = queries.fitting(actor, appointment_id)
    if found.empty:
        st.info(_("Nobody on the list can come then."), icon=":material/inbox:")
        st.page_link(page_file("waiting_list"), label=_("Who waits"), icon=":material/arrow_forward:")
        return
    rule = queries.rule(actor)
    st.caption(
        _("Kept free {hours} hours for each, for up to {turns} people one after the other.").format(
            hours=rule.answer_hours, turns=rule.turns
        )
    )
    if st.button(
        _("Offer it, beginning with the first"), key="waiting_list_offer", type="primary", icon=":material/send:"
    ):
        _offer(actor, appointment_id, None)
    for place, row in enumerate(found.head(MOST_NAMED).to_dict("records"), start=1):
        _person(actor, appointment_id, place, row)
    more = len(found) - MOST_NAMED
    if more > 0:
        st.caption(ngettext("and {number} more", "and {number} more", more).format(number=formats.number(more)))


def _person(actor: Actor, appointment_id: int, place: int, row: Mapping[Any, Any]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", border=True):
        facts = (
            waiting_words.urgencies()[row["urgency"]],
            waiting_words.waited(row["since_on"]),
            plain(row["service"]),
            mode_name(row["mode"]),
        )
        st.markdown(f"{place} · **{plain(row['name'])}** · " + " · ".join(facts), width="stretch")
        key = f"waiting_list_offer_{row['entry_id']}"
        if st.button(_("Offer to this person first"), key=key, type="tertiary"):
            _offer(actor, appointment_id, int(row["entry_id"]))


def _offer(actor: Actor, appointment_id: int, entry_id: int | None) -> None:
    with told():
        offered = commands.offer_hour(actor, appointment_id, entry_id)
        if offered is None:
            st.warning(_("Nobody on the list can have this hour now."), icon=":material/event_busy:")
            return
        address.keep("hour", None)
        address.keep("view", "offers")
        notice.done(_("Offered. The hour is kept free until the answer."))


def _to(view: str) -> None:
    address.keep("hour", None)
    address.keep("view", view)
    st.rerun()
