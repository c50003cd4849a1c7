"""Words of money, and what a command tells once the screen is redrawn."""

from __future__ import annotations

from typing import Literal
from uuid import uuid4

import streamlit as st

from dashboard.ui import address, notice
from dashboard.ui.language import _

Colour = Literal["red", "orange", "green", "gray", "blue"]

COLOURS: dict[str, Colour] = {
    "not_charged": "orange",
    "not_invoiced": "orange",
    "part_paid": "orange",
    "overdue": "red",
    "paid": "green",
}


def statuses() -> dict[str, str]:
    """Return the words of where a session's money stands, by code."""
    return {
        "not_charged": _("Not charged"),
        "not_invoiced": _("Not invoiced"),
        "invoiced": _("Invoiced"),
        "part_paid": _("Part paid"),
        "overdue": _("Overdue"),
        "paid": _("Paid"),
        "written_off": _("Written off"),
        "no_charge": _("Nothing to charge"),
    }


def buckets() -> dict[str, str]:
    """Return the words of how late an invoice is, by code."""
    return {
        "not_due": _("Not due"),
        "d0_30": _("1–30 days late"),
        "d31_60": _("31–60 days late"),
        "d61_90": _("61–90 days late"),
        "d90_plus": _("Over 90 days late"),
    }


def methods() -> dict[str, str]:
    """Return the words of how money came, by code; the usual ones first."""
    return {
        "card": _("Card"),
        "transfer": _("Transfer"),
        "bizum": _("Bizum"),
        "cash": _("Cash"),
        "direct_debit": _("Direct debit"),
        "insurer_remittance": _("Insurer's remittance"),
        "cheque": _("Cheque"),
        "copayment": _("Copayment"),
        "other": _("Other"),
    }


def charge_kinds() -> dict[str, str]:
    """Return the words of what a charge is for, by code."""
    return {
        "session": _("Session"),
        "late_cancellation": _("Late cancellation"),
        "no_show": _("No-show"),
        "procedure": _("Procedure"),
        "other": _("Other"),
    }


def write_off_reasons() -> dict[str, str]:
    """Return the words of why a charge is given up, by code."""
    return {
        "goodwill": _("Goodwill"),
        "hardship": _("Hardship"),
        "error": _("Charged by mistake"),
        "uncollectable": _("Cannot be collected"),
    }


def status_badge(code: str, words: str) -> None:
    """Show a state in its colour."""
    st.badge(words, color=COLOURS.get(code, "gray"))


def form_key(name: str) -> str:
    """Return the key of a form's next command: the same until it succeeded, so that a second click changes nothing."""
    state = f"billing_key_{name}"
    if state not in st.session_state:
        st.session_state[state] = uuid4().hex
    return str(st.session_state[state])


def done(words: str, form: str | None = None) -> None:
    """Redraw the screen with ``words`` at its top; the form's next command is another one."""
    if form is not None:
        st.session_state.pop(f"billing_key_{form}", None)
    notice.done(words)


def back_button(*names: str) -> None:
    """Offer the way back to the list: the detail leaves the address, the filters stay."""
    if st.button(_("Back to the list"), key="billing_back", icon=":material/arrow_back:", type="tertiary"):
        for name in names:
            address.keep(name, None)
        st.rerun()
