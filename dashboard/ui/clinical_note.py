"""One session note: writing the draft, which saves itself; signing it; reading it, and adding to it."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard import clock
from dashboard.access.actor import Actor
from dashboard.clinical import commands, queries, rules
from dashboard.clinical.queries import Note
from dashboard.ui import address, clinical_words, formats, notice
from dashboard.ui.errors import told
from dashboard.ui.language import _
from dashboard.ui.text import plain

OPENED = "notes_opened"


def close() -> None:
    """Forget the note that is open, with its text."""
    st.session_state.pop(OPENED, None)


def _opened(actor: Actor, note_id: int) -> Note:
    """Return the note, opened (and put on record) once a visit and not at every keystroke."""
    held = st.session_state.get(OPENED)
    if not isinstance(held, Note) or held.fact.id != note_id:
        held = queries.open_note(actor, note_id)
        st.session_state[OPENED] = held
    return held


def show(actor: Actor, note_id: int) -> None:
    """Show one note, to write in while it is a draft."""
    note = _opened(actor, note_id)
    if st.button(_("Back to the notes"), key="notes_back", icon=":material/arrow_back:", type="tertiary"):
        close()
        for name in ("note", "appointment"):
            address.keep(name, None)
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(plain(note.fact.patient), anchor=False, width="content")
        signed = note.fact.status == "signed"
        st.badge(_("Signed") if signed else _("Draft"), color="green" if signed else "orange")
        st.caption(_("Session of {moment}").format(moment=formats.moment(note.fact.session_at)))
    if signed:
        _read(actor, note)
    else:
        _write(actor, note)


def _key(note: Note, section: str) -> str:
    return f"notes_{note.fact.id}_{section}"


def _write(actor: Actor, note: Note) -> None:
    def save() -> None:
        _save(actor, note)

    names = clinical_words.template_names()
    code = note.fact.template_code
    if not note.sections:
        code = st.selectbox(
            _("Template"),
            list(names),
            index=list(names).index(code),
            format_func=names.__getitem__,
            key=_key(note, "template"),
            on_change=save,
        )
    for section, words in clinical_words.note_sections(code).items():
        st.text_area(
            words,
            note.sections.get(section, ""),
            key=_key(note, section),
            height=120,
            max_chars=rules.LONGEST_TEXT,
            on_change=save,
        )
    with st.container(border=True):
        st.badge(_("Subjective annotations"), icon=":material/visibility_off:", color="violet")
        st.text_area(
            _("Kept apart; may be left out of the patient's copy"),
            note.subjective,
            key=_key(note, "apart"),
            height=90,
            max_chars=rules.LONGEST_TEXT,
            on_change=save,
        )
    st.caption(_("Saved by itself, {moment}").format(moment=formats.moment(note.saved_at)))
    with st.container(horizontal=True):
        if st.button(_("Sign …"), key="notes_sign", type="primary", icon=":material/lock:"):
            st.dialog(_("Sign this note?"))(_confirm_signature)(actor, note.fact.id)
        if st.button(_("Discard the draft …"), key="notes_discard", type="tertiary", icon=":material/delete:"):
            st.dialog(_("Discard this draft?"))(_confirm_discard)(actor, note.fact.id)


def _save(actor: Actor, note: Note) -> None:
    """Save what the fields hold now; a widget calls this when its text changed."""
    code = st.session_state.get(_key(note, "template"), note.fact.template_code)
    fields = clinical_words.note_sections(code)
    texts = {section: st.session_state.get(_key(note, section), "") for section in fields}
    apart = st.session_state.get(_key(note, "apart"), "")
    with told():
        version = commands.save_draft(actor, note.fact.id, note.version, texts, apart, code)
        st.session_state[OPENED] = replace(
            note,
            fact=replace(note.fact, template_code=code),
            version=version,
            saved_at=clock.now(),
            sections={section: text for section, text in texts.items() if text.strip()},
            subjective=apart,
        )


def _confirm_signature(actor: Actor, note_id: int) -> None:
    st.write(_("A signed note never changes. What comes later is added as an addendum, with its date."))
    if st.button(_("Sign"), key="notes_sign_confirmed", type="primary", icon=":material/lock:"):
        with told():
            commands.sign_note(actor, note_id, _opened(actor, note_id).version)
            close()
            notice.done(_("The note is signed."))


def _confirm_discard(actor: Actor, note_id: int) -> None:
    st.write(_("The draft is removed with everything written in it."))
    if st.button(_("Discard"), key="notes_discard_confirmed", type="primary", icon=":material/delete:"):
        with told():
            commands.discard_draft(actor, note_id, _opened(actor, note_id).version)
            close()
            for name in ("note", "appointment"):
                address.keep(name, None)
            notice.done(_("The draft is discarded."))


def _read(actor: Actor, note: Note) -> None:
    st.caption(_("Signed {moment}").format(moment=formats.moment(note.fact.signed_at)))
    for section, words in clinical_words.note_sections(note.fact.template_code).items():
        if note.sections.get(section):
            st.markdown(f"**{plain(words)}**")
            st.text(note.sections[section])
    if note.subjective:
        with st.container(border=True):
            st.badge(_("Subjective annotations"), icon=":material/visibility_off:", color="violet")
            st.text(note.subjective)
    for addendum in note.addenda:
        with st.container(border=True):
            st.caption(_("Addendum of {moment}").format(moment=formats.moment(addendum.written_at)))
            st.text(addendum.text)
    with st.form("notes_addendum", clear_on_submit=True, border=False, enter_to_submit=False):
        added = st.text_area(_("Addendum"), key="notes_addendum_text", height=90, max_chars=rules.LONGEST_TEXT)
        if st.form_submit_button(_("Add the addendum"), icon=":material/post_add:", key="notes_addendum_save"):
            with told():
                commands.add_addendum(actor, note.fact.id, added or "")
                close()
                notice.done(_("The addendum is added."))
