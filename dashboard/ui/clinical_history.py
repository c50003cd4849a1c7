"""A patient's clinical history: its sections to write, its versions and what differs between them, and the print."""

from __future__ import annotations

import streamlit as st

from dashboard import clock
from dashboard.access.actor import Actor
from dashboard.clinical import commands, pdf, queries, rules
from dashboard.clinical.queries import FileInCare, History, Note, VersionFact
from dashboard.ui import clinical_print, clinical_words, formats, notice
from dashboard.ui.errors import told
from dashboard.ui.language import _
from dashboard.ui.navigation import page_file
from dashboard.ui.text import plain

OPENED = "clinical_history_opened"


def link(actor: Actor, patient_id: int) -> None:
    """Lead a therapist from a file to its history."""
    if actor.role == "therapist":
        ids = {"patient": str(patient_id)}
        words = _("Clinical history")
        st.page_link(page_file("clinical_history"), label=words, icon=":material/clinical_notes:", query_params=ids)


def close() -> None:
    """Forget the history that is open, with its text."""
    st.session_state.pop(OPENED, None)


def _opened(actor: Actor, patient_id: int) -> History:
    """Return the newest version, opened (and put on record) once a visit."""
    held = st.session_state.get(OPENED)
    if not isinstance(held, History) or held.patient_id != patient_id:
        held = queries.history(actor, patient_id)
        st.session_state[OPENED] = held
    return held


def write(actor: Actor, file: FileInCare) -> None:
    """Show the newest version; saving adds a version and never overwrites one."""
    present = _opened(actor, file.patient_id)
    st.caption(_about(present))
    key = f"clinical_history_{file.patient_id}_{present.version}"
    texts = {}
    with st.form(key, border=False, enter_to_submit=False):
        columns = st.columns(2)
        for place, (section, words) in enumerate(clinical_words.history_sections().items()):
            texts[section] = columns[place % 2].text_area(
                words,
                present.sections.get(section, ""),
                key=f"{key}_{section}",
                height=100,
                max_chars=rules.LONGEST_TEXT,
            )
        if st.form_submit_button(_("Save a new version"), type="primary", key="clinical_history_save"):
            with told():
                commands.write_history(actor, file.patient_id, present.version, {k: v or "" for k, v in texts.items()})
                close()
                notice.done(_("The history is saved as a new version."))


def _about(version: History) -> str:
    if not version.version:
        return _("Nobody has written in this history yet.")
    return clinical_print.written(version.version, plain(version.author or "–"), version.written_at)


def versions(actor: Actor, file: FileInCare) -> None:
    """Show a version, and what differs from the one before it or from another."""
    facts = {fact.version: fact for fact in queries.history_versions(actor, file.patient_id)}
    if not facts:
        st.info(_("Nobody has written in this history yet."), icon=":material/inbox:")
        return

    def named(version: int) -> str:
        return _named(facts.get(version))

    left, right = st.columns(2)
    newer = left.selectbox(_("Version"), list(facts), format_func=named, key="clinical_history_newer")
    older_ones = [version for version in facts if version < newer] or [0]
    older = right.selectbox(_("Compared with"), older_ones, format_func=named, key="clinical_history_older")
    shown = queries.history(actor, file.patient_id, newer)
    if not older:
        for section, words in clinical_words.history_sections().items():
            if section in shown.sections:
                st.markdown(f"**{words}**")
                st.text(shown.sections[section])
        return
    found = rules.differences(queries.history(actor, file.patient_id, older).sections, shown.sections)
    if not found:
        st.caption(_("These versions say the same."))
    for difference in found:
        st.markdown(f"**{clinical_words.history_sections()[difference.section]}**")
        st.markdown(" ".join(_coloured(kind, text) for kind, text in difference.parts))


def _coloured(kind: str, text: str) -> str:
    shown = plain(text)
    return {"added": f":green-background[{shown}]", "removed": f":red-background[~~{shown}~~]"}.get(kind, shown)


def _named(fact: VersionFact | None) -> str:
    if fact is None:
        return _("Nothing before")
    return f"{fact.version} · {formats.moment(fact.written_at)} · {fact.author}"


def print_button(actor: Actor, file: FileInCare) -> None:
    """Offer the history and one's own signed notes as a PDF, with subjective annotations or without."""
    st.caption(_("The newest history and your own signed notes about this patient, with their addenda."))
    has_apart = st.checkbox(_("With subjective annotations"), key="clinical_history_apart")

    def prepare() -> bytes:
        found, notes = queries.record_to_print(actor, file.patient_id)
        blocks = [
            clinical_print.history(found.sections, _about(found)),
            *(_printed_note(note, has_apart=has_apart) for note in notes),
        ]
        about = _("File {number}. Printed {moment}.").format(number=file.number, moment=formats.moment(clock.now()))
        return pdf.document(f"{formats.practice().name} · {file.name}", about, blocks)

    st.download_button(
        _("Download PDF"),
        data=prepare,
        file_name=f"history-{file.number}.pdf",
        mime="application/pdf",
        key="clinical_history_pdf",
        icon=":material/picture_as_pdf:",
        on_click="ignore",
    )


def _printed_note(note: Note, *, has_apart: bool) -> pdf.Block:
    fact, apart = note.fact, note.subjective if has_apart else ""
    addenda = [(added.written_at, added.text) for added in note.addenda]
    about = clinical_print.signed(fact.signed_at)
    return clinical_print.note(fact.session_at, about, fact.template_code, note.sections, apart, addenda)
