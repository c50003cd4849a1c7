"""One message: what it says, what became of it, what mends it, and what can be done about it."""

from __future__ import annotations

import streamlit as st

from dashboard import clock
from dashboard.access.actor import Actor
from dashboard.messages import commands, letters, queries
from dashboard.messages.queries import Opened
from dashboard.ui import address, formats, messages_words, notice
from dashboard.ui.errors import told
from dashboard.ui.language import _
from dashboard.ui.navigation import page_file
from dashboard.ui.text import plain


def show(actor: Actor, message_id: int) -> None:
    """Show a message with the way back to the list."""
    if st.button(_("Back to the list"), key="messages_back", icon=":material/arrow_back:", type="tertiary"):
        _close()
        st.rerun()
    found = queries.message(actor, message_id)
    with st.container(border=True):
        _fate(found)
        _mending(found)
        _actions(actor, found)
    _preview(found)


def _close() -> None:
    address.keep("message", None)


def _fate(found: Opened) -> None:
    number = _("File {number}").format(number=found.number)
    st.page_link(
        page_file("patient_files"),
        label=f"{plain(found.name)} · {number}",
        icon=":material/folder_shared:",
        query_params={"patient": str(found.patient_id)},
    )
    st.markdown(f"**{plain(messages_words.fate(found.state, found.reason, found.error))}**")
    due = _("Due {moment}").format(moment=formats.moment(found.due_at))
    st.caption(formats.moment(found.sent_at) if found.sent_at else due)
    if found.state == "planned" and found.next_attempt_at:
        st.caption(_("Next attempt: {moment}").format(moment=formats.moment(found.next_attempt_at)))


def _mending(found: Opened) -> None:
    """Link to where what keeps a message back is mended."""
    if found.state != "withheld":
        return
    icon, ids = ":material/arrow_forward:", {"patient": str(found.patient_id)}
    if found.reason == "no_consent":
        st.page_link(page_file("consents"), label=_("Request or record the consent"), icon=icon, query_params=ids)
    elif found.reason == "no_guardian":
        ids["part"] = "family"
        st.page_link(page_file("patient_files"), label=_("Guardians and family"), icon=icon, query_params=ids)
    else:
        st.page_link(page_file("patient_files"), label=_("Open the file"), icon=icon, query_params=ids)


def _actions(actor: Actor, found: Opened) -> None:
    with st.container(horizontal=True):
        if found.state == "failed" and found.lapses_at > clock.now():
            hint = _("It may then arrive twice.") if found.error == "unknown_outcome" else None
            if st.button(_("Send it again"), key="messages_again", icon=":material/refresh:", help=hint):
                with told():
                    commands.send_again(actor, found.id)
                    _done(_("It is sent again within a minute or two, outside quiet hours."))
        is_unsettled = found.state not in {"sent", "sending", "told"}
        if is_unsettled and st.button(_("Told by telephone"), key="messages_told", icon=":material/call:"):
            with told():
                commands.tell_by_telephone(actor, found.id)
                _done(_("Recorded."))
        waits = found.state in {"planned", "withheld"}
        if waits and st.button(_("Do not send it"), key="messages_cancel", icon=":material/block:"):
            with told():
                commands.cancel(actor, found.id)
                _done(_("It will not be sent."))


def _done(words: str) -> None:
    _close()
    notice.done(words)


def _preview(found: Opened) -> None:
    """Show the message as it is sent, in the recipient's language."""
    written = letters.worded(found.content)
    with st.container(border=True):
        to = found.content.address or "–"
        st.caption(_("To {address}").format(address=plain(to)))
        st.markdown(f"**{plain(written.subject)}**")
        st.text(written.plain)
        if found.content.kind != "offer":
            st.caption(_("With the appointment attached as a calendar file, under the practice's name."))
