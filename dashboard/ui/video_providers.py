"""Where calls are held: for everybody, and for a therapist who holds them elsewhere."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.access.actor import Actor
from dashboard.team import queries as team
from dashboard.ui import notice, video_words
from dashboard.ui.errors import told
from dashboard.ui.language import _, ngettext
from dashboard.ui.tables import Column, table
from dashboard.video import commands, queries

NONE = "none"


def show(actor: Actor) -> None:
    """Show where calls are held; the manager chooses."""
    found = queries.providers(actor)
    ways = video_words.ways()
    rows = [(one.therapist_name or _("Everybody else"), ways[one.kind], one.address) for one in found]
    table(
        pd.DataFrame(rows, columns=["who", "way", "address"]),
        [
            Column("who", _("Of whom")),
            Column("way", _("How"), width="medium"),
            Column("address", _("Address"), width="large"),
        ],
        key="video_calls_providers",
        height="content",
        empty=_("Nobody chose yet where calls are held. Until then online sessions have no link."),
    )
    st.caption(
        _(
            "The dashboard connects to no provider: it makes the address, and people open it. A room has a random name"
            " with nothing of the patient in it."
        )
    )
    if actor.role == "manager":
        _form(actor)
    else:
        st.caption(_("The manager changes this."))


def _form(actor: Actor) -> None:
    names = {0: _("Everybody else"), **{one.id: one.name for one in team.therapists(actor)}}
    ways = {**video_words.ways(), NONE: _("As everybody else, or nowhere")}
    with st.form("video_calls_provider", border=True):
        with st.container(horizontal=True):
            who = st.selectbox(_("Of whom"), list(names), format_func=names.__getitem__, key="video_calls_of")
            kind = st.selectbox(_("How"), list(ways), format_func=ways.__getitem__, key="video_calls_kind")
        typed = st.text_input(
            _("Address"),
            placeholder=commands.BEGINS,
            max_chars=commands.LONGEST_ADDRESS,
            key="video_calls_address_of",
            help=_("At another provider, {room} stands where the name of the room belongs."),
        )
        is_renewed = st.toggle(_("Also give every session ahead another link"), key="video_calls_renewed")
        st.caption(_("Otherwise sessions that have a link keep it. Who was sent a link is sent the new one."))
        if st.form_submit_button(_("Save"), type="primary", key="video_calls_hold"):
            with told():
                _save(actor, who or None, kind, typed, is_renewed=is_renewed)


def _save(actor: Actor, therapist_id: int | None, kind: str, typed: str, *, is_renewed: bool) -> None:
    if kind == NONE:
        commands.hold_no_calls(actor, therapist_id)
        notice.done(_("Saved. Sessions that have a link keep it."))
        return
    made = commands.hold_calls(actor, therapist_id, kind, typed, is_renewed=is_renewed)
    words = ngettext("Saved. {number} session got a link.", "Saved. {number} sessions got a link.", made)
    notice.done(words.format(number=made))
