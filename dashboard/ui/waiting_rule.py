"""The practice's rule of offers: how many are asked, how long each has, how much notice, and whether by itself."""

from __future__ import annotations

import streamlit as st

from dashboard.access.actor import Actor
from dashboard.ui import notice
from dashboard.ui.errors import told
from dashboard.ui.language import _
from dashboard.waiting_list import commands, queries


def show(actor: Actor) -> None:
    """Show the rule; the manager changes it."""
    rule = queries.rule(actor)
    fixed = actor.role != "manager"
    with st.form("waiting_list_rule", border=True, enter_to_submit=False):
        left, right = st.columns(2)
        turns = left.number_input(
            _("People asked, one after the other"), 1, 20, rule.turns, key="waiting_list_turns", disabled=fixed
        )
        answer = right.number_input(
            _("Hours that each has to answer"), 1, 72, rule.answer_hours, key="waiting_list_answer", disabled=fixed
        )
        st.caption(_("Quiet hours do not count: who is written to at night has the time from the morning."))
        notice_hours = left.number_input(
            _("Hours of notice before the session"),
            2,
            168,
            rule.notice_hours,
            key="waiting_list_notice",
            disabled=fixed,
        )
        ahead = right.number_input(
            _("Days looked ahead"), 1, 90, rule.days_ahead, key="waiting_list_ahead", disabled=fixed
        )
        by_itself = st.toggle(
            _("Offer freed hours by themselves"), rule.is_automatic, key="waiting_list_automatic", disabled=fixed
        )
        st.caption(_("What is cancelled from then on is offered within a minute, without anybody at the front desk."))
        if fixed:
            st.caption(_("The manager changes this."))
        is_sent = st.form_submit_button(_("Save"), type="primary", key="waiting_list_save", disabled=fixed)
    if is_sent:
        with told():
            commands.set_rule(
                actor, turns=turns, answer_hours=answer, notice_hours=notice_hours, days_ahead=ahead,
                is_automatic=by_itself,
            )  # fmt: skip
            notice.done(_("Saved."))
