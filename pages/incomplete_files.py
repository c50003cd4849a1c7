"""Incomplete files: what is missing, the worst and oldest first, repaired in place."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from typing import Any

import streamlit as st

from dashboard.access import queries as access
from dashboard.findings import queries
from dashboard.patients import queries as patients
from dashboard.ui import (
    address,
    exports,
    file_conflict,
    file_form,
    filters,
    findings_list,
    formats,
    notice,
    session,
    team_filters,
    words,
)
from dashboard.ui.errors import told
from dashboard.ui.language import _

PER_PAGE = 25
MOST_ROWS = 10_000
actor = session.acting()


def choose() -> dict[str, Any]:
    """Offer the filters and return what was chosen."""
    with st.container(horizontal=True):
        site_id = team_filters.site(actor, "incomplete_files")
        return {
            "severity": filters.choice(
                "incomplete_files", "severity", _("Urgency"), words.severities(), everything=_("Any")
            ),
            "rule": filters.choice(
                "incomplete_files",
                "rule",
                _("What is missing"),
                findings_list.rule_words(actor),
                everything=_("Anything"),
            ),
            "site_id": site_id,
            "therapist_id": team_filters.therapist(actor, "incomplete_files", site_id),
        }


def repair(patient_id: int, rule: str) -> None:
    """Offer the fields that close a finding, or the screen where it is closed."""
    file = patients.patient_file(actor, patient_id)
    finding = findings_list.finding(actor, patient_id, rule)
    with st.container(border=True):
        findings_list.heading(file, finding)
        if finding is None:
            return
        names = file_form.REPAIRS.get(finding.fix)
        if names is None:
            findings_list.elsewhere(finding.fix, patient_id)
            return
        key = f"incomplete_files_{patient_id}_{rule}"
        if file_conflict.is_open(file.id):
            is_saved = file_conflict.settle(actor, file.id)
        else:
            shown = file_form.as_shown(file, key)
            form = f"{key}_{shown.version}"
            with st.form(form, border=False):
                held = file_form.fields(actor, names, asdict(shown), form, columns=min(4, len(names)))
                is_to_save = st.form_submit_button(_("Save"), type="primary", key=f"{key}_save")
            is_saved = is_to_save and file_conflict.save(actor, shown, held)
        if is_saved:
            findings_list.forget_opened()
            notice.done(_("Saved. It leaves this list when the files are checked next."))


def queue() -> None:
    """List what is missing, the worst and oldest first."""
    chosen = choose()
    checked_at = access.checks_as_of(actor)
    if checked_at is None:
        st.info(findings_list.not_checked_yet(), icon=":material/info:")
        return
    total = queries.open_findings_number(actor, **chosen)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{findings_list.how_many(total)}**", width="content")
        st.caption(formats.as_of(checked_at), width="content")
        everything = partial(queries.open_findings, actor, **chosen, limit=MOST_ROWS)
        exports.csv_button(
            actor, lambda: findings_list.in_words(everything()), "incomplete-files", key="incomplete_files_csv"
        )
    offset = filters.page_number("incomplete_files", total, PER_PAGE)
    findings_list.show(queries.open_findings(actor, **chosen, limit=PER_PAGE, offset=offset))


notice.show()
patient, rule_code = address.id_parameter("patient"), address.parameter("finding")
with told():
    if patient is not None and rule_code is not None:
        findings_list.back_button()
        repair(patient, rule_code)
    else:
        queue()
