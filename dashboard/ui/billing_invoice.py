"""One invoice and one payment: what they hold, what settles what, and what can be done with them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.access.actor import Actor
from dashboard.billing import accounts, commands
from dashboard.billing.accounts import Account, InvoiceDetails, PaymentDetails, Settlement
from dashboard.ui import errors, formats
from dashboard.ui.billing_actions import payment_form
from dashboard.ui.billing_words import back_button, done, form_key, methods, status_badge
from dashboard.ui.language import _, ngettext
from dashboard.ui.navigation import page_file
from dashboard.ui.tables import Column, Here, table
from dashboard.ui.text import plain


def invoice(actor: Actor, invoice_id: int) -> None:
    """Show an invoice: its lines, what was paid, and the payment to record."""
    back_button("invoice")
    found = accounts.invoice(actor, invoice_id)
    st.subheader(_("Invoice {number}").format(number=found.number), anchor=False)
    _invoice_state(found)
    _patient_link(found.patient_id, f"{found.patient_name} · {found.patient_number}")
    recipient = (found.recipient_name, found.recipient_tax_id or _("no tax number"), found.recipient_address)
    st.caption(
        _("To {recipient}. Issued {issued}, due {due}.").format(
            recipient=plain(" · ".join(part for part in recipient if part)),
            issued=formats.day(found.issued_on),
            due=formats.day(found.due_on),
        )
    )
    left, right = st.columns([3, 2], gap="large")
    with left:
        _lines(found)
        _settlements(found.settlements, "billing_invoice_payments", to_payments=True)
    with right:
        _what_to_do(actor, found)


def _invoice_state(found: InvoiceDetails) -> None:
    days = (formats.today() - found.due_on).days
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if found.corrects_number:
            st.badge(_("Corrects {number}").format(number=found.corrects_number), color="gray")
        elif found.corrected_by:
            st.badge(_("Corrected by {number}").format(number=found.corrected_by), color="gray")
        elif found.open_cents == 0:
            status_badge("paid", _("Paid"))
        elif days > 0:
            late = ngettext("{number} day late", "{number} days late", days).format(number=formats.number(days))
            status_badge("overdue", late)
        else:
            st.badge(_("Not due"), color="gray")
        st.markdown(
            _("**{open}** open of {total}").format(
                open=formats.cents(found.open_cents), total=formats.cents(found.total_cents)
            )
        )


def _patient_link(patient_id: int, words: str) -> None:
    st.page_link(
        page_file("patient_files"),
        label=plain(words),
        icon=":material/folder_shared:",
        query_params={"patient": str(patient_id)},
    )


def _lines(found: InvoiceDetails) -> None:
    rows = [
        {
            "day": line.charged_on,
            "words": line.description or _("Session"),
            "net": line.amount_cents / 100,
            "tax": line.tax_cents / 100,
            "rate": line.tax_rate_bp / 10_000 if line.tax_rate_bp else None,
        }
        for line in found.lines
    ]
    taxed = [Column("rate", _("Tax rate"), "percent"), Column("tax", _("Tax"), "money")]
    has_tax = any(line.tax_rate_bp for line in found.lines)
    table(
        pd.DataFrame(rows),
        [
            Column("day", _("Day"), "day"),
            Column("words", _("For")),
            Column("net", _("Amount"), "money"),
            *(taxed if has_tax else []),
        ],
        key="billing_invoice_lines",
        empty=_("This invoice has no lines."),
    )
    if not has_tax:
        st.caption(_("Exempt from tax: diagnosis, prevention and treatment."))


def _settlements(settlements: tuple[Settlement, ...], key: str, *, to_payments: bool) -> None:
    """Show which payments settle an invoice, or which invoices a payment settles."""
    rows = [
        {
            "day": one.allocated_on,
            "words": methods()[one.method] if to_payments else one.invoice_number,
            "amount": one.amount_cents / 100,
            "payment": one.payment_id,
            "invoice": one.invoice_id,
        }
        for one in settlements
    ]
    table(
        pd.DataFrame(rows),
        [
            Column("day", _("Day"), "day"),
            Column("words", _("Payment") if to_payments else _("Invoice")),
            Column("amount", _("Amount"), "money"),
        ],
        key=key,
        empty=_("Nothing was paid yet.") if to_payments else _("This payment settles no invoice: all of it is credit."),
        opens=lambda row: (
            Here({"invoice": "", "payment": int(row["payment"])})
            if to_payments
            else Here({"payment": "", "invoice": int(row["invoice"])})
        ),
    )


def _what_to_do(actor: Actor, found: InvoiceDetails) -> None:
    if found.open_cents > 0:
        if found.credit_cents > 0:
            _offer_credit(actor, found)
        st.markdown(_("**Record a payment**"))
        account = Account(found.patient_id, found.patient_name, found.patient_number, found.payer_id, found.payer_name)
        payment_form(
            actor, account, accounts.patient_account(actor, found.patient_id, found.payer_id), invoice_id=found.id
        )
    if found.corrects_number or found.corrected_by:
        return
    with st.popover(_("Correct this invoice"), icon=":material/undo:", type="tertiary"):
        st.write(_("A corrective invoice takes back the whole amount. The invoice itself stays as it was issued."))
        if st.button(_("Issue the corrective invoice"), key="billing_correct"):
            with errors.told():
                commands.correct_invoice(actor, found.id)
                done(_("The corrective invoice is issued."))


def _offer_credit(actor: Actor, found: InvoiceDetails) -> None:
    words = _("Use the credit of {amount}").format(amount=formats.cents(found.credit_cents))
    if st.button(words, key="billing_credit", icon=":material/redeem:"):
        with errors.told():
            applied = commands.apply_credit(actor, found.id)
            done(_("{amount} of credit is applied.").format(amount=formats.cents(applied)))


def payment(actor: Actor, payment_id: int) -> None:
    """Show a payment, what it settles, and the way to take it back."""
    back_button("payment")
    found = accounts.payment(actor, payment_id)
    amount = formats.cents(found.amount_cents)
    st.subheader(_("Payment of {amount}").format(amount=amount), anchor=False)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if found.is_reversal:
            st.badge(_("Reversal"), color="gray")
        if found.was_taken_back:
            st.badge(_("Taken back"), color="gray")
        method = methods()[found.method]
        st.markdown(f"{formats.day(found.received_on)} · {method}")
    _patient_link(found.patient_id, f"{found.patient_name} · {found.patient_number}")
    if found.payer_name:
        st.caption(plain(found.payer_name))
    if found.unspent_cents > 0:
        st.caption(_("{amount} of it is credit.").format(amount=formats.cents(found.unspent_cents)))
    _settlements(found.settlements, "billing_payment_invoices", to_payments=False)
    if not found.is_reversal and not found.was_taken_back:
        _offer_reversal(actor, found)


def _offer_reversal(actor: Actor, found: PaymentDetails) -> None:
    with st.popover(_("Take this payment back"), icon=":material/undo:"):
        st.write(_("The whole payment is taken back, and the invoices that it settles are open again."))
        if st.button(_("Take it back"), key="billing_reverse", type="primary"):
            form = f"reverse_{found.id}"
            with errors.told():
                commands.reverse_payment(actor, found.id, form_key(form))
                done(_("The payment is taken back."), form)
