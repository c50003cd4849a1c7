"""The parts of a patient file around its fields: heading, what is missing, guardians, consents, who pays."""

from __future__ import annotations

from typing import Any, Literal

import streamlit as st

from dashboard.access import queries as access
from dashboard.access.actor import Actor
from dashboard.consent import queries as consents
from dashboard.findings import queries as findings
from dashboard.patients import commands, queries, rules
from dashboard.patients.queries import GuardianOfFile, PatientFile
from dashboard.ui import (
    address,
    file_case,
    file_documents,
    file_merge,
    file_payers,
    file_rights,
    file_status,
    file_team,
    file_timeline,
    findings_list,
    formats,
    notice,
    openings,
    words,
)
from dashboard.ui.errors import told
from dashboard.ui.language import _, ngettext
from dashboard.ui.navigation import page_file
from dashboard.ui.tables import Column, Link, table
from dashboard.ui.text import plain

SEVERITY_COLOURS: dict[str, Literal["red", "orange", "gray"]] = {
    "blocking": "red",
    "important": "orange",
    "minor": "gray",
}


def parts() -> dict[str, str]:
    """Return the parts of a file by code, in order."""
    return {
        "details": _("Details"),
        "family": _("Guardians and family"),
        "consents": _("Consents"),
        "payers": _("Who pays"),
        "team": _("Care team"),
        "documents": _("Documents"),
        "timeline": _("Timeline"),
        "openings": _("Who opened it"),
        "rights": _("Rights"),
    }


def heading(actor: Actor, file: PatientFile) -> None:
    """Show whose file it is, and the way back."""
    if st.button(_("Back to the list"), key="patient_files_back", icon=":material/arrow_back:", type="tertiary"):
        for name in ("patient", "part", "kind", "document", "p"):
            address.keep(name, None)
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(plain(file.name), anchor=False, width="content")
        file_status.show(actor, file)
        st.caption(_subtitle(file))
    file_rights.badge(actor, file.id)
    file_merge.banner(actor, file)


def _subtitle(file: PatientFile) -> str:
    told_facts = [_("File {number}").format(number=file.number)]
    if file.birth_date:
        years = rules.age_on(file.birth_date, formats.today())
        told_facts.append(ngettext("{years} year old", "{years} years old", years).format(years=years))
    told_facts.append(_("opened {day}").format(day=formats.day(file.opened_on)))
    return " · ".join(told_facts)


def missing(actor: Actor, patient_id: int) -> None:
    """Name what the checks found missing in this file."""
    checked_at = access.checks_as_of(actor)
    if checked_at is None:
        st.caption(findings_list.not_checked_yet())
        return
    found = findings.findings_of_file(actor, patient_id)
    if found.empty:
        st.caption(_("Nothing is missing.") + " " + formats.as_of(checked_at))
        return
    with st.container(border=True):
        st.caption(_("Missing in this file") + " · " + formats.as_of(checked_at))
        for row in found.to_dict("records"):
            with st.container(horizontal=True, vertical_alignment="center"):
                st.badge(words.severities()[row["severity"]], color=SEVERITY_COLOURS[row["severity"]])
                st.markdown(plain(row["words"]), width="content")
                _repair(row["fix"], patient_id, row["rule_code"])


def _repair(fix: str, patient_id: int, rule: str) -> None:
    """Lead to where a finding is closed: a part of this file, or another screen."""
    part = {"guardians": "family", "coverage": "payers"}.get(fix)
    if part is None:
        findings_list.repair_link(fix, patient_id, rule)
    elif st.button(parts()[part], key=f"patient_files_repair_{rule}", type="tertiary", icon=":material/arrow_forward:"):
        address.keep("part", part)
        st.rerun()


def show(part: str, actor: Actor, file: PatientFile) -> None:
    """Show one part of a file."""
    match part:
        case "family":
            _family(actor, file)
        case "consents":
            _consents(actor, file.id)
        case "documents":
            file_documents.show(actor, file.id)
        case "timeline":
            file_timeline.show(actor, file.id)
        case "team":
            file_team.show(actor, file)
        case "rights":
            file_rights.show(actor, file)
        case "openings":
            openings.show(actor, file.id)
        case _:
            file_payers.show(actor, file.id)


def _family(actor: Actor, file: PatientFile) -> None:
    file_case.show(actor, file)
    st.caption(_("Guardians"))
    known = queries.guardians(actor, file.id)
    for guardian in known:
        with st.expander(f"{guardian.name} · {words.relations()[guardian.relation]}"):
            _guardian_form(actor, file.id, guardian)
    if not known and not rules.is_minor(file.birth_date, formats.today()):
        st.caption(_("An adult needs no guardian."))
    with st.expander(_("Add a guardian"), icon=":material/person_add:"):
        _guardian_form(actor, file.id, None)


def _guardian_form(actor: Actor, patient_id: int, guardian: GuardianOfFile | None) -> None:
    key = f"patient_files_guardian_{patient_id}_{guardian.id if guardian else 'new'}"
    authority = {True: _("Holds parental authority"), False: _("Holds none"), None: _("Not known")}
    with st.form(key, border=False, clear_on_submit=guardian is None):
        left, middle, right = st.columns(3)
        held: dict[str, Any] = {
            "given_name": left.text_input(_("Given name"), guardian.given_name if guardian else "", key=f"{key}_name"),
            "surnames": left.text_input(_("Surnames"), (guardian and guardian.surnames) or "", key=f"{key}_surnames"),
            "relation": _choose(middle, _("Relation"), words.relations(), guardian and guardian.relation, f"{key}_rel"),
            "has_authority": _choose(
                middle, _("Parental authority"), authority, guardian.has_authority if guardian else None, f"{key}_auth"
            ),
            "custody": _choose(right, _("Custody"), words.custodies(), guardian and guardian.custody, f"{key}_cust"),
            "telephone": right.text_input(_("Telephone"), (guardian and guardian.telephone) or "", key=f"{key}_tel"),
            "email": left.text_input(_("E-mail"), (guardian and guardian.email) or "", key=f"{key}_mail"),
        }
        if st.form_submit_button(_("Save the guardian")):
            with told():
                commands.note_guardian(actor, patient_id, guardian.id if guardian else None, held)
                notice.done(_("Saved."))


def _choose(place: Any, title: str, options: dict[Any, str], value: Any, key: str) -> Any:
    codes = list(options)
    return place.selectbox(
        title, codes, index=codes.index(value) if value in options else 0, format_func=options.__getitem__, key=key
    )


def _consents(actor: Actor, patient_id: int) -> None:
    found = consents.consents_of_file(actor, patient_id)
    found["kind"] = found["kind"].map(words.consent_kinds())
    found["state"] = found["state"].map(words.consent_states())
    table(
        found,
        [
            Column("kind", _("Kind")),
            Column("state", _("State")),
            Column("requested_on", _("Requested on"), "day"),
            Column("signed_on", _("Signed"), "day"),
            Column("valid_until", _("Valid until"), "day"),
        ],
        key="patient_files_consents",
        empty=_("No consent was requested yet. Request one on the Consents screen."),
        opens=lambda row: Link("consents", {"patient": patient_id, "consent": int(row["consent_id"])}),
    )
    st.page_link(
        page_file("consents"), label=_("Request or record a consent"), query_params={"patient": str(patient_id)}
    )
