"""Files that may be one person's: the list over the whole practice, and two files side by side."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd
import streamlit as st

from dashboard.access.actor import Actor
from dashboard.patients import duplicates, queries
from dashboard.patients.duplicates import Pair
from dashboard.patients.likeness import SENTENCES, Likeness, Record, likeness
from dashboard.patients.queries import PatientFile
from dashboard.ui import address, file_form, file_merge, filters, notice, openings
from dashboard.ui.errors import told
from dashboard.ui.language import _
from dashboard.ui.tables import Column, Here, table
from dashboard.ui.text import plain

PER_PAGE = 25


def because(found: Likeness) -> str:
    """Return the reasons in words."""
    return ", ".join(_(SENTENCES[reason]) for reason in found.reasons)


def show(actor: Actor) -> None:
    """List the pairs of files that are likely one person's."""
    st.caption(_("The two files of a row may be of one person. Select it to compare them."))
    pairs = duplicates.possible_duplicates(actor)
    offset = filters.page_number("patient_files", len(pairs), PER_PAGE)
    table(
        pd.DataFrame([_row(pair) for pair in pairs[offset : offset + PER_PAGE]]),
        [
            Column("first", _("File")),
            Column("second", _("And file")),
            Column("birth_date", _("Birth date"), "day"),
            Column("reasons", _("In common"), width="large"),
        ],
        key="patient_files_duplicates",
        height="content",
        empty=_("No two files look like one person's."),
        opens=lambda row: Here({"patient": int(row["first_id"]), "other": int(row["second_id"])}),
    )


def _row(pair: Pair) -> dict[str, object]:
    return {
        "first_id": pair.first.patient_id,
        "second_id": pair.second.patient_id,
        "first": f"{pair.first.number} · {pair.first.name}",
        "second": f"{pair.second.number} · {pair.second.name}",
        "birth_date": pair.first.birth_date or pair.second.birth_date,
        "reasons": because(pair.likeness),
    }


def compare(actor: Actor, patient_id: int, other_id: int) -> None:
    """Show two files side by side, and what can be done about them."""
    if st.button(_("Back to the list"), key="patient_files_back", icon=":material/arrow_back:", type="tertiary"):
        _leave()
        st.rerun()
    files = [queries.patient_file(actor, each) for each in (patient_id, other_id)]
    for file in files:
        openings.noted(actor, file.id)
    found = likeness(*(Record.of(asdict(file)) for file in files))
    st.subheader(_("One person or two?"), anchor=False)
    st.markdown(_("In common: {reasons}.").format(reasons=because(found) or "–"))
    _side_by_side(actor, files)
    with st.container(horizontal=True):
        for file in files:
            if st.button(
                _("Open file {number}").format(number=file.number), key=f"patient_files_open_{file.id}", type="tertiary"
            ):
                _leave()
                address.keep("patient", file.id)
                st.rerun()
        file_merge.offer(actor, files)
        if st.button(_("These are two people"), key="patient_files_apart", icon=":material/call_split:"):
            with told():
                duplicates.tell_apart(actor, patient_id, other_id)
                _leave()
                notice.done(_("Noted: the two files are not proposed again."))


def _leave() -> None:
    for name in ("patient", "other"):
        address.keep(name, None)


def _side_by_side(actor: Actor, files: list[PatientFile]) -> None:
    """Show the fields that say something, those that differ first."""
    columns = st.columns([1, 2, 2])
    for place, file in zip(columns[1:], files, strict=True):
        place.markdown("**" + _("File {number}").format(number=file.number) + "**")
    values = [asdict(file) for file in files]
    names = [name for group in file_form.GROUPS.values() for name in group if any(each[name] for each in values)]
    for name in sorted(names, key=lambda name: values[0][name] == values[1][name]):
        is_other = values[0][name] != values[1][name]
        cells = st.columns([1, 2, 2])
        cells[0].caption(file_form.label(name))
        for cell, each in zip(cells[1:], values, strict=True):
            shown = plain(file_form.in_words(actor, name, each[name]))
            cell.markdown(f":orange-background[{shown}]" if is_other and each[name] else shown)
