"""The patient's rights on the file: a copy of everything, restriction, until when it is kept, erasure."""

from __future__ import annotations

from datetime import date

import streamlit as st

from dashboard.access.actor import Actor
from dashboard.patients import rights
from dashboard.patients.queries import PatientFile
from dashboard.patients.rights import Restriction, Retention
from dashboard.record import export
from dashboard.ui import formats, notice, record_pdf
from dashboard.ui.errors import told
from dashboard.ui.language import _
from dashboard.ui.tables import Column, Here, table
from dashboard.ui.text import plain


def badge(actor: Actor, patient_id: int) -> None:
    """Say on the file that its processing is restricted."""
    if standing := rights.restriction(actor, patient_id):
        st.warning(
            _("Processing is restricted since {day}: this file is kept and read, not changed.").format(
                day=formats.moment(standing.since)
            ),
            icon=":material/lock:",
        )


def show(actor: Actor, file: PatientFile) -> None:
    """Show the part of the file about the patient's rights."""
    _copy(actor, file)
    _restriction(actor, file, rights.restriction(actor, file.id))
    if actor.role != "therapist":
        _keeping(actor, file, rights.retention(actor, file.id))


def _copy(actor: Actor, file: PatientFile) -> None:
    st.markdown("##### " + _("A copy of everything"))
    has_subjective = False
    if actor.role == "therapist":
        st.caption(_("The file, the clinical history, your own notes, the documents, and who opened the file."))
        has_subjective = st.checkbox(_("With subjective annotations"), key="patient_files_rights_apart")
    else:
        st.caption(
            _(
                "The file, money, the documents that you may open, and who opened the file. The clinical record is"
                " handed out by its therapists, or all at once with `intersession patients export`."
            )
        )
    st.download_button(
        _("Download the copy"),
        data=lambda: export.archive(export.gather(actor, file.id, has_subjective=has_subjective), record_pdf.document),
        file_name=f"file-{file.number}.zip",
        mime="application/zip",
        key=f"patient_files_rights_copy_{file.id}",
        icon=":material/folder_zip:",
        on_click="ignore",
    )


def _restriction(actor: Actor, file: PatientFile, standing: Restriction | None) -> None:
    st.markdown("##### " + _("Restriction"))
    if standing is None:
        st.caption(_("Processing is not restricted."))
    else:
        st.markdown(plain(standing.reason))
        st.caption(" · ".join((formats.moment(standing.since), plain(standing.by or "–"))))
    if actor.role != "manager":
        return
    if standing is not None:
        if st.button(_("Lift the restriction"), key=f"patient_files_lift_{file.id}"):
            with told():
                rights.lift(actor, standing.id)
                notice.done(_("The restriction was lifted."))
        return
    with (
        st.expander(_("Restrict processing"), icon=":material/lock:"),
        st.form(f"patient_files_restrict_{file.id}", border=False),
    ):
        reason = st.text_input(_("Why"), max_chars=rights.LONGEST_REASON, key=f"patient_files_restrict_{file.id}_why")
        if st.form_submit_button(_("Restrict")):
            with told():
                rights.restrict(actor, file.id, reason)
                notice.done(_("Processing is restricted from now on."))


def _keeping(actor: Actor, file: PatientFile, kept: Retention) -> None:
    st.markdown("##### " + _("How long it is kept"))
    for kind, at in kept.erased.items():
        st.caption(f"{erased_words()[kind]} · {formats.moment(at)}")
    if kept.care_ended is None:
        st.caption(_("Care goes on: everything is kept."))
        return
    st.caption(_("Care ended on {day}.").format(day=formats.day(kept.care_ended)))
    for kind, until in (("clinical", kept.clinical_until), ("person", kept.person_until)):
        if kind not in kept.erased and until is not None:
            _erasing(actor, file, kind, until)


def _erasing(actor: Actor, file: PatientFile, kind: str, until: date) -> None:
    title = kinds()[kind]
    if until > formats.today():
        st.caption(_("{what}: kept until {day}").format(what=title, day=formats.day(until)))
        return
    st.caption(_("{what}: no duty to keep it since {day}").format(what=title, day=formats.day(until)))
    if actor.role == "manager":
        with st.popover(_("Erase: {what}").format(what=title), key=f"patient_files_erase_{kind}_{file.id}"):
            st.markdown(_("This cannot be undone. Type the number of the file to confirm."))
            typed = st.text_input(_("Number of the file"), key=f"patient_files_erase_{kind}_{file.id}_number")
            if st.button(
                _("Erase"), key=f"patient_files_erase_{kind}_{file.id}_do", disabled=typed.strip() != str(file.number)
            ):
                with told():
                    rights.erase(actor, file.id, kind)
                    notice.done(erased_words()[kind])


def kinds() -> dict[str, str]:
    """Return what can be erased, by code."""
    return {"clinical": _("Histories, notes and documents"), "person": _("The whole person")}


def erased_words() -> dict[str, str]:
    """Return what was erased, by code."""
    return {
        "clinical": _("The clinical record was erased."),
        "person": _("The person was erased; numbers without a name stay in the books."),
    }


def due(actor: Actor) -> None:
    """List the files of which something may be erased, and how long each kind of record is kept."""
    found = rights.due(actor, formats.today())
    table(
        found.assign(number=found["number"].astype(str)),
        [
            Column("number", _("File"), width="small"),
            Column("name", _("Name")),
            Column("care_ended", _("Care ended"), "day"),
            Column("clinical_until", _("Clinical record kept until"), "day"),
            Column("person_until", _("Person kept until"), "day"),
        ],
        key="patient_files_due",
        height="content",
        empty=_("Nothing is due. A file is listed here once no duty to keep it stands."),
        opens=lambda row: Here({"patient": int(row["patient_id"]), "part": "rights", "view": ""}),
    )
    with st.expander(_("How long records are kept"), icon=":material/gavel:"):
        for rule in rights.rules(actor):
            _rule(actor, rule)


def _rule(actor: Actor, rule: rights.Rule) -> None:
    titles = {
        "clinical": _("Histories and notes"),
        "document": _("Documents"),
        "consent": _("Consents"),
        "invoice": _("Invoices and payments"),
    }
    since = {"discharge": _("years from the last discharge"), "last_entry": _("years from the last entry")}
    key = f"patient_files_rule_{rule.kind}"
    with st.form(key, border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        years = st.number_input(
            f"{titles[rule.kind]}: {since[rule.counted_from]}", 1, 100, rule.years, key=f"{key}_years"
        )
        law = st.text_input(_("Law"), rule.law, max_chars=120, key=f"{key}_law")
        if st.form_submit_button(_("Save"), key=f"{key}_save"):
            with told():
                rights.change_rule(actor, rule.kind, int(years), law)
                notice.done(_("Saved."))
