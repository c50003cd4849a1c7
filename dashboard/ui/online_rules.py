"""What is open to visitors: whether requests are taken at all, whose hours are offered, and each service's rules."""

from __future__ import annotations

import streamlit as st

from dashboard.access.actor import Actor
from dashboard.public_booking import commands, queries
from dashboard.public_booking.commands import ServiceRule
from dashboard.public_booking.queries import Opening, Rule
from dashboard.team import queries as team
from dashboard.ui import formats, notice
from dashboard.ui.errors import told
from dashboard.ui.language import _
from dashboard.ui.text import plain

KEY = "online_booking"


def admits_words() -> dict[str, str]:
    """Return whom a service is for, by code."""
    return {
        "anybody": _("Anybody"),
        "new": _("Who comes for the first time"),
        "known": _("Who has been here before"),
    }


def modes_words() -> dict[str, str]:
    """Return how a service is held, by code."""
    return {"in_person": _("In person"), "online": _("By video call"), "both": _("Either")}


def whether_open(opening: Opening) -> None:
    """Say plainly when nobody can ask for anything online, and why."""
    if not opening.is_on:
        st.info(
            _("Online booking is closed. The manager opens it under What is open."), icon=":material/event_available:"
        )
    elif not opening.is_mailed:
        said = (
            _("No mail server is set up: the page of this synthetic practice shows the link that a letter would hold.")
            if formats.practice().is_synthetic
            else _("No mail server is set up: a request cannot be confirmed by e-mail, so visitors find it closed.")
        )
        st.info(said, icon=":material/outgoing_mail:")


def show(actor: Actor) -> None:
    """Show what is open; the manager changes it."""
    may = actor.role == "manager"
    opening = queries.opening(actor)
    st.markdown(_("Address for your web page and your letters:"))
    st.code(opening.address, language=None)
    if not may:
        st.caption(_("The manager changes this."))
    with told():
        _opening(actor, opening, may=may)
        _therapists(actor, may=may)
    rules = queries.rules(actor)
    if not rules:
        st.info(_("There is no service yet. Services are added with the data of the team."), icon=":material/inbox:")
    for rule in rules:
        _service(actor, rule, may=may)


def _opening(actor: Actor, opening: Opening, *, may: bool) -> None:
    with st.form(f"{KEY}_opening", border=True):
        is_on = st.toggle(_("Take requests online"), value=opening.is_on, key=f"{KEY}_on", disabled=not may)
        with st.expander(_("Your own words about privacy")):
            st.caption(
                _("Left empty, the page says what holds for every practice: who, what for, how long, which rights.")
            )
            spanish, english = (
                st.text_area(label, value or "", key=f"{KEY}_privacy_{code}", disabled=not may, max_chars=8_000)
                for code, label, value in (
                    ("es", _("In Spanish"), opening.privacy_es),
                    ("en", _("In English"), opening.privacy_en),
                )
            )
        if st.form_submit_button(_("Save"), key=f"{KEY}_opening_save", type="primary", disabled=not may):
            commands.set_opening(actor, is_on=is_on, privacy_es=spanish, privacy_en=english)
            notice.done(_("Saved."))


def _therapists(actor: Actor, *, may: bool) -> None:
    names = {each.id: each.name for each in team.therapists(actor)}
    with st.form(f"{KEY}_therapists", border=True):
        chosen = st.multiselect(
            _("Whose free hours are offered"),
            list(names),
            default=[each for each in queries.open_therapists(actor) if each in names],
            format_func=lambda key: plain(names[key]),
            key=f"{KEY}_therapists_chosen",
            placeholder=_("Nobody's"),
            disabled=not may,
        )
        if st.form_submit_button(_("Save"), key=f"{KEY}_therapists_save", disabled=not may):
            commands.offer_therapists(actor, chosen)
            notice.done(_("Saved."))


def _service(actor: Actor, rule: Rule, *, may: bool) -> None:
    icon = ":material/event_available:" if rule.is_open else ":material/block:"
    state = _("open to visitors") if rule.is_open else _("closed to visitors")
    with st.expander(f"{plain(rule.name)} · {state}", icon=icon), told():
        _rule_form(actor, rule, f"{KEY}_{rule.service_id}", may=may)


def _rule_form(actor: Actor, rule: Rule, key: str, *, may: bool) -> None:
    off = not may
    with st.form(key, border=False):
        is_open = st.toggle(_("Open to visitors"), value=rule.is_open, key=f"{key}_open", disabled=off)
        whom, how = st.columns(2)
        admits = _choice(whom, _("For whom"), admits_words(), rule.admits, f"{key}_admits", off=off)
        modes = _choice(how, _("How"), modes_words(), rule.modes, f"{key}_modes", off=off)
        first, second, third = st.columns(3)
        notice_hours = first.number_input(
            _("Hours of notice"), 0, 720, rule.notice_hours, key=f"{key}_notice", disabled=off
        )
        horizon = second.number_input(_("Days ahead"), 1, 180, rule.horizon_days, key=f"{key}_horizon", disabled=off)
        change = third.number_input(
            _("Hours before, until when they may move and cancel it"),
            *(0, 336, rule.change_hours),
            key=f"{key}_change",
            disabled=off,
        )
        at_once = st.checkbox(
            _("Book at once, without looking at the request"), rule.is_approved_at_once, key=f"{key}_once", disabled=off
        )
        born = st.checkbox(_("Ask for the date of birth"), rule.asks_birth_date, key=f"{key}_born", disabled=off)
        if st.form_submit_button(_("Save"), key=f"{key}_save", disabled=off):
            made = ServiceRule(is_open, admits, modes, int(notice_hours), int(horizon), int(change), at_once, born)
            commands.set_rule(actor, rule.service_id, made)
            notice.done(_("Saved."))


def _choice(
    place: st.delta_generator.DeltaGenerator, label: str, words: dict[str, str], chosen: str, key: str, *, off: bool
) -> str:
    codes = list(words)
    picked: str = place.selectbox(
        label, codes, index=codes.index(chosen), format_func=words.__getitem__, key=key, disabled=off
    )
    return picked
