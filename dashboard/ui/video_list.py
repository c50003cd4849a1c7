"""The online sessions ahead, and what each still lacks."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pandas as pd
import streamlit as st

from dashboard.access.actor import Actor
from dashboard.ui import exports, filters, formats, team_filters, video_words
from dashboard.ui.language import _, language, ngettext
from dashboard.ui.tables import Column, Here, table
from dashboard.video import queries, rules
from dashboard.video.rules import Session

PER_PAGE = 25


def show(actor: Actor) -> None:
    """List the online sessions ahead, the next first, with what each lacks."""
    _whether_links(actor)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        days = filters.choice("video_calls", "within", _("Period"), _periods()) or 7
        readiness = filters.choice("video_calls", "ready", _("Readiness"), _readiness(), everything=_("All sessions"))
        site_id = team_filters.site(actor, "video_calls")
        therapist_id = team_filters.therapist(actor, "video_calls", site_id)
        check_button()
    until = datetime.combine(formats.today() + timedelta(days=days), time.min, formats.zone())
    every = queries.sessions_ahead(actor, until, therapist_id=therapist_id, site_id=site_id)
    if sum(len(found.participants) for found in every) >= queries.MOST_ROWS:
        st.warning(_("Too many sessions to show all of them. Choose a therapist, a site or a shorter period."))
    chosen = [found for found in every if readiness is None or rules.is_ready(found) == (readiness == "ready")]
    _list(actor, chosen, is_narrowed=readiness is not None)


def check_button() -> None:
    """Lead to the test of camera, microphone, loudspeaker and connection, in the language of this session."""
    st.link_button(_("Test camera and sound"), f"/call_check?lang={language()}", icon=":material/videocam:")


def _whether_links(actor: Actor) -> None:
    """Say when nobody chose where calls are held: then there are no links."""
    if queries.providers(actor):
        return
    words = _("Nobody chose yet where calls are held, so that no session has a link.")
    hint = _("The manager chooses.")
    st.info(words if actor.role == "manager" else f"{words} {hint}", icon=":material/link_off:")


def _periods() -> dict[int, str]:
    return {7: _("Next 7 days"), 1: _("Today"), 14: _("Next 14 days"), 30: _("Next 30 days")}


def _readiness() -> dict[str, str]:
    return {"missing": _("Something is missing"), "ready": _("Ready")}


def _list(actor: Actor, sessions: list[Session], *, is_narrowed: bool) -> None:
    unready = sum(not rules.is_ready(found) for found in sessions)
    with st.container(horizontal=True, vertical_alignment="center"):
        total = ngettext("{total} online session", "{total} online sessions", len(sessions))
        said = [total.format(total=formats.number(len(sessions)))]
        if unready:
            said.append(ngettext("{total} not ready", "{total} not ready", unready).format(total=unready))
        st.markdown(f"**{' · '.join(said)}**", width="content")
        exports.csv_button(actor, _rows(sessions), "video-calls", "video_calls_csv")
    offset = filters.page_number("video_calls", len(sessions), PER_PAGE)
    columns = [
        Column("starts_at", _("When"), "moment"),
        Column("names", _("Patient")),
        *([] if actor.role == "therapist" else [Column("therapist", _("Therapist"))]),
        Column("lacks", _("What is missing"), width="large"),
    ]
    empty = _("No session matches. Choose another period or other filters.")
    table(
        _rows(sessions[offset : offset + PER_PAGE]),
        columns,
        key="video_calls_list",
        height="content",
        empty=empty
        if is_narrowed
        else _("No online session in this period. The agenda books one with the mode online."),
        opens=lambda row: Here({"appointment": int(row["appointment_id"])}),
    )


def _rows(sessions: list[Session]) -> pd.DataFrame:
    names = video_words.needs()
    columns = ["appointment_id", "starts_at", "names", "therapist", "lacks"]
    rows = [
        (
            found.id,
            found.starts_at,
            found.names,
            found.therapist_name,
            " · ".join(names[need] for need in rules.missing(found)) or _("Ready"),
        )
        for found in sessions
    ]
    return pd.DataFrame(rows, columns=columns)
