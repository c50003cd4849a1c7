"""Merging two files of one person: which to keep, what was merged into what, and the way back."""

from __future__ import annotations

from dataclasses import asdict

import streamlit as st

from dashboard.access.actor import OFFICE, Actor
from dashboard.patients import merging
from dashboard.patients.merging import Merge
from dashboard.patients.queries import PatientFile
from dashboard.ui import address, file_form, formats, notice
from dashboard.ui.errors import told
from dashboard.ui.language import _
from dashboard.ui.text import plain


def offer(actor: Actor, files: list[PatientFile]) -> None:
    """Offer to merge two files, either into the other."""
    if actor.role not in OFFICE or any(file.status == "merged" for file in files):
        return
    with st.popover(_("It is one person: merge"), key="patient_files_merge", icon=":material/merge:"):
        titles = {file.id: f"{file.number} · {file.name}" for file in files}
        kept = st.radio(
            _("Which file goes on?"),
            list(titles),
            format_func=titles.__getitem__,
            key="patient_files_merge_kept",
        )
        st.caption(
            _(
                "It gets the fields that it lacks, the appointments to come and the patient's own consents. Past"
                " sessions, notes, documents and invoices stay in the other file, which can be read from it. It can be"
                " undone."
            )
        )
        if st.button(_("Merge"), type="primary", key="patient_files_merge_do"):
            other = next(file.id for file in files if file.id != kept)
            with told():
                merging.merge(actor, kept, other)
                address.keep("other", None)
                address.keep("patient", kept)
                notice.done(_("The files were merged."))


def banner(actor: Actor, file: PatientFile) -> None:
    """Say on a file what it was merged into, or what was merged into it."""
    for found in merging.merges(actor, file.id):
        is_gone = found.merged_id == file.id
        with st.container(horizontal=True, vertical_alignment="center", key=f"patient_files_merged_{found.id}"):
            st.markdown(_words(found, is_gone=is_gone), width="content")
            number, target = (found.kept_number, found.kept_id) if is_gone else (found.merged_number, found.merged_id)
            if st.button(
                _("Open file {number}").format(number=number),
                key=f"patient_files_merged_open_{found.id}",
                type="tertiary",
            ):
                address.keep("patient", target)
                st.rerun()
            if actor.role in OFFICE and st.button(
                _("Undo the merge"),
                key=f"patient_files_merged_undo_{found.id}",
                type="tertiary",
                icon=":material/undo:",
            ):
                with told():
                    merging.undo(actor, found.id)
                    notice.done(_("The merge was undone: there are two files again."))


def _words(found: Merge, *, is_gone: bool) -> str:
    facts = {"day": formats.moment(found.at), "by": plain(found.by or "–")}
    if is_gone:
        return ":material/merge: " + _(
            "Merged into file {number} on {day} by {by}; it can be read, not changed."
        ).format(number=found.kept_number, **facts)
    return ":material/merge: " + _("File {number} was merged into this one on {day} by {by}.").format(
        number=found.merged_number, **facts
    )


def fields(actor: Actor, file: PatientFile) -> None:
    """Show the fields of a merged file, to be read."""
    values = asdict(file)
    for group, names in file_form.GROUPS.items():
        st.markdown(f"##### {file_form.group_title(group)}")
        for name in names:
            if values[name]:
                st.markdown(f"{file_form.label(name)}: {plain(file_form.in_words(actor, name, values[name]))}")
