"""Who else pays for a patient: what is noted, and the form to note or change it."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.access.actor import Actor
from dashboard.patients import commands, queries
from dashboard.ui import formats, notice
from dashboard.ui.errors import told
from dashboard.ui.language import _
from dashboard.ui.text import plain


def show(actor: Actor, patient_id: int) -> None:
    """Show each coverage of a file, to be changed in place, and a form for another one."""
    payers = queries.payer_names(actor)
    rows = queries.coverages(actor, patient_id).to_dict("records")
    if not rows:
        st.caption(_("Nobody else pays for this patient."))
    for row in rows:
        with st.expander(_summary(row)):
            _form(actor, patient_id, payers, row)
    if not payers:
        st.caption(_("The practice has no payers yet."))
        return
    with st.expander(_("Add who pays"), icon=":material/add:"):
        _form(actor, patient_id, payers, None)


def _summary(row: dict[Hashable, Any]) -> str:
    until = None if pd.isna(row["valid_until"]) else row["valid_until"]
    facts = [plain(row["payer"]), f"{formats.day(row['valid_from'])} – {formats.day(until) if until else '…'}"]
    if not row["policy_number"]:
        facts.append(_("no policy number"))
    if not pd.isna(row["covered_percent"]):
        facts.append(_("covers {percent} %").format(percent=formats.number(row["covered_percent"])))
    if not pd.isna(row["copayment"]):
        facts.append(_("copayment {amount}").format(amount=formats.money(row["copayment"])))
    return " · ".join(facts)


def _form(actor: Actor, patient_id: int, payers: dict[int, str], row: dict[Hashable, Any] | None) -> None:
    coverage_id = int(row["coverage_id"]) if row else None
    until = row["valid_until"] if row and not pd.isna(row["valid_until"]) else None
    key = f"patient_files_payer_{patient_id}_{coverage_id}"
    codes = list(payers)
    with st.form(key, border=False):
        columns = st.columns(4)
        held = {
            "payer_id": columns[0].selectbox(
                _("Payer"),
                codes,
                index=codes.index(row["payer_id"]) if row else 0,
                format_func=payers.__getitem__,
                key=f"{key}_payer",
            ),
            "policy_number": columns[1].text_input(
                _("Policy"), (row and row["policy_number"]) or "", max_chars=80, key=f"{key}_policy"
            ),
            "valid_from": columns[2].date_input(
                _("From"), row["valid_from"] if row else formats.today(), format="DD/MM/YYYY", key=f"{key}_from"
            ),
            "valid_until": columns[3].date_input(_("Until"), until, format="DD/MM/YYYY", key=f"{key}_until"),
        }
        is_to_save = st.form_submit_button(_("Save who pays"))
    if is_to_save:
        with told():
            commands.note_coverage(actor, patient_id, coverage_id, held)
            notice.done(_("Saved."))
