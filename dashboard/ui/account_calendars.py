"""Calendars of others: addresses under which theirs read ours, and when a therapist is busy by theirs."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.access.actor import Actor
from dashboard.calendars import commands, fetching, queries
from dashboard.calendars.codes import SENTENCES, CalendarRefusedError, Code
from dashboard.calendars.commands import TakenIn
from dashboard.calendars.components import MOST_BYTES
from dashboard.calendars.models import LONGEST_NAME, SHOWS
from dashboard.calendars.queries import BroughtIn, Conflict, FeedFact
from dashboard.config import settings
from dashboard.team import queries as team
from dashboard.ui import account_linked, formats, notice
from dashboard.ui.errors import told
from dashboard.ui.exports import csv_button
from dashboard.ui.language import _, language, ngettext
from dashboard.ui.tables import Column, Link, table
from dashboard.ui.text import plain

MADE = "account_feed_made"
TAKEN_IN = "account_calendar_taken_in"
NOTED = {Code.NO_UID, Code.OCCURRENCES_CUT, Code.HOUR_SKIPPED, Code.HOUR_TWICE}
"""These events were read, and something about them is told."""
TAKE_NO_TIME = {Code.CANCELLED, Code.TRANSPARENT, Code.INVITATION, Code.OLDER_VERSION, Code.DUPLICATE}


def show(actor: Actor) -> None:
    """Show a therapist their calendars, and the manager those of the rooms; nobody else has any."""
    if actor.role == "therapist":
        st.subheader(_("Your sessions in another calendar"), anchor=False)
        _addresses(actor)
        st.subheader(_("Your calendar at another service"), anchor=False)
        account_linked.show(actor)
        st.subheader(_("When you are busy elsewhere"), anchor=False)
        _busy_elsewhere(actor)
    elif actor.role == "manager":
        st.subheader(_("The rooms in another calendar"), anchor=False)
        _addresses(actor)


def _addresses(actor: Actor) -> None:
    """Show the addresses, with the way to revoke each, and the way to make one."""
    st.caption(
        _(
            "A calendar program can subscribe to an address made here. Whoever has the address can read that calendar"
            " without signing in: pass it to nobody, and revoke it when a device is lost."
        )
    )
    _made()
    for feed in queries.feeds(actor):
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"account_feed_{feed.id}"):
            st.markdown(_feed_line(feed), width="stretch")
            with st.popover(_("Revoke"), key=f"account_feed_revoke_{feed.id}"):
                st.markdown(_("Programs that use this address get nothing any more. This cannot be taken back."))
                if st.button(_("Revoke this address"), key=f"account_feed_revoke_do_{feed.id}", type="primary"):
                    with told():
                        commands.revoke_feed(actor, feed.id)
                        st.session_state.pop(MADE, None)
                        notice.done(_("The address was revoked."))
    _make(actor)


def _made() -> None:
    """Show an address that was just made: the only time that anybody sees it."""
    address = st.session_state.get(MADE)
    if address is None:
        return
    with st.container(border=True, key="account_feed_made_box"):
        st.markdown(_("**The new address.** It is shown this once: copy it into your calendar program now."))
        st.code(address, language=None, wrap_lines=True)
        if settings().is_loopback and not settings().public_url:
            st.caption(_("Only programs on this computer reach it: the dashboard has no address in a network."))
        if st.button(_("I have copied it"), key="account_feed_copied"):
            del st.session_state[MADE]
            st.rerun()


def _feed_line(feed: FeedFact) -> str:
    what = plain(feed.room_name) if feed.room_name else _("Your sessions")
    says = _("initials of patients") if feed.shows == "initials" else _("no names")
    fetched = (
        _("last fetched about {moment}").format(moment=formats.moment(feed.last_fetched_at))
        if feed.last_fetched_at
        else _("not fetched yet")
    )
    made = _("Made {moment}").format(moment=formats.moment(feed.created_at))
    return f"**{what}** · {says}  \n:small[{made}, {fetched}]"


def _make(actor: Actor) -> None:
    """Offer to make an address."""
    says = {"nothing": _("Nothing: each is called Session"), "initials": _("Initials of the patients")}
    rooms = {} if actor.role == "therapist" else {room.id: _room(room) for room in team.rooms(actor)}
    if actor.role != "therapist" and not rooms:
        st.caption(_("There is no room in service."))
        return
    with st.form("account_feed_new", border=False):
        if rooms:
            room_id = st.selectbox(_("Room"), list(rooms), format_func=rooms.__getitem__, key="account_feed_room")
            shows = "nothing"
        else:
            room_id = None
            shows = st.radio(
                _("What it says of patients"), SHOWS, format_func=says.__getitem__, key="account_feed_shows"
            )
        is_to_make = st.form_submit_button(_("Make an address"), icon=":material/add_link:")
    if is_to_make:
        with told():
            token = commands.create_feed(actor, shows=shows, language=language(), room_id=room_id)
            st.session_state[MADE] = fetching.address_of(token)
            st.rerun()


def _room(room: team.RoomName) -> str:
    return f"{room.name} · {room.site_name}"


def _busy_elsewhere(actor: Actor) -> None:
    """Take in a file, tell what came of it, and show the calendars and what is booked meanwhile."""
    st.caption(
        _(
            "Save a calendar of yours as a file (.ics) in its program and choose it here. Only when you are busy is"
            " kept, from today on: no titles, places or people. The office sees that you are busy, colleagues nothing."
        )
    )
    _take_in(actor)
    taken_in = st.session_state.get(TAKEN_IN)
    if taken_in is not None:
        _report(actor, taken_in)
    linked = account_linked.busy_names(actor)
    for one in queries.calendars(actor):
        _calendar(actor, one, is_linked=one.name in linked)
    _conflicts(actor, queries.conflicts(actor))


def _take_in(actor: Actor) -> None:
    with st.form("account_calendar_new", border=False, clear_on_submit=True):
        name = st.text_input(
            _("Name of the calendar"),
            max_chars=LONGEST_NAME,
            key="account_calendar_name",
            help=_("A file under a name that is listed below replaces that calendar."),
        )
        given = st.file_uploader(
            _("Calendar file (.ics)"),
            type=["ics"],
            max_upload_size=MOST_BYTES // 1_000_000,
            key="account_calendar_file",
        )
        is_to_read = st.form_submit_button(_("Read the calendar"), icon=":material/event_busy:")
    if not is_to_read:
        return
    st.session_state.pop(TAKEN_IN, None)
    if given is None:
        st.error(_("Choose a file first."), icon=":material/error:")
        return
    with told():
        try:
            st.session_state[TAKEN_IN] = commands.take_in(actor, name, given.getvalue())
        except CalendarRefusedError as refused:
            place = _("Line {line}").format(line=refused.line) + ": " if refused.line else ""
            sentence = _("Nothing was read or changed.")
            st.error(f"{place}{_(SENTENCES[refused.code])} {sentence}", icon=":material/error:")


def _report(actor: Actor, taken_in: TakenIn) -> None:
    """Tell what came of a file: what was read, how it differs, and which events were not read and why."""
    change = (
        _("nothing changed")
        if taken_in.is_unchanged
        else _("{added} new, {removed} gone").format(
            added=formats.number(taken_in.added), removed=formats.number(taken_in.removed)
        )
    )
    st.success(f"{plain(taken_in.calendar)}: {_busy_times(taken_in.read)}, {change}.", icon=":material/check:")
    if not taken_in.set_aside:
        return
    rows = _set_aside(taken_in)
    number = ngettext("{count} event with a remark", "{count} events with a remark", len(rows))
    with st.expander(
        number.format(count=formats.number(len(rows))),
        expanded=bool((rows["outcome"] == _("Not read")).any()),
        icon=":material/rule:",
    ):
        table(
            rows,
            [
                Column("reason", _("Reason"), width="large"),
                Column("outcome", _("Outcome"), width="small"),
                Column("event", _("Event"), "number", width="small"),
                Column("line", _("Line"), "number", width="small"),
            ],
            key="account_calendar_set_aside",
            empty=_("No row was set aside."),
        )
        csv_button(actor, rows, "calendar_set_aside", "account_calendar_set_aside_csv")


def _set_aside(taken_in: TakenIn) -> pd.DataFrame:
    """Return the events that something is said of, those that were not read first."""
    found = sorted(taken_in.set_aside, key=lambda each: (each.code in TAKE_NO_TIME, each.code in NOTED, each.line))
    return pd.DataFrame(
        {
            "reason": [_(SENTENCES[each.code]) for each in found],
            "outcome": [_outcome(each.code) for each in found],
            "event": pd.array([each.ordinal for each in found], dtype="Int64"),
            "line": [each.line for each in found],
        }
    )


def _outcome(code: Code) -> str:
    if code in NOTED:
        return _("Read, and noted")
    return _("Takes no time") if code in TAKE_NO_TIME else _("Not read")


def _calendar(actor: Actor, one: BroughtIn, *, is_linked: bool) -> None:
    """Show a calendar that was read, with the way to take it out; what comes in by itself is chosen above."""
    key = f"account_calendar_{one.name.encode().hex()}"
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=key):
        st.markdown(_calendar_line(one), width="stretch")
        if is_linked:
            st.caption(_("Comes in by itself"), width="content")
            return
        with st.popover(_("Take out"), key=f"{key}_out"):
            st.markdown(_("All busy times that came from it are forgotten."))
            if st.button(_("Take this calendar out"), key=f"{key}_out_do", type="primary"):
                with told():
                    commands.remove_calendar(actor, one.name)
                    st.session_state.pop(TAKEN_IN, None)
                    notice.done(_("The calendar was taken out."))


def _calendar_line(one: BroughtIn) -> str:
    facts = _("Until {day}, last change {moment}").format(
        day=formats.day(one.ends_at.astimezone(formats.zone()).date()), moment=formats.moment(one.changed_at)
    )
    return f"**{plain(one.name)}** · {_busy_times(one.number)}  \n:small[{facts}]"


def _busy_times(number: int) -> str:
    return ngettext("{count} busy time", "{count} busy times", number).format(count=formats.number(number))


def _conflicts(actor: Actor, found: list[Conflict]) -> None:
    """List what is booked while the therapist is busy elsewhere; nothing of it was changed."""
    if not found:
        return
    st.warning(
        ngettext(
            "{count} session is booked while you are busy elsewhere. It was left as it is.",
            "{count} sessions are booked while you are busy elsewhere. They were left as they are.",
            len(found),
        ).format(count=formats.number(len(found))),
        icon=":material/event_busy:",
    )
    rows = pd.DataFrame(
        {
            "id": [one.appointment_id for one in found],
            "starts_at": [one.starts_at for one in found],
            "patients": [one.patients for one in found],
            "busy_from": [one.busy_from for one in found],
            "busy_until": [one.busy_until for one in found],
            "calendars": [one.calendars for one in found],
        }
    )
    columns = [
        Column("starts_at", _("Session"), "moment"),
        Column("patients", _("Patients"), width="medium"),
        Column("busy_from", _("Busy from"), "moment"),
        Column("busy_until", _("Busy until"), "moment"),
        Column("calendars", _("Calendar")),
    ]
    table(
        rows,
        columns,
        key="account_calendar_conflicts",
        empty=_("No session is booked while you are busy elsewhere."),
        opens=lambda row: Link("agenda", {"appointment": int(row["id"])}),
    )
    csv_button(actor, rows[[column.name for column in columns]], "calendar_conflicts", "account_calendar_conflicts_csv")
