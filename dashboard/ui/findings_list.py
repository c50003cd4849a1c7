"""The queue of what is missing in patient files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pandas as pd
import streamlit as st

from dashboard.access.actor import Actor
from dashboard.findings import queries
from dashboard.patients.queries import PatientFile
from dashboard.ui import address, file_form, formats, words
from dashboard.ui.language import _, ngettext
from dashboard.ui.navigation import page_file
from dashboard.ui.tables import Column, Here, table
from dashboard.ui.text import plain

FORWARD = ":material/arrow_forward:"


@dataclass(frozen=True)
class OpenFinding:
    """One thing that is missing in one file."""

    words: str
    severity: str
    fix: str
    since: datetime
    times_seen_again: int


def rule_words(actor: Actor) -> dict[str, str]:
    """Return the words of each rule by code, in the order of reception."""
    found = queries.rules(actor)
    return dict(zip(found["rule_code"], found["words"], strict=True))


def not_checked_yet() -> str:
    """Return the sentence that says that nothing is known, which is not the same as nothing missing."""
    return _("The files have not been checked yet. That follows a minute or two after the start; reload then.")


def how_many(total: int) -> str:
    """Return the sentence that says how much is missing."""
    return ngettext("{total} thing is missing", "{total} things are missing", total).format(total=formats.number(total))


def finding(actor: Actor, patient_id: int, rule: str) -> OpenFinding | None:
    """Return what a rule finds missing in a file, or nothing when it passes."""
    found = queries.findings_of_file(actor, patient_id)
    rows = found[found["rule_code"] == rule]
    if rows.empty:
        return None
    row = rows.iloc[0]
    return OpenFinding(row["words"], row["severity"], row["fix"], row["since"], int(row["times_seen_again"]))


def heading(file: PatientFile, missing: OpenFinding | None) -> None:
    """Say whose file is open and what is missing in it."""
    number = _("File {number}").format(number=file.number)
    st.page_link(
        page_file("patient_files"),
        label=f"{plain(file.name)} · {number}",
        icon=":material/folder_shared:",
        query_params={"patient": str(file.id)},
    )
    if missing is None:
        st.success(_("This is no longer missing."), icon=":material/check:")
        return
    since = _("{words} Since {day}.").format(words=plain(missing.words), day=formats.day(missing.since))
    again = ngettext("Closed and seen again once.", "Closed and seen again {times} times.", missing.times_seen_again)
    st.markdown(f"{since} {again.format(times=missing.times_seen_again)}" if missing.times_seen_again else since)


def back_button() -> None:
    """Offer the way back to the list; its filters stay."""
    if st.button(_("Back to the list"), key="incomplete_files_back", icon=":material/arrow_back:", type="tertiary"):
        forget_opened()
        st.rerun()


def forget_opened() -> None:
    """Take the finding that is open out of the address."""
    for name in ("patient", "finding"):
        address.keep(name, None)


def repair_link(fix: str, patient_id: int, rule: str) -> None:
    """Link to the fields that close a finding, or to the screen where it is closed."""
    if fix in file_form.REPAIRS:
        ids = {"patient": str(patient_id), "finding": rule}
        st.page_link(page_file("incomplete_files"), label=_("Complete it"), icon=FORWARD, query_params=ids)
    else:
        elsewhere(fix, patient_id)


def elsewhere(fix: str, patient_id: int) -> None:
    """Link to the screen where the finding is closed."""
    ids = {"patient": str(patient_id)}
    match fix:
        case "consents":
            st.page_link(
                page_file("consents"), label=_("Request or record the consent"), icon=FORWARD, query_params=ids
            )
        case "guardians":
            st.page_link(
                page_file("patient_files"),
                label=_("Guardians and family"),
                icon=FORWARD,
                query_params={**ids, "part": "family"},
            )
        case "coverage":
            st.page_link(
                page_file("patient_files"), label=_("Who pays"), icon=FORWARD, query_params={**ids, "part": "payers"}
            )
        case "agenda":
            st.page_link(page_file("agenda"), label=_("Agenda"), icon=FORWARD)
        case "history":
            st.caption(_("The main therapist opens the clinical history."))
        case _:
            st.page_link(page_file("patient_files"), label=_("Open the file"), icon=FORWARD, query_params=ids)


def in_words(found: pd.DataFrame) -> pd.DataFrame:
    """Return findings with their codes in words."""
    return found.assign(
        severity=found["severity"].map(words.severities()),
        status=found["status"].map(words.patient_status),
        number=found["number"].astype(str),
    )


def show(found: pd.DataFrame) -> None:
    """List findings; a row opens its repair."""
    table(
        in_words(found),
        [
            Column("severity", _("Urgency"), width="small"),
            Column("name", _("Name")),
            Column("words", _("What is missing"), width="large"),
            Column("number", _("File"), width="small"),
            Column("since", _("Since"), "day"),
        ],
        key="incomplete_files_list",
        height="content",
        empty=_("Nothing is missing here. Take a filter away to see more."),
        opens=lambda row: Here({"patient": int(row["patient_id"]), "finding": row["rule_code"]}),
    )
