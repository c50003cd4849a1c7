"""Sessions that were changed in a calendar elsewhere: to be done here too, or put back there."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd
import streamlit as st

from dashboard.access.actor import Actor
from dashboard.agenda.free_hours import NotFreeError, Obstacle
from dashboard.linked import commands, queries
from dashboard.linked.queries import Proposal
from dashboard.ui import agenda_obstacles, formats, notice
from dashboard.ui.errors import told
from dashboard.ui.exports import csv_button
from dashboard.ui.language import _, ngettext
from dashboard.ui.text import plain

REFUSED = "account_proposal_refused"
SHOWN = 20


def show(actor: Actor) -> None:
    """Show what is to be decided, the next session first; nothing when there is nothing."""
    found = queries.proposals(actor)
    if not found:
        return
    words = ngettext(
        "{count} session was changed in your calendar. Nothing was changed here.",
        "{count} sessions were changed in your calendar. Nothing was changed here.",
        len(found),
    )
    st.warning(words.format(count=formats.number(len(found))), icon=":material/rule:")
    for one in found[:SHOWN]:
        with st.container(border=True, key=f"account_proposal_{one.id}"):
            _one(actor, one)
    with st.container(horizontal=True, gap="small"):
        if len(found) > 1:
            _all(actor, found)
        csv_button(actor, _frame(found), "linked_proposals", "account_proposals_csv")


def _one(actor: Actor, one: Proposal) -> None:
    st.markdown(_line(one))
    refused = st.session_state.get(REFUSED, {}).get(one.id)
    if refused:
        agenda_obstacles.show(actor, refused)
    with st.container(horizontal=True, gap="small"):
        _accept(actor, one, refused)
        if st.button(_("Put it back there"), key=f"account_proposal_reject_{one.id}"):
            with told():
                commands.reject(actor, one.id)
                notice.done(_("The session is put back in your calendar within a minute or two."))


def _line(one: Proposal) -> str:
    name = plain(one.calendar)
    if one.starts_at is not None and one.ends_at is not None:
        what = _("Moved in {name} to {moment}–{end}.").format(
            name=name, moment=formats.moment(one.starts_at), end=formats.hour(one.ends_at)
        )
    elif one.kind == "cancel":
        what = _("Taken out of {name}.").format(name=name)
    else:
        what = _("Changed in {name} so that it is no longer one session at one time.").format(name=name)
    here = _("It was moved here too since it was written there.") if one.is_changed_here else ""
    when = f"{formats.moment(one.present_from)}–{formats.hour(one.present_until)}"
    return f"**{plain(one.patients)}** · {when}  \n{what} {here}".rstrip()


def _accept(actor: Actor, one: Proposal, refused: list[Obstacle] | None) -> None:
    """Offer to do the same here; over rules of the agenda only once they were read."""
    key = f"account_proposal_accept_{one.id}"
    if one.kind == "move":
        may_override = bool(refused) and all(each.may_override for each in refused or ())
        words = _("Move all the same") if may_override else _("Move the session here too")
        if st.button(words, key=key):
            overriding = {each.kind for each in refused or ()} if may_override else ()
            _try(actor, one, _("The session was moved."), overriding)
    elif one.kind == "cancel":
        with st.popover(_("Cancel the session here too"), key=f"{key}_sure"):
            st.markdown(_("It is cancelled in your name. Who is to be told is told as by any cancellation."))
            if st.button(_("Cancel the session"), key=key, type="primary"):
                _try(actor, one, _("The session was cancelled."))


def _try(actor: Actor, one: Proposal, done: str, overriding: Collection[str] = ()) -> None:
    with told():
        try:
            commands.accept(actor, one.id, version=one.version, overriding=overriding)
        except NotFreeError as refused:
            st.session_state[REFUSED] = {one.id: refused.obstacles}
            st.rerun()
        st.session_state.pop(REFUSED, None)
        notice.done(done)


def _all(actor: Actor, found: list[Proposal]) -> None:
    with st.popover(_("Put all back there"), key="account_proposals_all"):
        st.markdown(_("Every session stands in your calendar again as it is here."))
        if st.button(_("Put all of them back"), key="account_proposals_all_do", type="primary"):
            with told():
                commands.reject(actor, *(one.id for one in found))
                notice.done(_("The sessions are put back in your calendar within a minute or two."))


def _frame(found: list[Proposal]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "session": [one.present_from for one in found],
            "patients": [one.patients for one in found],
            "calendar": [one.calendar for one in found],
            "change": [one.kind for one in found],
            "moved_to": [one.starts_at for one in found],
        }
    )
