"""The lists of messages: what waits, what went out, what did not."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from dashboard import mail
from dashboard.access.actor import Actor
from dashboard.messages import queries
from dashboard.messages.queries import Filter, Rule
from dashboard.ui import exports, filters, formats, messages_words, team_filters
from dashboard.ui.language import _, ngettext
from dashboard.ui.tables import Column, Here, table

PER_PAGE = 25
MOST_ROWS = 10_000


def whether_sent(rule: Rule) -> None:
    """Say plainly when nothing is sent, and why."""
    if not mail.is_set_up():
        st.info(
            _("No mail server is set up: nothing is sent. This is what would be."),
            icon=":material/outgoing_mail:",
        )
    elif not rule.is_on:
        st.info(
            _("Sending is off: nothing is sent. This is what would be. The manager turns it on."),
            icon=":material/outgoing_mail:",
        )


def outbox(actor: Actor) -> None:
    """List what waits, the next first."""
    columns = [
        Column("due_at", _("To be sent"), "moment"),
        Column("name", _("Patient")),
        Column("what", _("Message")),
        Column("starts_at", _("Appointment"), "moment"),
        Column("fate", _("State"), width="large"),
    ]
    empty = _("Nothing waits. Messages appear here when an appointment of the next days has one to come.")
    _listed(actor, "outbox", columns, empty)


def sent(actor: Actor) -> None:
    """List what went out, the latest first."""
    columns = [
        Column("sent_at", _("When"), "moment"),
        Column("name", _("Patient")),
        Column("what", _("Message")),
        Column("starts_at", _("Appointment"), "moment"),
        Column("fate", _("State")),
    ]
    _listed(actor, "sent", columns, _("Nothing was sent yet."))


def unsent(actor: Actor) -> None:
    """List what failed, lapsed or was not to be sent, the latest first."""
    columns = [
        Column("due_at", _("Was due"), "moment"),
        Column("name", _("Patient")),
        Column("what", _("Message")),
        Column("starts_at", _("Appointment"), "moment"),
        Column("fate", _("What happened"), width="large"),
    ]
    _listed(actor, "unsent", columns, _("Nothing failed."))


def _listed(actor: Actor, view: str, columns: list[Column], empty: str) -> None:
    with st.container(horizontal=True):
        kind = filters.choice("messages", "kind", _("Message"), messages_words.kinds(), everything=_("All kinds"))
        wanted = Filter(kind, team_filters.site(actor, "messages"))
    total = queries.messages_number(actor, view, wanted)
    with st.container(horizontal=True, vertical_alignment="center"):
        number = ngettext("{total} message", "{total} messages", total).format(total=formats.number(total))
        st.markdown(f"**{number}**", width="content")
        if total:
            everything = partial(_in_words, actor, view, wanted, MOST_ROWS, 0)
            exports.csv_button(actor, everything, f"messages-{view}", f"messages_{view}_csv")
    offset = filters.page_number("messages", total, PER_PAGE)
    table(
        _in_words(actor, view, wanted, PER_PAGE, offset),
        columns,
        key=f"messages_{view}",
        height="content",
        empty=empty,
        opens=lambda row: Here({"message": int(row["message_id"])}),
    )


def _in_words(actor: Actor, view: str, wanted: Filter, limit: int, offset: int) -> pd.DataFrame:
    found = queries.messages(actor, view, wanted, limit=limit, offset=offset)
    names = zip(found["name"], found["guardian"], strict=True)
    fates = zip(found["state"], found["reason"], found["error"], strict=True)
    return found.assign(
        name=[name if formats.is_missing(guardian) else f"{name} ({guardian})" for name, guardian in names],
        what=[messages_words.what(kind, step) for kind, step in zip(found["kind"], found["step"], strict=True)],
        fate=[messages_words.fate(*fate) for fate in fates],
    ).drop(columns=["guardian", "kind", "step", "state", "reason", "error"])
