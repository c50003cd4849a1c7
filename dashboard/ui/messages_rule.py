"""The practice's rule of messages: the ladder of reminders, the quiet hours, and whether anything is sent."""

from __future__ import annotations

from datetime import time

import streamlit as st

from dashboard.access.actor import Actor
from dashboard.messages import commands, queries
from dashboard.ui import messages_words, notice
from dashboard.ui.language import _

OFFERED = (336, 168, 120, 72, 48, 24, 12, 4, 2)


def show(actor: Actor) -> None:
    """Show the rule; the manager changes it."""
    rule = queries.rule(actor)
    may = actor.role == "manager"
    offered = sorted({*OFFERED, *rule.steps}, reverse=True)
    with st.form("messages_rule", border=True):
        is_on = st.toggle(_("Send messages"), value=rule.is_on, key="messages_on", disabled=not may)
        st.caption(
            _(
                "Patients who consented to be contacted get a confirmation when they are booked, reminders, and word of"
                " changes and cancellations; of a minor, the guardians with parental authority."
            )
        )
        steps = st.multiselect(
            _("Reminders before a session"),
            offered,
            default=list(rule.steps),
            format_func=messages_words.ahead,
            key="messages_steps",
            max_selections=commands.MOST_STEPS,
            disabled=not may,
        )
        with st.container(horizontal=True):
            begins = st.time_input(_("Quiet from"), rule.quiet_from, key="messages_from", disabled=not may)
            ends = st.time_input(_("until"), rule.quiet_until, key="messages_until", disabled=not may)
        st.caption(_("What would be due in quiet hours is sent when they end. The same hour twice: there are none."))
        if not may:
            st.caption(_("The manager changes this."))
        if st.form_submit_button(_("Save"), type="primary", key="messages_save", disabled=not may):
            commands.set_rule(actor, steps, _hour(begins), _hour(ends), is_on=is_on)
            notice.done(_("Saved. It holds for what is planned from now on."))


def _hour(value: time | None) -> time:
    return value or time(0, 0)
