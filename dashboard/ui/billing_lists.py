"""The three lists of billing: sessions and their money, open invoices by age, payments."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

import pandas as pd
import streamlit as st

from dashboard.access import queries as access
from dashboard.access.actor import Actor
from dashboard.billing import queries
from dashboard.billing.queries import OUTSTANDING, Filters
from dashboard.ui import billing_actions, exports, filters, formats, team_filters
from dashboard.ui.billing_words import buckets, methods, statuses
from dashboard.ui.language import _
from dashboard.ui.tables import Column, Here, table

PER_PAGE = 100
UNAPPLIED = "unapplied_credit"


def sessions(actor: Actor) -> None:
    """Show sessions and where their money stands, and offer to invoice what is delivered."""
    wanted = _session_filters(actor)
    total = queries.count_sessions_with_money(actor, wanted)
    with st.container(horizontal=True, vertical_alignment="center"):
        billing_actions.invoice_button(actor, wanted)
        exports.csv_button(
            actor, partial(_sessions_in_words, actor, wanted, queries.MOST_ROWS, 0), "sessions", "billing_sessions_csv"
        )
    offset = filters.page_number("billing", total, PER_PAGE)
    table(
        _sessions_in_words(actor, wanted, PER_PAGE, offset),
        [
            Column("session_on", _("Day"), "day"),
            Column("patient", _("Patient")),
            Column("therapist", _("Therapist")),
            Column("service", _("Service")),
            Column("status", _("Money")),
            Column("charged_amount", _("Charged"), "money"),
            Column("open_amount", _("Open"), "money", help=_("Invoiced and not paid")),
        ],
        key="billing_sessions",
        empty=_("No session in this period. Choose other dates, or all states."),
        opens=lambda row: Here({"session": int(row["appointment_id"])}),
    )


def _session_filters(actor: Actor) -> Filters:
    today = formats.today()
    last_month = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    columns = st.columns(5)
    with columns[0]:
        status = filters.choice("billing", "status", _("Money"), statuses(), everything=_("All states"))
    with columns[1]:
        site = team_filters.site(actor, "billing")
    with columns[2]:
        therapist = team_filters.therapist(actor, "billing", site)
    with columns[3]:
        since = filters.day("billing", "since", _("From"), last_month)
    with columns[4]:
        until = filters.day("billing", "until", _("To"), today)
    return Filters(status=status, site_id=site, therapist_id=therapist, since=since, until=until)


def _sessions_in_words(actor: Actor, wanted: Filters, limit: int, offset: int) -> pd.DataFrame:
    found = queries.sessions_with_money(actor, wanted, limit, offset)
    return found.assign(status=found["money_status"].map(statuses()))


def invoices(actor: Actor) -> None:
    """Show what is open, the latest due first, and the ageing of all of it."""
    columns = st.columns(3)
    with columns[0]:
        late = filters.choice("billing", "late", _("Days late"), buckets(), everything=_("All open invoices"))
    with columns[1]:
        site = team_filters.site(actor, "billing")
    with columns[2]:
        therapist = team_filters.therapist(actor, "billing", site)
    wanted = Filters(status=late, site_id=site, therapist_id=therapist)
    _ageing(actor, site)
    total = queries.count_open_invoices(actor, wanted)
    with st.container(horizontal=True, vertical_alignment="center"):
        billing_actions.payment_button(actor)
        exports.csv_button(
            actor, partial(_invoices_in_words, actor, wanted, queries.MOST_ROWS, 0), "invoices", "billing_invoices_csv"
        )
    offset = filters.page_number("billing", total, PER_PAGE)
    table(
        _invoices_in_words(actor, wanted, PER_PAGE, offset),
        [
            Column("invoice", _("Invoice")),
            Column("patient", _("Patient")),
            Column("payer", _("Payer"), help=_("Empty when the patient pays")),
            Column("issued_on", _("Issued"), "day"),
            Column("due_on", _("Due"), "day"),
            Column("days_late", _("Days late"), "number"),
            Column("total_amount", _("Total"), "money"),
            Column("open_amount", _("Open"), "money"),
        ],
        key="billing_invoices",
        empty=_("Nothing is open here. What is delivered is invoiced under Sessions."),
        opens=lambda row: Here({"invoice": int(row["invoice_id"])}),
    )


def _invoices_in_words(actor: Actor, wanted: Filters, limit: int, offset: int) -> pd.DataFrame:
    return queries.open_invoices(actor, wanted, limit, offset).drop(columns="bucket")


def _ageing(actor: Actor, site_id: int | None) -> None:
    """Show the ageing as the last refresh computed it; the list below is always of now."""
    found = queries.ageing(actor, site_id)
    words = {**buckets(), UNAPPLIED: _("Unapplied credit"), OUTSTANDING: _("Outstanding")}
    with st.container(horizontal=True, border=True, gap="small", key="billing_ageing"):
        for item, label in words.items():
            with st.container(width=120, gap=None):
                st.caption(label)
                st.markdown(f"**{formats.money(found.get(item, 0))}**")
    live = _("The list below is of now: it may be ahead of these sums until the next refresh.")
    st.caption(f"{formats.as_of(access.figures_as_of(actor))} · {live}")


def payments(actor: Actor) -> None:
    """Show what came in and what was given back, the latest first."""
    today = formats.today()
    columns = st.columns(4)
    with columns[0]:
        since = filters.day("billing", "since", _("From"), date(today.year - 1, today.month, 1))
    with columns[1]:
        until = filters.day("billing", "until", _("To"), today)
    wanted = Filters(since=since, until=until)
    total = queries.count_payments(actor, wanted)
    with st.container(horizontal=True, vertical_alignment="center"):
        billing_actions.payment_button(actor)
        exports.csv_button(
            actor, partial(_payments_in_words, actor, wanted, queries.MOST_ROWS, 0), "payments", "billing_payments_csv"
        )
    offset = filters.page_number("billing", total, PER_PAGE)
    table(
        _payments_in_words(actor, wanted, PER_PAGE, offset),
        [
            Column("received_on", _("Received"), "day"),
            Column("patient", _("Patient")),
            Column("payer", _("Payer"), help=_("Empty when the patient pays")),
            Column("method", _("Method")),
            Column("amount", _("Amount"), "money"),
            Column("unspent", _("Credit left"), "money", help=_("Received and not settling any invoice")),
            Column("note", _("Note")),
        ],
        key="billing_payments",
        empty=_("No payment in this period. Choose other dates, or record one."),
        opens=lambda row: Here({"payment": int(row["payment_id"])}),
    )


def _payments_in_words(actor: Actor, wanted: Filters, limit: int, offset: int) -> pd.DataFrame:
    found = queries.payments(actor, wanted, limit, offset)
    notes = [
        _("Reversal") if is_reversal else _("Taken back") if was_taken_back else ""
        for is_reversal, was_taken_back in zip(found["is_reversal"], found["was_taken_back"], strict=True)
    ]
    return found.assign(method=found["method"].map(methods()), note=notes).drop(
        columns=["is_reversal", "was_taken_back"]
    )
