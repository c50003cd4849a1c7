"""The timeline of a file: what happened when, each line the way to where it is kept."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.access.actor import Actor
from dashboard.findings import queries as findings
from dashboard.record import timeline
from dashboard.ui import (
    agenda_words,
    billing_words,
    exports,
    file_documents,
    file_status,
    file_team,
    filters,
    formats,
    words,
)
from dashboard.ui.language import _
from dashboard.ui.tables import Column, Here, Link, table

PER_PAGE = 25


def parts() -> dict[str, str]:
    """Return the words of each part of the timeline by code."""
    return {
        "opened": _("Care begins"),
        "discharged": _("End of care"),
        "sessions": _("Sessions"),
        "consents": _("Consents"),
        "findings": _("Checks of the file"),
        "documents": _("Documents"),
        "team": _("Care team"),
        "invoices": _("Invoices"),
        "payments": _("Payments"),
    }


def _kinds() -> dict[str, str]:
    return {
        "care_begins": _("Care begins"),
        "care_ends": _("End of care"),
        "session": _("Session"),
        "consent": _("Consent"),
        "finding": _("Check of the file"),
        "document": _("Document"),
        "care_team": _("Care team"),
        "invoice": _("Invoice"),
        "payment": _("Payment"),
    }


def _what(kind: str, code: str | None) -> str:
    """Return what became of an event in words."""
    if code is None:
        return ""
    if kind == "session":
        return agenda_words.state_name(code)
    known = {
        "care_ends": file_status.reasons(),
        "consent": {"ended": _("Ended"), **words.consent_states()},
        "finding": {"found": _("Found missing"), "mended": _("Completed")},
        "document": file_documents.kinds(),
        "care_team": file_team.kinds(),
        "invoice": {"issued": _("Issued"), "corrected": _("Corrects another")},
        "payment": billing_words.methods(),
    }
    return known.get(kind, {}).get(code, code)


def _in_words(actor: Actor, found: pd.DataFrame) -> pd.DataFrame:
    rules = {row["rule_code"]: row["words"] for row in findings.rules(actor).to_dict("records")}
    kinds = _kinds()
    told = [
        {
            **row,
            "event": kinds[row["kind"]],
            "became": _what(row["kind"], row["what"]),
            "detail": rules.get(row["detail"], "") if row["kind"] == "finding" else row["detail"] or "",
        }
        for row in found.to_dict("records")
    ]
    return pd.DataFrame(told, columns=[*found.columns, "event", "became"])


def _where(row: pd.Series) -> Link | Here:
    patient = int(row["patient_id"])
    match row["kind"]:
        case "session":
            return Link("agenda", {"appointment": int(row["record_id"])})
        case "consent":
            return Link("consents", {"patient": patient, "consent": int(row["record_id"])})
        case "invoice" | "payment":
            return Link("billing", {"patient": patient})
        case "document":
            return Here({"part": "documents", "document": int(row["record_id"])})
        case "care_team":
            return Here({"part": "team"})
        case _:
            return Here({"part": "details"})


def show(actor: Actor, patient_id: int) -> None:
    """Show the timeline, the latest first."""
    known = {code: parts()[code] for code in timeline.kinds(actor)}
    key = f"patient_files_timeline_{patient_id}"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = filters.choice("patient_files", "kind", _("Show"), known, everything=_("Everything"))
        found = timeline.timeline(actor, patient_id, formats.practice().time_zone, (chosen,) if chosen else ())
        told = _in_words(actor, found)
        exports.csv_button(actor, told[["on_day", "event", "became", "detail", "amount"]], "timeline", f"{key}_csv")
    offset = filters.page_number("patient_files", len(told), PER_PAGE)
    table(
        told.assign(patient_id=patient_id)[offset : offset + PER_PAGE],
        [
            Column("on_day", _("Day"), "day"),
            Column("event", _("What")),
            Column("became", _("State")),
            Column("detail", _("Detail"), width="large"),
            *([Column("amount", _("Amount"), "money")] if "invoices" in known else []),
        ],
        key=f"{key}_{offset}_{chosen}",
        height="content",
        empty=_("Nothing happened in this file yet."),
        opens=_where,
    )
