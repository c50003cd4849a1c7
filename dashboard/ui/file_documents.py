"""The documents of a file: what there is, adding one, opening one, putting one away."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.access.actor import Actor
from dashboard.clinical import documents
from dashboard.clinical.document_reading import MOST_BYTES
from dashboard.clinical.documents import DocumentFact
from dashboard.clinical.models import DOCUMENT_KINDS
from dashboard.ui import address, formats, notice
from dashboard.ui.errors import told
from dashboard.ui.language import _
from dashboard.ui.tables import Column, Here, table
from dashboard.ui.text import plain

KILOBYTE = 1_000


def kinds() -> dict[str, str]:
    """Return the words of each kind of document by code."""
    return {
        "identity": _("Identity document"),
        "authorisation": _("Insurer's authorisation"),
        "consent": _("Signed consent"),
        "referral": _("Referral"),
        "report": _("Report"),
        "other": _("Another document"),
    }


def _audience(is_clinical: bool) -> str:
    return _("Care team only") if is_clinical else _("Care team and office")


def _size(size: int) -> str:
    return f"{formats.number(max(1, size / KILOBYTE))} kB"


def show(actor: Actor, patient_id: int) -> None:
    """Show one document, or all of them with the way to add one."""
    chosen = address.id_parameter("document")
    every = documents.documents(actor, patient_id)
    one = next((found for found in every if found.id == chosen), None)
    if one is not None:
        _one(actor, one)
        return
    listed = st.container()
    is_away = any(found.put_away_at for found in every) and st.toggle(
        _("Show what was put away"), key=f"patient_files_put_away_{patient_id}"
    )
    with listed:
        _list([found for found in every if bool(found.put_away_at) == is_away], patient_id)
    with st.expander(_("Add a document"), icon=":material/upload_file:", expanded=not every):
        _form(actor, patient_id)


def _list(every: list[DocumentFact], patient_id: int) -> None:
    rows = [
        {
            "id": one.id,
            "name": one.name,
            "kind": kinds()[one.kind],
            "audience": _audience(one.is_clinical),
            "added_at": one.added_at,
            "by": one.added_by,
            "size": _size(one.size),
        }
        for one in every
    ]
    table(
        pd.DataFrame(rows),
        [
            Column("name", _("Document"), width="large"),
            Column("kind", _("Kind")),
            Column("audience", _("Who may open it")),
            Column("added_at", _("Added"), "moment"),
            Column("by", _("By")),
            Column("size", _("Size")),
        ],
        key=f"patient_files_documents_{patient_id}",
        height="content",
        empty=_("There is no document here."),
        opens=lambda row: Here({"document": int(row["id"])}),
    )


def _one(actor: Actor, one: DocumentFact) -> None:
    if st.button(_("All documents"), key="patient_files_documents_all", icon=":material/arrow_back:", type="tertiary"):
        address.keep("document", None)
        st.rerun()
    with st.container(border=True):
        st.markdown(f"**{plain(one.name)}**")
        facts = (kinds()[one.kind], _audience(one.is_clinical), _size(one.size), formats.moment(one.added_at))
        st.caption(" · ".join((*facts, plain(one.added_by))))
        with st.container(horizontal=True):
            st.download_button(
                _("Download"),
                data=lambda: documents.open_document(actor, one.id).content,
                file_name=one.name,
                mime=one.media_type,
                key=f"patient_files_document_{one.id}",
                icon=":material/download:",
                type="primary",
                on_click="ignore",
            )
            if one.put_away_at:
                if st.button(_("Put back on the list"), key=f"patient_files_document_back_{one.id}"):
                    _change(actor, one, is_back=True)
            elif st.button(_("Put away"), key=f"patient_files_document_away_{one.id}"):
                _change(actor, one, is_back=False)


def _change(actor: Actor, one: DocumentFact, *, is_back: bool) -> None:
    with told():
        (documents.take_out if is_back else documents.put_away)(actor, one.id)
        address.keep("document", None)
        notice.done(
            _("The document is on the list again.")
            if is_back
            else _("The document was put away. Show what was put away to find it again.")
        )


def _form(actor: Actor, patient_id: int) -> None:
    key = f"patient_files_document_new_{patient_id}"
    with st.form(key, border=False, clear_on_submit=True):
        given = st.file_uploader(
            _("PDF or picture"),
            type=["pdf", "png", "jpg", "jpeg"],
            max_upload_size=MOST_BYTES // 1_000_000,
            key=f"{key}_file",
        )
        left, right = st.columns(2)
        kind = left.selectbox(_("Kind"), DOCUMENT_KINDS, format_func=kinds().__getitem__, key=f"{key}_kind")
        audience = [True, False] if actor.role == "therapist" else [False]
        is_clinical = right.selectbox(
            _("Who may open it"), audience, format_func=_audience, key=f"{key}_audience", disabled=len(audience) == 1
        )
        st.caption(_("A clean copy is kept, encrypted: without scripts, attachments, places and names of programs."))
        is_to_add = st.form_submit_button(_("Add the document"))
    if is_to_add and given is None:
        st.error(_("Choose a file first."), icon=":material/error:")
    elif is_to_add and given is not None:
        with told():
            documents.add(actor, patient_id, kind, given.name, given.getvalue(), is_clinical=is_clinical)
            notice.done(_("The document was added."))
