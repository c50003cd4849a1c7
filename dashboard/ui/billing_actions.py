"""The two main actions of billing: invoice what is delivered, record a payment."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import streamlit as st

from dashboard.access.actor import Actor
from dashboard.billing import accounts, commands, queries
from dashboard.billing.accounts import Account, PatientAccount
from dashboard.billing.queries import Filters, ToInvoice
from dashboard.ui import errors, formats
from dashboard.ui.billing_words import done, form_key, methods
from dashboard.ui.language import _, ngettext


def invoice_button(actor: Actor, wanted: Filters) -> None:
    """Offer to invoice what was delivered in the period and place chosen, after a look at how much that is."""
    if st.button(_("Invoice what is delivered"), key="billing_invoice", type="primary", icon=":material/receipt_long:"):
        st.dialog(_("Invoice what is delivered"))(_preview)(actor, wanted)


def _preview(actor: Actor, wanted: Filters) -> None:
    found = queries.what_to_invoice(actor, wanted)
    st.caption(f"{formats.day(wanted.since)} – {formats.day(wanted.until)}")
    if not found.charges and not found.not_charged:
        st.info(_("Everything delivered in this period is invoiced."), icon=":material/task_alt:")
        return
    if found.not_charged:
        _offer_to_charge(actor, found)
    if found.charges:
        _offer_to_issue(actor, found)
    if found.is_cut:
        st.caption(_("There is more than one round takes. Do this round, then the next."))


def _offer_to_charge(actor: Actor, found: ToInvoice) -> None:
    number = len(found.not_charged)
    words = ngettext(
        "{number} delivered session is not charged yet.", "{number} delivered sessions are not charged yet.", number
    )
    st.markdown(words.format(number=formats.number(number)))
    if st.button(_("Charge first"), key="billing_charge_first", icon=":material/sell:"):
        with errors.told():
            commands.charge_sessions(actor, found.not_charged)
            st.rerun(scope="fragment")


def _offer_to_issue(actor: Actor, found: ToInvoice) -> None:
    charges = ngettext("{number} charge", "{number} charges", len(found.charges))
    issues = ngettext("Issue {number} invoice", "Issue {number} invoices", found.invoice_count)
    st.markdown(f"{charges.format(number=formats.number(len(found.charges)))} · **{formats.money(found.total)}**")
    st.caption(_("One invoice for each patient and payer, dated today. An issued invoice never changes."))
    issues = issues.format(number=formats.number(found.invoice_count))
    if st.button(issues, key="billing_issue", type="primary", icon=":material/check:"):
        with errors.told():
            made = commands.invoice_charges(actor, found.charges)
            words = ngettext("{number} invoice was issued.", "{number} invoices were issued.", len(made))
            done(words.format(number=formats.number(len(made))))


def payment_button(actor: Actor) -> None:
    """Offer to record a payment of any patient or payer."""
    if st.button(_("Record a payment"), key="billing_payment", type="primary", icon=":material/payments:"):
        st.dialog(_("Record a payment"))(_find_account)(actor)


def _find_account(actor: Actor) -> None:
    typed = st.text_input(_("Patient"), key="billing_account_search", placeholder=_("Name or file number"))
    found = accounts.accounts_matching(actor, typed or "")
    if not found:
        st.caption(_("No patient has that name or number.") if typed else _("Type a name to find whom it is from."))
        return
    account = st.selectbox(_("From"), found, format_func=_account_name, key="billing_account")
    state = accounts.patient_account(actor, account.patient_id, account.payer_id)
    payment_form(actor, account, state)


def _account_name(account: Account) -> str:
    who = f"{account.patient_name} · {account.patient_number}"
    return f"{account.payer_name} · {who}" if account.payer_name else who


def payment_form(actor: Actor, account: Account, state: PatientAccount, invoice_id: int | None = None) -> None:
    """Ask for a payment of a party; without an invoice it settles the longest due first."""
    named = (one for one in state.open_invoices if invoice_id in (None, one.id))
    first = next(named, None)
    # What is open is a part of the key: once a payment is saved, the form is another one.
    form = f"payment_{account.patient_id}_{account.payer_id}_{invoice_id}_{first.open_cents if first else 0}"
    with st.form(f"billing_{form}", border=invoice_id is not None, enter_to_submit=False):
        chosen = invoice_id or _settles_first(state, form)
        amount, method, received = _amount_method_day(form, first.open_cents / 100 if first else None)
        if st.form_submit_button(_("Save the payment"), type="primary", icon=":material/save:"):
            with errors.told():
                commands.record_payment(
                    actor,
                    patient_id=account.patient_id,
                    payer_id=account.payer_id,
                    amount_cents=in_cents(amount),
                    method=method,
                    received_on=received,
                    invoice_id=chosen,
                    idempotency_key=form_key(form),
                )
                done(_("The payment of {amount} is recorded.").format(amount=formats.cents(in_cents(amount))), form)


def _settles_first(state: PatientAccount, form: str) -> int | None:
    if not state.open_invoices:
        st.caption(_("Nothing is open: the payment is kept as credit."))
        return None
    owed = {one.id: one for one in state.open_invoices}
    return st.selectbox(
        _("Settles first"),
        list(owed),
        format_func=lambda key: f"{owed[key].number} · {formats.cents(owed[key].open_cents)}",
        key=f"billing_settles_{form}",
    )


def _amount_method_day(form: str, proposed: float | None) -> tuple[float | None, str, date]:
    amount = st.number_input(
        _("Amount ({currency})").format(currency=formats.practice().currency),
        min_value=0.01,
        max_value=commands.LARGEST_CENTS / 100,
        value=proposed,
        step=1.0,
        format="%.2f",
        key=f"billing_amount_{form}",
    )
    words = methods()
    method = st.selectbox(_("Method"), list(words), format_func=words.__getitem__, key=f"billing_method_{form}")
    today = formats.today()
    received = st.date_input(
        _("Received"), value=today, max_value=today, format="DD/MM/YYYY", key=f"billing_received_{form}"
    )
    return amount, method, received


def in_cents(amount: float | None) -> int:
    """Return what was typed in cents; nothing typed is zero, which no command takes."""
    return int((Decimal(str(amount or 0)) * 100).quantize(Decimal(1), ROUND_HALF_UP))
