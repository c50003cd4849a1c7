"""Running offers: to whom, how they were told, what time is left, and what they answered."""

from __future__ import annotations

import streamlit as st

from dashboard.access.actor import Actor
from dashboard.ui import formats, messages_words, notice, waiting_words
from dashboard.ui.errors import told
from dashboard.ui.language import _
from dashboard.ui.navigation import page_file
from dashboard.ui.text import plain
from dashboard.waiting_list import commands, queries
from dashboard.waiting_list.queries import Running


def show(actor: Actor) -> None:
    """Show each offer that waits for an answer, who has least time left first."""
    found = queries.running_offers(actor)
    if not found:
        st.info(
            _("Nothing is offered just now. Offer a freed hour, and it is kept free until the answer."),
            icon=":material/inbox:",
        )
        return
    for offer in found:
        _offer(actor, offer)


def _offer(actor: Actor, offer: Running) -> None:
    with st.container(border=True):
        hour = f"{formats.moment(offer.starts_at)} – {formats.hour(offer.ends_at)}"
        st.markdown(f"**{hour}** · {plain(offer.therapist)} · {plain(offer.site)}")
        number = _("File {number}").format(number=offer.number)
        st.page_link(
            page_file("patient_files"),
            label=f"{plain(offer.name)} · {number}",
            icon=":material/folder_shared:",
            query_params={"patient": str(offer.patient_id)},
        )
        turn = _("Turn {number}").format(number=offer.turn)
        until = _("until {moment}").format(moment=formats.moment(offer.expires_at))
        st.caption(f"{turn} · {until} · {waiting_words.left(offer.expires_at)}")
        _how_told(offer)
        _answers(actor, offer)


def _how_told(offer: Running) -> None:
    """Say whether a letter goes out, or that somebody has to telephone and why."""
    if offer.letter in {"planned", "sending", "sent"}:
        words = messages_words.fate(offer.letter, offer.reason, offer.error)
        st.caption(f":material/outgoing_mail: {_('By e-mail')}: {plain(words)}")
        return
    why = messages_words.fate(offer.letter, offer.reason, offer.error) if offer.letter else ""
    telephone = _("Telephone: {number}").format(number=offer.telephone) if offer.telephone else _("Please telephone")
    st.markdown(f":material/call: **{plain(telephone)}**" + (f" · {plain(why)}" if why else ""))


def _answers(actor: Actor, offer: Running) -> None:
    with st.container(horizontal=True):
        accepted = st.button(
            _("Accepted"), key=f"waiting_list_accept_{offer.id}", type="primary", icon=":material/check:"
        )
        declined = st.button(_("Declined"), key=f"waiting_list_decline_{offer.id}", icon=":material/close:")
        withdrawn = st.button(
            _("Take the offer back"),
            key=f"waiting_list_withdraw_{offer.id}",
            icon=":material/undo:",
            help=_("The hour is free again, and nobody else is offered it."),
        )
    with told():
        if accepted:
            commands.answer_offer(actor, offer.id, "accepted")
            notice.done(_("Booked."))
        if declined:
            commands.answer_offer(actor, offer.id, "declined")
            notice.done(_("Noted. The next in turn is offered the hour, if there is one."))
        if withdrawn:
            commands.answer_offer(actor, offer.id, "withdrawn")
            notice.done(_("Taken back. The hour is free again."))
