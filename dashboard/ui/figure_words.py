"""How a figure and the rows behind it are written: units, months, columns."""

from __future__ import annotations

from dashboard.key_figures.contracts import Figure
from dashboard.ui import formats, words
from dashboard.ui.language import _
from dashboard.ui.tables import Column, Kind

AXIS_FORMATS = {"money": ",.0f", "percent": ".0f", "hours": ",.1f", "days": ",.1f"}


def value(figure: Figure, amount: float | None) -> str:
    """Return a figure's value with its unit."""
    match figure.unit:
        case "money":
            return formats.money(amount)
        case "percent":
            return "–" if formats.is_missing(amount) else f"{formats.number(amount, 1)}\u00a0%"
        case "hours":
            return "–" if formats.is_missing(amount) else f"{formats.number(amount, 1)}\u00a0h"
        case "days":
            return "–" if formats.is_missing(amount) else _("{number} days").format(number=formats.number(amount, 1))
        case _:
            return formats.number(amount)


def unit(figure: Figure) -> str:
    """Return the words of a figure's unit, for an axis or a heading."""
    return {
        "sessions": _("Sessions"),
        "percent": _("Per cent"),
        "money": formats.practice().currency,
        "patients": _("Patients"),
        "hours": _("Hours"),
        "days": _("Days"),
        "files": _("Files"),
        "therapists": _("Therapists"),
    }[figure.unit]


def value_kind(figure: Figure) -> Kind:
    """Return the kind of column that holds a figure's values."""
    return "money" if figure.unit == "money" else "number"


def row_columns(names: list[str]) -> list[Column]:
    """Return the columns to show of the rows behind a figure; ids and marks of the mart stay out."""
    known = {
        "session_on": Column("session_on", _("Day"), "day"),
        "charged_on": Column("charged_on", _("Day"), "day"),
        "issued_on": Column("issued_on", _("Issued"), "day"),
        "received_on": Column("received_on", _("Received"), "day"),
        "due_on": Column("due_on", _("Due"), "day"),
        "ended_on": Column("ended_on", _("Ended"), "day"),
        "cycle_ends_on": Column("cycle_ends_on", _("Until"), "day"),
        "valid_until": Column("valid_until", _("Valid until"), "day"),
        "next_session_at": Column("next_session_at", _("Next session"), "moment"),
        "state": Column("state", _("State")),
        "status": Column("status", _("Status")),
        "kind": Column("kind", _("Kind")),
        "method": Column("method", _("Method")),
        "rule_code": Column("rule_code", _("What is missing")),
        "series": Column("series", _("Series")),
        "number": Column("number", _("Number"), "number"),
        "amount": Column("amount", _("Amount"), "money"),
        "total_amount": Column("total_amount", _("Total"), "money"),
        "open_amount": Column("open_amount", _("Open"), "money"),
        "days_past_due": Column("days_past_due", _("Days late"), "number"),
        "requirement_name": Column("requirement_name", _("Requirement")),
        "required_hours": Column("required_hours", _("Required"), "hours"),
        "counting_hours": Column("counting_hours", _("Counting"), "hours"),
        "expected_hours": Column("expected_hours", _("Expected by now"), "hours"),
        "hours": Column("hours", _("Hours"), "hours"),
        "open_hours": Column("open_hours", _("Open"), "hours"),
        "percent_in_use": Column("percent_in_use", _("Per cent"), "number"),
        "lead_days": Column("lead_days", _("Days ahead"), "number"),
        "notice_hours": Column("notice_hours", _("Notice"), "hours"),
        "room": Column("room", _("Room")),
        "therapist": Column("therapist", _("Therapist")),
        "site": Column("site", _("Site")),
    }
    return [known[name] for name in (*names, "therapist", "site") if name in known]


def coded(column: str) -> dict[str, str]:
    """Return the words of a column's codes, where the records hold codes."""
    if column == "kind":
        return words.consent_kinds()
    if column == "status":
        return words.consent_statuses()
    if column == "state":
        return {
            "booked": _("Not marked"),
            "confirmed": _("Not marked"),
            "attended": _("Attended"),
            "no_show": _("No-show"),
            "late_cancelled": _("Cancelled late"),
            "cancelled": _("Cancelled"),
        }
    return {}
