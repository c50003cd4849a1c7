"""The consents of one file: what it needs, what was asked and signed, and every attempt to obtain the rest."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Literal

import pandas as pd
import streamlit as st

from dashboard.access.actor import Actor
from dashboard.consent import commands, queries
from dashboard.patients import queries as patients
from dashboard.ui import address, consent_sign, formats, notice, words
from dashboard.ui.consent_lists import signers
from dashboard.ui.errors import told
from dashboard.ui.language import _
from dashboard.ui.navigation import page_file
from dashboard.ui.tables import Column, Here, table
from dashboard.ui.text import plain

COLOURS: dict[str, Literal["red", "green"]] = {
    "valid": "green",
    "conflict": "red",
    "declined": "red",
    "withdrawn": "red",
}


def show(actor: Actor, patient_id: int, consent_id: int | None) -> None:
    """Show the consents of a file, and one of them when it is chosen."""
    file = patients.patient_file(actor, patient_id)
    if st.button(_("Back to the list"), key="consents_back", icon=":material/arrow_back:", type="tertiary"):
        address.keep("patient", None)
        address.keep("consent", None)
        st.rerun()
    number = _("File {number}").format(number=file.number)
    st.page_link(
        page_file("patient_files"),
        label=f"{plain(file.name)} · {number}",
        icon=":material/folder_shared:",
        query_params={"patient": str(patient_id)},
    )
    left, right = st.columns([3, 2], gap="large")
    with left:
        _needed(actor, patient_id, consent_id)
        if consent_id is not None:
            consent_sign.show(actor, patient_id, consent_id)
        _request_another(actor, patient_id)
    with right:
        _asked(actor, patient_id)
        _attempts(actor, patient_id)


def _heading(title: str) -> None:
    st.markdown(f"##### {title}")


def _needed(actor: Actor, patient_id: int, chosen: int | None) -> None:
    found = queries.consents_needed(actor, patient_id)
    if found.empty:
        st.caption(_("Only files of waiting and active patients need consents."))
        return
    names = queries.signer_names(actor, [patient_id])
    _heading(_("What this file needs"))
    for row in found.to_dict("records"):
        with st.container(border=True, horizontal=True, vertical_alignment="center", gap="medium"):
            with st.container(gap=None):
                st.markdown(f"**{words.consent_kinds()[row['kind']]}**")
                st.caption(_details(row, names))
            st.badge(words.consent_statuses()[row["status"]], color=COLOURS.get(row["status"], "orange"))
            _offer(actor, patient_id, row, chosen)


def _details(row: dict[Hashable, Any], names: dict[int, str]) -> str:
    """Return what is worth knowing beside a consent's status."""
    if row["is_valid"]:
        signed = _("Signed {day}").format(day=formats.day(row["signed_on"]))
        if pd.isna(row["valid_until"]):
            return signed
        until = _("valid until {day}").format(day=formats.day(row["valid_until"]))
        return f"{signed} · {until}"
    facts = []
    if missing := signers(row["missing_signers"], names):
        facts.append(_("Must sign: {names}").format(names=plain(missing)))
    if not pd.isna(row["next_session_at"]):
        facts.append(_("next session {moment}").format(moment=formats.moment(row["next_session_at"])))
    return " · ".join(facts)


def _offer(actor: Actor, patient_id: int, row: dict[Hashable, Any], chosen: int | None) -> None:
    """Offer to open what was asked, or to ask for what no open consent covers."""
    consent_id = None if pd.isna(row["consent_id"]) else int(row["consent_id"])
    if row["is_valid"] or (consent_id is not None and queries.consent_form(actor, consent_id).is_open):
        if consent_id != chosen and st.button(_("Show"), key=f"consents_open_{row['kind']}"):
            address.keep("consent", consent_id)
            st.rerun()
        return
    if st.button(_("Request"), key=f"consents_request_{row['kind']}", type="primary"):
        _request(actor, patient_id, row["kind"])


def _request(actor: Actor, patient_id: int, kind: str) -> None:
    with told():
        address.keep("consent", commands.request_consent(actor, patient_id, kind))
        notice.done(_("Requested. Record here who signs."))


def _request_another(actor: Actor, patient_id: int) -> None:
    with st.popover(_("Request another consent"), icon=":material/add:"):
        kinds = words.consent_kinds()
        kind = st.selectbox(_("Consent"), list(kinds), format_func=kinds.__getitem__, key="consents_another_kind")
        if st.button(_("Request it"), key="consents_another", type="primary"):
            _request(actor, patient_id, kind)


def _asked(actor: Actor, patient_id: int) -> None:
    found = queries.consents_of_file(actor, patient_id)
    _heading(_("All consents of this file"))
    table(
        found.assign(
            kind=found["kind"].map(words.consent_kinds()),
            state=found["state"].map(words.consent_states()),
            until=found["ended_on"].fillna(found["valid_until"]),
        ),
        [
            Column("kind", _("Consent")),
            Column("state", _("State")),
            Column("requested_on", _("Requested on"), "day"),
            Column("signed_on", _("Signed"), "day"),
            Column("until", _("Until"), "day"),
        ],
        key=f"consents_asked_{address.parameter('consent')}",
        empty=_("Nothing was requested yet."),
        opens=lambda row: Here({"consent": int(row["consent_id"])}),
    )


def _attempts(actor: Actor, patient_id: int) -> None:
    _heading(_("Attempts"))
    with st.popover(_("Note an attempt"), icon=":material/call:"):
        _attempt_form(actor, patient_id)
    found = queries.attempts(actor, patient_id)
    table(
        found.assign(
            kind=found["kind"].map(words.consent_kinds()),
            channel=found["channel"].map(words.channels()),
            outcome=found["outcome"].map(words.outcomes()),
        ),
        [
            Column("attempted_at", _("When"), "day"),
            Column("kind", _("Consent")),
            Column("channel", _("How")),
            Column("outcome", _("Outcome")),
            Column("by", _("Who")),
        ],
        key="consents_attempts",
        empty=_("No attempt was noted yet."),
    )


def _attempt_form(actor: Actor, patient_id: int) -> None:
    with st.form("consents_attempt", border=False, clear_on_submit=True):
        kind, channel, outcome = (
            st.selectbox(title, list(options), format_func=options.__getitem__, key=f"consents_attempt_{name}")
            for name, title, options in (
                ("kind", _("Consent"), words.consent_kinds()),
                ("channel", _("How"), words.channels()),
                ("outcome", _("Outcome"), words.outcomes()),
            )
        )
        if st.form_submit_button(_("Save the attempt"), type="primary"):
            with told():
                commands.log_attempt(actor, patient_id, kind, channel, outcome)
                notice.done(_("The attempt is noted."))
