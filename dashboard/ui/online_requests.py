"""Requests of visitors: the list of those that wait, and one of them, which is accepted for a file or declined."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.access.actor import Actor
from dashboard.patients import duplicates, search
from dashboard.public_booking import commands, queries
from dashboard.public_booking.queries import Asked
from dashboard.ui import address, exports, formats, notice
from dashboard.ui.agenda_words import mode_name
from dashboard.ui.errors import told
from dashboard.ui.file_duplicates import because
from dashboard.ui.language import _, ngettext
from dashboard.ui.tables import Column, Here, table
from dashboard.ui.text import plain

KEY = "online_booking"
MOST_FOUND = 10


def states() -> dict[str, str]:
    """Return the words of each state by code."""
    return {
        "asked": _("To be decided"),
        "booked": _("Booked"),
        "declined": _("Declined"),
        "withdrawn": _("Withdrawn by the visitor"),
        "cancelled": _("Cancelled"),
        "lapsed": _("Lapsed"),
    }


def letters() -> dict[str, str]:
    """Return the words of how far the last letter to a visitor has come, by code."""
    return {
        "planned": _("Waits to be sent"),
        "sending": _("Is being sent"),
        "sent": _("Sent"),
        "failed": _("Not sent: call them"),
        "lapsed": _("No longer needed"),
    }


def waiting(actor: Actor) -> None:
    """List the requests to decide about, the nearest hour first."""
    found = queries.requests_waiting(actor)
    empty = _("No request waits. They appear here once a visitor has confirmed one by e-mail.")
    _listed(actor, found, queries.requests_waiting, "requests", empty, opens=True)


def decided(actor: Actor) -> None:
    """List what became of the requests, the latest first."""
    found = queries.requests_decided(actor)
    _listed(actor, found, queries.requests_decided, "decided", _("Nothing was decided in the last month."), opens=False)


def _listed(actor: Actor, found: pd.DataFrame, asked: Any, name: str, empty: str, *, opens: bool) -> None:
    if not found.empty:
        with st.container(horizontal=True, vertical_alignment="center"):
            number = ngettext("{total} request", "{total} requests", len(found)).format(total=len(found))
            st.markdown(f"**{number}**", width="content")
            taken_out = partial(_taken_out, actor, asked)
            exports.csv_button(actor, taken_out, f"online-{name}", f"{KEY}_{name}_csv")
    columns = [
        Column("starts_at", _("Appointment"), "moment"),
        Column("name", _("Visitor")),
        Column("known", _("Says")),
        Column("service", _("Service")),
        Column("therapist", _("Therapist")),
        Column("mode", _("How")),
        Column("state", _("State")),
        Column("letter", _("Last letter")),
    ]
    table(
        _in_words(found),
        columns,
        key=f"{KEY}_{name}",
        height="content",
        empty=empty,
        opens=(lambda row: Here({"request": int(row["request_id"])})) if opens else None,
    )


def _taken_out(actor: Actor, asked: Any) -> pd.DataFrame:
    return _in_words(asked(actor))


def _in_words(found: pd.DataFrame) -> pd.DataFrame:
    said = {True: _("Has been here"), False: _("First time")}
    state_words = states()
    return found.assign(
        known=[said.get(known, "–") for known in found["is_known"]],
        mode=[mode_name(mode) for mode in found["mode"]],
        state=[state_words.get(state, state) for state in found["state"]],
        letter=[letters().get(letter, "–") for letter in found["letter"]],
    ).drop(columns=["is_known", "patient_id"])


def show(actor: Actor, request_id: int) -> None:
    """Show a request and what can be decided about it."""
    if st.button(_("Back to the list"), key=f"{KEY}_back", icon=":material/arrow_back:", type="tertiary"):
        _close()
        st.rerun()
    asked = queries.request(actor, request_id)
    with st.container(border=True):
        _facts(asked)
        if st.button(_("Decline"), key=f"{KEY}_decline", icon=":material/block:"):
            with told():
                commands.decline(actor, asked)
                _done(_("Declined: the hour is free again, and the visitor is told."))
    with st.container(border=True):
        _whose(actor, asked)


def _facts(asked: Asked) -> None:
    name = plain(f"{asked.given_name} {asked.surnames}")
    said = _("has been here before") if asked.is_known else _("comes for the first time")
    st.markdown(f"**{name}** · {said}")
    st.markdown(
        f"{formats.moment(asked.starts_at)} · {plain(asked.service)} · {plain(asked.therapist)}"
        f" · {mode_name(asked.mode)}, {plain(asked.site)}"
    )
    facts = [plain(asked.email), plain(asked.telephone)]
    if asked.birth_date:
        facts.append(_("born {day}").format(day=formats.day(asked.birth_date)))
    st.caption(" · ".join(facts))
    if asked.state == "booked":
        st.caption(_("The hour is booked already, as the service's rule has it. It still needs a file."))


def _whose(actor: Actor, asked: Asked) -> None:
    """Ask whose request it is: a file that looks like it, another, or a new one."""
    st.markdown("**" + _("Whose request is it?") + "**")
    found = duplicates.likely_duplicates(actor, _fields(asked))
    for each in found:
        with st.container(horizontal=True, vertical_alignment="center"):
            born = formats.day(each.file.birth_date) if each.file.birth_date else "–"
            st.markdown(
                _("{name}, file {number}, born {day}. In common: {reasons}.").format(
                    name=f"**{plain(each.file.name)}**",
                    number=each.file.number,
                    day=born,
                    reasons=because(each.likeness),
                ),
                width="stretch",
            )
            _accept_button(actor, asked, each.file.patient_id, _("It is this person"), is_first=each is found[0])
    _another(actor, asked)
    if not found:
        st.caption(_("No file looks like this person's."))
    label = _("Open a new file and accept")
    if st.button(label, key=f"{KEY}_new", type="secondary" if found else "primary", icon=":material/person_add:"):
        _accept(actor, asked, None)


def _another(actor: Actor, asked: Asked) -> None:
    typed = st.text_input(_("Look for another file"), key=f"{KEY}_search", placeholder=_("Name, number, telephone …"))
    if not typed:
        return
    rows = search.files_matching(actor, typed, limit=MOST_FOUND)
    if rows.empty:
        st.caption(_("No file matches."))
    for row in rows.to_dict("records"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"{plain(row['name'])} · {row['number']}", width="stretch")
            _accept_button(actor, asked, int(row["patient_id"]), _("It is this person"), is_first=False)


def _accept_button(actor: Actor, asked: Asked, patient_id: int, label: str, *, is_first: bool) -> None:
    kind: Any = "primary" if is_first else "secondary"
    if st.button(label, key=f"{KEY}_file_{patient_id}_{is_first}", type=kind):
        _accept(actor, asked, patient_id)


def _accept(actor: Actor, asked: Asked, patient_id: int | None) -> None:
    with told():
        commands.approve(actor, asked, patient_id)
        _done(_("Accepted: it is booked, and the visitor is told."))


def _fields(asked: Asked) -> dict[str, Any]:
    return {
        "given_name": asked.given_name,
        "surname_1": asked.surnames,
        "email": asked.email,
        "telephone": asked.telephone,
        "birth_date": asked.birth_date,
    }


def _close() -> None:
    address.keep("request", None)


def _done(words: str) -> None:
    _close()
    notice.done(words)
