"""Logging training, and deciding on what was logged."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import streamlit as st

from dashboard.access.actor import Actor
from dashboard.training import commands, queries
from dashboard.training.commands import LONGEST_TEXT, Training
from dashboard.training.queries import Entry
from dashboard.ui import errors, filters, formats, notice
from dashboard.ui.language import _, ngettext
from dashboard.ui.text import plain
from dashboard.ui.training_words import kinds, modes, topics

KEY = "training_key"
PER_PAGE = 25


def log_button(actor: Actor, therapist_id: int) -> None:
    """Offer to log training."""
    if st.button(_("Log training"), key="training_log", type="primary", icon=":material/add:"):
        st.session_state[KEY] = uuid4().hex
        st.dialog(_("Log training"), width="medium")(_log)(actor, therapist_id)


def _log(actor: Actor, therapist_id: int) -> None:
    with st.form("training_log_form", border=False, enter_to_submit=False):
        training = _fields("log")
        file = st.file_uploader(
            _("Certificate (PDF or picture, 10 MB at most)"),
            type=["pdf", "png", "jpg", "jpeg"],
            max_upload_size=10,
            key="training_file",
        )
        st.caption(_("The file itself is not kept, only its fingerprint: keep the original."))
        if st.form_submit_button(_("Save"), type="primary", icon=":material/save:"):
            with errors.told():
                commands.log_training(
                    actor,
                    therapist_id=therapist_id,
                    **training,
                    certificate=file.getvalue() if file else None,
                    idempotency_key=st.session_state[KEY],
                )
                notice.done(_("The training is logged. Its hours count once it is approved."))


def _fields(form: str, entry: Entry | None = None) -> dict[str, Any]:
    """Ask what was done; return it by the names of the command."""
    title = st.text_input(
        _("Title"), value=entry.title if entry else "", max_chars=LONGEST_TEXT, key=f"training_{form}_title"
    )
    provider = st.text_input(
        _("Provider"),
        value=(entry.provider or "") if entry else "",
        max_chars=LONGEST_TEXT,
        key=f"training_{form}_provider",
    )
    kind_place, topic_place = st.columns(2)
    mode_place, hours_place = st.columns(2)
    with kind_place:
        kind = _code(form, "kind", _("Kind"), kinds(), entry.kind if entry else None)
    with topic_place:
        topic = _code(form, "topic", _("Topic"), topics(), entry.topic if entry else None)
    with mode_place:
        mode = _code(form, "mode", _("Mode"), modes(), entry.mode if entry else None)
    with hours_place:
        hours = _hours(form, entry)
    from_place, to_place = st.columns(2)
    with from_place:
        started = _day(form, "started", _("From"), entry.started_on if entry else None)
    with to_place:
        ended = _day(form, "ended", _("To"), entry.ended_on if entry else None)
    said = {"title": title, "provider": provider or None, "kind": kind, "topic": topic, "mode": mode}
    return {**said, "hours": hours, "started_on": started, "ended_on": ended}


def _hours(form: str, entry: Entry | None) -> Decimal:
    hours = st.number_input(
        _("Hours"),
        min_value=0.0,
        max_value=2000.0,
        value=float(entry.hours) if entry else 0.0,
        step=0.5,
        format="%.2f",
        key=f"training_{form}_hours",
    )
    return Decimal(str(round(hours, 2)))


def _day(form: str, name: str, label: str, present: date | None) -> date:
    today = formats.today()
    return st.date_input(
        label, value=present or today, max_value=today, format="DD/MM/YYYY", key=f"training_{form}_{name}"
    )


def _code(form: str, name: str, label: str, words: dict[str, str], present: str | None) -> str:
    codes = list(words)
    index = codes.index(present) if present in codes else 0
    return st.selectbox(label, codes, index=index, format_func=words.__getitem__, key=f"training_{form}_{name}")


def waiting(actor: Actor, therapist_id: int | None = None) -> None:
    """List what nobody decided on: the manager approves or rejects, whoever logged it may still change it."""
    found = [
        entry for entry in queries.entries_waiting(actor) if therapist_id is None or entry.therapist_id == therapist_id
    ]
    if not found:
        st.caption(_("Nothing waits for approval."))
        return
    words = ngettext("{number} entry waits for approval", "{number} entries wait for approval", len(found))
    st.markdown(f"**{words.format(number=formats.number(len(found)))}**")
    offset = filters.page_number("training", len(found), PER_PAGE)
    for entry in found[offset : offset + PER_PAGE]:
        _waiting_row(actor, entry, therapist_is_named=therapist_id is None)


def _waiting_row(actor: Actor, entry: Entry, *, therapist_is_named: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"training_row_{entry.id}"):
        with st.container(width=520, gap=None):
            st.markdown(f"{plain(entry.title)} · **{formats.number(entry.hours, 2)} h**")
            certificate = _("with certificate") if entry.has_certificate else _("without certificate")
            name = (entry.therapist_name,) if therapist_is_named else ()
            said = (*name, kinds()[entry.kind], topics()[entry.topic], formats.day(entry.ended_on))
            st.caption(plain(" · ".join((*said, certificate))))
        if actor.role == "manager":
            if st.button(_("Approve"), key=f"training_approve_{entry.id}", icon=":material/check:"):
                with errors.told():
                    commands.approve_entry(actor, entry.id, entry.version)
                    notice.done(_("Approved: the hours count now."))
            if st.button(_("Reject"), key=f"training_reject_{entry.id}", type="tertiary"):
                with errors.told():
                    commands.reject_entry(actor, entry.id, entry.version)
                    notice.done(_("Rejected: the entry stays on record and does not count."))
        else:
            _own_entry(actor, entry)


def _own_entry(actor: Actor, entry: Entry) -> None:
    if st.button(_("Edit"), key=f"training_edit_{entry.id}", icon=":material/edit:", type="tertiary"):
        st.dialog(_("Edit training"), width="medium")(_edit)(actor, entry)
    with st.popover(_("Withdraw"), type="tertiary", key=f"training_withdraw_{entry.id}"):
        st.write(_("The entry is removed. It can be logged again."))
        if st.button(_("Remove it"), key=f"training_remove_{entry.id}"):
            with errors.told():
                commands.withdraw_training(actor, entry.id, entry.version)
                notice.done(_("The entry is withdrawn."))


def _edit(actor: Actor, entry: Entry) -> None:
    with st.form("training_edit_form", border=False, enter_to_submit=False):
        training = _fields(f"edit_{entry.id}_{entry.version}", entry)
        if st.form_submit_button(_("Save"), type="primary", icon=":material/save:"):
            with errors.told():
                commands.edit_training(actor, entry.id, entry.version, Training(**training))
                notice.done(_("The entry is changed."))
