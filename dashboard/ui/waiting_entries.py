"""Who waits: the list in the order of offering, one entry with its wishes, and the form to add somebody."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from dashboard.access.actor import Actor
from dashboard.patients import search
from dashboard.team import queries as team
from dashboard.ui import (
    address,
    exports,
    filters,
    formats,
    notice,
    team_filters,
    waiting_form,
    waiting_log,
    waiting_words,
)
from dashboard.ui.errors import told
from dashboard.ui.language import _, ngettext
from dashboard.ui.navigation import page_file
from dashboard.ui.tables import Column, Here, table
from dashboard.ui.text import plain
from dashboard.waiting_list import commands, queries
from dashboard.waiting_list.queries import Entry, Filter

PER_PAGE = 25
MOST_ROWS = 10_000
MOST_FOUND = 20
KEY = "waiting_list_new"
OPEN = f"{KEY}_open"


def show(actor: Actor) -> None:
    """List who waits, or who no longer does."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        state = filters.choice(
            "waiting_list", "state", _("State"), {"waiting": _("Waiting"), "over": _("No longer waiting")}
        )
        urgency = filters.choice(
            "waiting_list", "urgency", _("Urgency"), waiting_words.urgencies(), everything=_("Any urgency")
        )
        services = {each.id: each.name for each in team.services(actor)}
        service = filters.choice("waiting_list", "service", _("Service"), services, everything=_("All services"))
        therapist = team_filters.therapist(actor, "waiting_list")
        if st.button(_("Put on the list"), key=f"{KEY}_button", type="primary", icon=":material/add:"):
            _open()
    wanted = Filter(state or "waiting", urgency, therapist, service)
    total = queries.entries_number(actor, wanted)
    with st.container(horizontal=True, vertical_alignment="center"):
        number = ngettext("{total} person", "{total} people", total).format(total=formats.number(total))
        st.markdown(f"**{number}**", width="content")
        if total:
            told_in_words = partial(_in_words, actor, wanted, MOST_ROWS, 0)
            exports.csv_button(actor, told_in_words, "waiting-list", "waiting_list_csv")
    offset = filters.page_number("waiting_list", total, PER_PAGE)
    table(
        _in_words(actor, wanted, PER_PAGE, offset),
        [
            Column("name", _("Patient")),
            Column("urgency", _("Urgency"), width=105),
            Column("waited", _("Waiting for"), width=100),
            Column("service", _("Service")),
            Column("wishes", _("Can come")),
            Column("state", _("State")),
        ],
        key="waiting_list_entries",
        height="content",
        empty=_("Nobody waits. Put somebody on the list when no hour suits them, and freed hours are offered to them."),
        opens=lambda row: Here({"entry": int(row["entry_id"])}),
    )


def _in_words(actor: Actor, wanted: Filter, limit: int, offset: int) -> pd.DataFrame:
    found = queries.entries(actor, wanted, limit=limit, offset=offset)
    therapists = {each.id: each.name for each in team.therapists(actor)}
    sites = {each.id: each.name for each in team.sites(actor)}
    urgencies, states = waiting_words.urgencies(), waiting_words.states()
    rows = found.astype(object).where(found.notna(), None).to_dict("records")
    return found.assign(
        wishes=[waiting_words.wishes(row, therapists, sites) for row in rows],
        waited=[waiting_words.waited(since) for since in found["since_on"]],
        urgency=found["urgency"].map(urgencies),
        state=[
            states[row["state"]]
            if row["offered_until"] is None
            else _("Offered until {moment}").format(moment=formats.moment(row["offered_until"]))
            for row in rows
        ],
    )[["entry_id", "patient_id", "number", "name", "urgency", "waited", "since_on", "service", "wishes", "state"]]


def one(actor: Actor, entry_id: int) -> None:
    """Show an entry with its form, what happened to it, and the way back."""
    if st.button(_("Back to the list"), key="waiting_list_back", icon=":material/arrow_back:", type="tertiary"):
        _leave()
    found = queries.entry(actor, entry_id)
    number = _("File {number}").format(number=found.number)
    st.page_link(
        page_file("patient_files"),
        label=f"{plain(found.name)} · {number}",
        icon=":material/folder_shared:",
        query_params={"patient": str(found.patient_id)},
    )
    since = _("On the list since {day}").format(day=formats.day(found.since_on))
    st.caption(f"{waiting_words.states()[found.state]} · {since}")
    if found.state == "waiting":
        _change(actor, found)
        _close(actor, found)
    elif st.button(_("Put back on the list"), key="waiting_list_reopen", icon=":material/undo:"):
        commands.reopen_entry(actor, found.id, version=found.version)
        notice.done(_("Back on the list, with the date that it had."))
    waiting_log.of_entry(actor, found.id)


def _leave() -> None:
    address.keep("entry", None)
    st.rerun()


def _change(actor: Actor, found: Entry) -> None:
    with st.form(f"waiting_list_form_{found.id}", border=True, enter_to_submit=False):
        wanted = waiting_form.fields(actor, f"waiting_list_{found.id}", found)
        is_sent = st.form_submit_button(_("Save"), type="primary", icon=":material/save:", disabled=wanted is None)
    if is_sent and wanted is not None:
        with told():
            commands.change_entry(actor, found.id, wanted, version=found.version)
            notice.done(_("Saved."))


def _close(actor: Actor, found: Entry) -> None:
    with st.expander(_("Take off the list"), icon=":material/person_remove:"):
        words = waiting_words.reasons()
        reason = st.selectbox(_("Why?"), list(words), format_func=words.__getitem__, key="waiting_list_reason")
        if st.button(_("Take off the list"), key="waiting_list_close", icon=":material/person_remove:"):
            with told():
                commands.close_entry(actor, found.id, reason, version=found.version)
                notice.done(_("Taken off the list. It can be put back."))


def _open() -> None:
    for name in [name for name in st.session_state if str(name).startswith(f"{KEY}_") and name != f"{KEY}_button"]:
        del st.session_state[name]
    st.session_state[OPEN] = True
    st.rerun()


def dialog(actor: Actor) -> None:
    """Show the form of a new entry over the page while it is open."""
    if st.session_state.get(OPEN):
        st.dialog(_("Put on the list"), width="large", on_dismiss=_forget)(_add)(actor)


def _forget() -> None:
    st.session_state.pop(OPEN, None)


def _add(actor: Actor) -> None:
    typed = st.text_input(_("Search"), key=f"{KEY}_search", placeholder=_("Name, number, telephone …"))
    rows = search.files_matching(actor, typed, limit=MOST_FOUND).to_dict("records") if typed else []
    known = {int(row["patient_id"]): f"{row['name']} · {row['number']}" for row in rows}
    if typed and not known:
        st.caption(_("No file matches."))
    if len(known) == 1:  # who alone was found is meant
        st.session_state[f"{KEY}_patient"] = next(iter(known))
    patient = st.selectbox(
        _("Who waits"),
        list(known),
        format_func=known.__getitem__,
        key=f"{KEY}_patient",
        placeholder=_("Search above, then choose here"),
    )
    with st.form(f"{KEY}_form", border=False, enter_to_submit=False):
        wanted = waiting_form.fields(actor, KEY, therapist_id=actor.therapist_id)
        is_sent = st.form_submit_button(_("Put on the list"), type="primary", icon=":material/save:")
    if is_sent and wanted is not None:
        with told():
            if patient is None:
                st.error(_("Choose who waits."), icon=":material/error:")
                return
            commands.add_entry(actor, patient, wanted)
            _forget()
            notice.done(_("On the list, as of today."))
