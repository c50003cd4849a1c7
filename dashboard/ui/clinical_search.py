"""Lists of one's own notes, of all patients or of one, and the search in them. No word of it enters the address."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from dashboard.access.actor import Actor
from dashboard.clinical import queries
from dashboard.clinical.queries import NoteFact
from dashboard.ui import address, clinical_words, formats
from dashboard.ui.language import _, ngettext
from dashboard.ui.tables import Column, Here, table
from dashboard.ui.text import plain

MOST_HITS = 50


def listed(facts: Sequence[NoteFact], key: str, empty: str) -> None:
    """List notes; a row opens its note."""
    state = {"draft": _("Draft"), "signed": _("Signed")}
    rows = [
        {
            "id": fact.id,
            "patient": fact.patient,
            "session": fact.session_at,
            "age": clinical_words.age(fact.session_at),
            "state": state[fact.status],
        }
        for fact in facts
    ]
    columns = [
        Column("patient", _("Patient")),
        Column("session", _("Session"), "moment"),
        Column("age", _("Age")),
        Column("state", _("State")),
    ]
    table(pd.DataFrame(rows), columns, key=key, empty=empty, opens=lambda row: Here({"note": int(row["id"])}))


def show(actor: Actor, patient_id: int | None = None) -> None:
    """Offer a search in one's own notes (of one patient, or of the last months), and list them before it is used."""
    if patient_id is not None and st.button(
        _("Back to the notes"), key="notes_back", icon=":material/arrow_back:", type="tertiary"
    ):
        address.keep("patient", None)
        st.rerun()
    one = patient_id is not None
    label = _("Search in my notes about this patient") if one else _("Search in my notes of the last 12 months")
    words = st.text_input(label, key=f"notes_search_{patient_id or 'all'}", max_chars=100) or ""
    if not words.strip():
        facts = queries.own_notes(actor) if patient_id is None else queries.notes_of_patient(actor, patient_id)
        listed(facts, f"notes_list_{patient_id or 'all'}", _("No note is written yet."))
        return
    found = queries.search_notes(actor, words, patient_id)
    counted = ngettext("Searched {number} note.", "Searched {number} notes.", found.searched)
    older = "" if found.is_all else " " + _("Older ones were left out: search within one patient's notes.")
    st.caption(counted.format(number=formats.number(found.searched)) + older)
    if not found.hits:
        st.info(_("No note has these words."), icon=":material/search_off:")
    for hit in found.hits[:MOST_HITS]:
        with st.container(border=True):
            title = f"{plain(hit.fact.patient)} · {formats.moment(hit.fact.session_at)}"
            if st.button(title, key=f"notes_hit_{hit.fact.id}", type="tertiary", icon=":material/open_in_new:"):
                address.keep("note", hit.fact.id)
                st.rerun()
            st.text(hit.snippet)
