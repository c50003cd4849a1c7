"""A therapist's calendars at a service of theirs (CalDAV): connected, chosen, exchanged with, disconnected."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from dashboard.access.actor import Actor
from dashboard.calendars.models import SHOWS
from dashboard.linked import commands, queries
from dashboard.linked.commands import LONGEST_PASSWORD, LONGEST_USER
from dashboard.linked.queries import AccountFact, CalendarFact
from dashboard.linked.reaching import LONGEST_ADDRESS, SENTENCES
from dashboard.ui import account_proposals, formats, notice
from dashboard.ui.errors import told
from dashboard.ui.language import _, ngettext
from dashboard.ui.text import plain

EXAMPLE = "https://cloud.example.org/remote.php/dav"


def show(actor: Actor) -> None:
    """Show the account with what is to be decided, or the way to connect one."""
    found = queries.account(actor)
    if found is None:
        st.caption(
            _(
                "Connect a calendar that you have elsewhere (Nextcloud, iCloud, Fastmail and others that speak CalDAV):"
                " your sessions go there, and when you are busy comes in. What you change there is proposed here first."
            )
        )
        _connect(actor, None)
        return
    _state(actor, found)
    account_proposals.show(actor)
    _choose(actor, found)
    with st.container(horizontal=True, gap="small"):
        with st.popover(_("Give another password"), key="account_linked_again"):
            _connect(actor, found)
        with st.popover(_("Disconnect"), key="account_linked_disconnect"):
            _disconnect(actor)


def busy_names(actor: Actor) -> set[str]:
    """Return the names of the calendars whose busy times come in by themselves."""
    found = queries.account(actor)
    return {each.name for each in found.calendars if each.is_busy} if found else set()


def _connect(actor: Actor, known: AccountFact | None) -> None:
    """Ask for an account and have its server asked."""
    with st.form("account_linked_connect", border=False):
        address = st.text_input(
            _("Address of the calendar server"),
            known.address if known else "",
            max_chars=LONGEST_ADDRESS,
            placeholder=EXAMPLE,
            key="account_linked_address",
        )
        user_name = st.text_input(
            _("User name there"), known.user_name if known else "", max_chars=LONGEST_USER, key="account_linked_user"
        )
        password = st.text_input(
            _("App password"),
            type="password",
            max_chars=LONGEST_PASSWORD,
            key="account_linked_password",
            help=_("Make one for this purpose alone in the service's settings. It is kept sealed and never shown."),
        )
        is_to_connect = st.form_submit_button(_("Connect"), icon=":material/sync:")
    if is_to_connect:
        with told():
            with st.spinner(_("Asking the server")):
                number = commands.connect(actor, address, user_name, password)
            words = ngettext("Connected: {count} calendar.", "Connected: {count} calendars.", number)
            notice.done(words.format(count=formats.number(number)))


def _state(actor: Actor, found: AccountFact) -> None:
    """Tell where the account is, when it was last exchanged with, and what is wrong."""
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="account_linked_state"):
        st.markdown(_account_line(found), width="stretch")
        if st.button(_("Exchange now"), key="account_linked_now"):
            with told():
                commands.ask_soon(actor)
                notice.done(_("The calendars are exchanged within a minute or two."))
    if found.problem:
        again = _("It is tried again by itself; what was known stays.")
        st.error(f"{_(SENTENCES[found.problem])} {again}", icon=":material/sync_problem:")
    for each in found.calendars:
        if each.problem:
            st.warning(f"{plain(each.name)}: {_(SENTENCES[each.problem])}", icon=":material/sync_problem:")


def _account_line(found: AccountFact) -> str:
    who = f"**{plain(found.user_name)}** · {plain(urlsplit(found.address).hostname or '')}"
    when = (
        _("Last exchanged about {moment}").format(moment=formats.moment(found.synced_at))
        if found.synced_at
        else _("Not exchanged yet: it happens every few minutes")
    )
    return f"{who}  \n:small[{when}]"


def _choose(actor: Actor, found: AccountFact) -> None:
    """Choose what goes where."""
    names = {each.id: each.name for each in found.calendars}
    outgoing = next((each for each in found.calendars if each.is_outgoing), None)
    choices: list[int | None] = [None, *names]
    says = {"nothing": _("Nothing: each is called Session"), "initials": _("Initials of the patients")}
    with st.form("account_linked_choose", border=False):
        chosen = st.selectbox(
            _("Your sessions go to"),
            choices,
            choices.index(outgoing.id if outgoing else None),
            format_func=lambda number: names[number] if number else _("No calendar"),
            key="account_linked_outgoing",
        )
        shows = st.radio(
            _("What it says of patients"),
            SHOWS,
            SHOWS.index(found.shows),
            format_func=says.__getitem__,
            key="account_linked_shows",
        )
        busy = st.multiselect(
            _("You are busy when these say so"),
            list(names),
            [each.id for each in found.calendars if each.is_busy],
            format_func=names.__getitem__,
            placeholder=_("No calendar"),
            key="account_linked_busy",
        )
        is_to_save = st.form_submit_button(_("Save the choice"))
    st.caption(_written(outgoing))
    if is_to_save:
        with told():
            commands.choose(actor, chosen, busy, shows=shows, session_word=_("Session"))
            notice.done(_("Saved. The calendars are exchanged within a minute or two."))


def _written(outgoing: CalendarFact | None) -> str:
    if outgoing is None:
        return _("No session is written to a calendar elsewhere.")
    words = ngettext("{count} session stands in {name}.", "{count} sessions stand in {name}.", outgoing.written)
    return words.format(count=formats.number(outgoing.written), name=plain(outgoing.name))


def _disconnect(actor: Actor) -> None:
    st.markdown(
        _(
            "The password and the busy times from there are forgotten. Sessions that stand there stay: to have them"
            " taken out, first let your sessions go to no calendar and wait for the next exchange."
        )
    )
    if st.button(_("Disconnect this account"), key="account_linked_disconnect_do", type="primary"):
        with told():
            commands.disconnect(actor)
            notice.done(_("The account was disconnected."))
