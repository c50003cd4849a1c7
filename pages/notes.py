"""Notes: what waits for a signature, which sessions have no note, one note to write or read, and a search."""

import streamlit as st

from dashboard.clinical import commands, queries
from dashboard.ui import address, clinical_note, clinical_search, clinical_words, formats, notice, session
from dashboard.ui.errors import told
from dashboard.ui.language import _, ngettext
from dashboard.ui.text import plain

SHOWN_AT_ONCE = 8
actor = session.acting()


def write(to_write):
    """Start the note of a session and go to it."""
    with told():
        address.keep("note", commands.start_note(actor, to_write.appointment_id, to_write.patient_id))
        st.rerun()


def without_note():
    """List sessions that have no note yet, each with the way to write it."""
    found = queries.sessions_without_note(actor)
    title = ngettext("{number} session without a note", "{number} sessions without a note", len(found))
    with st.expander(title.format(number=formats.number(len(found))), icon=":material/edit_off:"):
        st.caption(_("Attended in the last {days} days.").format(days=queries.DAYS_WITHOUT_NOTE))
        shown = st.session_state.get("notes_shown", SHOWN_AT_ONCE)
        for row in found[:shown]:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"{plain(row.patient)} · {formats.moment(row.session_at)}", width="content")
                key = f"notes_write_{row.appointment_id}_{row.patient_id}"
                if st.button(_("Write the note"), key=key, type="tertiary", icon=":material/edit:"):
                    write(row)
        if len(found) > shown and st.button(_("Show all"), key="notes_all"):
            st.session_state["notes_shown"] = len(found)
            st.rerun()


def template():
    """Let the therapist choose what their next notes are written with."""
    names = clinical_words.template_names()
    present = queries.template_of(actor)
    picked = st.selectbox(
        _("Template of my notes"), list(names), list(names).index(present), names.__getitem__, key="notes_template"
    )
    if picked != present:
        with told():
            commands.choose_template(actor, picked)


def of_session(appointment_id):
    """Offer the notes of one session, one a patient."""
    for to_write, note_id in queries.notes_of_session(actor, appointment_id):
        words = _("Open the note about {patient}") if note_id else _("Write the note about {patient}")
        key = f"notes_session_{to_write.patient_id}"
        if st.button(words.format(patient=plain(to_write.patient)), key=key, icon=":material/edit_note:"):
            if note_id is None:
                write(to_write)
            address.keep("note", note_id)
            st.rerun()


notice.show()
chosen, appointment, patient = map(address.id_parameter, ("note", "appointment", "patient"))
with told():
    if chosen is not None:
        clinical_note.show(actor, chosen)
    else:
        clinical_note.close()
        if appointment is not None:
            of_session(appointment)
        if patient is not None:
            clinical_search.show(actor, patient)
            st.stop()
        st.subheader(_("To sign"), anchor=False)
        waiting = queries.unsigned_notes(actor)
        clinical_search.listed(waiting, "notes_unsigned", _("No note waits for your signature."))
        without_note()
        st.subheader(_("My notes"), anchor=False)
        clinical_search.show(actor)
        template()
