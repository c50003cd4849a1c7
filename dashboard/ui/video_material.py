"""What a therapist lays out to share in a session: addresses, and documents of the file."""

from __future__ import annotations

import streamlit as st

from dashboard.access.actor import Actor
from dashboard.clinical import documents
from dashboard.ui import notice, video_words
from dashboard.ui.errors import told
from dashboard.ui.language import _
from dashboard.ui.navigation import page_file
from dashboard.ui.text import plain
from dashboard.video import commands, queries
from dashboard.video.queries import Material
from dashboard.video.rules import Session


def show(actor: Actor, found: Session) -> None:
    """Show what is laid out, and take more. Nobody but the therapist sees it before it is shared."""
    title = _("Material to share")
    st.markdown(f"**{title}**")
    laid_out = queries.materials(actor, found.id)
    names = _documents(actor, found)
    for number, one in enumerate(laid_out, start=1):
        _one(actor, number, one, names)
    if not laid_out:
        st.caption(_("Nothing yet. Only you see this; the patient sees what you share in the call, under its title."))
    with st.expander(_("Add something"), icon=":material/add:"):
        _add_address(actor, found)
        _add_document(actor, found, names)


def _documents(actor: Actor, found: Session) -> dict[int, str]:
    """Return the names of the participants' documents that may be shared, by number."""
    every = [one for who in found.participants if who.is_in_care for one in documents.documents(actor, who.id)]
    return {one.id: one.name for one in every if one.put_away_at is None}


def _one(actor: Actor, number: int, one: Material, names: dict[int, str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"{number}. **{video_words.titles()[one.title]}**", width="content")
        if one.address:
            st.link_button(_("Open"), one.address, icon=":material/open_in_new:", type="tertiary")
            st.code(one.address, language=None, width="stretch")
        else:
            ids = {"patient": str(one.patient_id), "part": "documents", "document": str(one.document_id)}
            name = plain(names.get(one.document_id or 0, _("Document")))
            st.page_link(page_file("patient_files"), label=name, icon=":material/description:", query_params=ids)
        if st.button(_("Take away"), key=f"video_calls_away_{one.id}", type="tertiary", icon=":material/close:"):
            with told():
                commands.take_away(actor, one.id)
                notice.done(_("Taken away."))


def _add_address(actor: Actor, found: Session) -> None:
    with st.form("video_calls_address", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        title = _title("address")
        typed = st.text_input(_("Address"), placeholder=commands.BEGINS, max_chars=commands.LONGEST_SHARED)
        if st.form_submit_button(_("Add address"), key="video_calls_add_address"):
            with told():
                commands.share_address(actor, found.id, title, typed)
                notice.done(_("Added."))


def _add_document(actor: Actor, found: Session, names: dict[int, str]) -> None:
    if not names:
        st.caption(_("The file has no documents to share."))
        return
    with st.form("video_calls_document", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        title = _title("document")
        picked = st.selectbox(_("Document of the file"), list(names), format_func=names.__getitem__)
        if st.form_submit_button(_("Add document"), key="video_calls_add_document"):
            with told():
                commands.share_document(actor, found.id, title, picked)
                notice.done(_("Added."))


def _title(kind: str) -> str:
    names = video_words.titles()
    hint = _("What the patient reads; it says nothing about anybody.")
    return st.selectbox(
        _("Title"), list(names), format_func=names.__getitem__, key=f"video_calls_title_{kind}", help=hint
    )
