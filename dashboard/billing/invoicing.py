"""The steps of issuing an invoice: which charges may stand on one, its lines, and what takes one back."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard.access.actor import NotFoundError, RuleBrokenError
from dashboard.billing import ledger, parties, rules
from dashboard.billing.models import Charge, Invoice, InvoiceLine


def invoiceable(session: Session, wanted: list[int]) -> list[Charge]:
    """Return these charges by day, all of which may be invoiced."""
    charges = session.scalars(select(Charge).where(Charge.id.in_(wanted)).order_by(Charge.charged_on, Charge.id)).all()
    if len(charges) != len(wanted):
        raise NotFoundError("No such charge.")
    if session.scalar(select(InvoiceLine.id).where(InvoiceLine.charge_id.in_(wanted)).limit(1)) is not None:
        raise RuleBrokenError("A charge is invoiced once, and one of these is on an invoice already.")
    if any(charge.amount_cents <= 0 or ledger.is_settled_otherwise(session, charge.id) for charge in charges):
        raise RuleBrokenError("One of these charges was written off or reversed.")
    return list(charges)


def issue(session: Session, charges: list[Charge], issued_on: date) -> int:
    """Issue one invoice over ``charges``, all of one party."""
    lines = [
        InvoiceLine(
            charge_id=charge.id,
            description=charge.description,
            amount_cents=charge.amount_cents,
            tax_category="taxed" if charge.tax_rate_bp else "exempt",
            tax_rate_bp=charge.tax_rate_bp,
            tax_cents=rules.tax_on(charge.amount_cents, charge.tax_rate_bp),
        )
        for charge in charges
    ]
    patient_id, payer_id = charges[0].patient_id, charges[0].payer_id
    issuer = parties.issuer(session)
    recipient = parties.recipient(session, patient_id, payer_id, issued_on)
    series = f"F{issued_on.year}"
    invoice = Invoice(
        series=series,
        number=ledger.next_number(session, series),
        patient_id=patient_id,
        payer_id=payer_id,
        issued_on=issued_on,
        due_on=recipient.due_on,
        total_cents=sum(line.amount_cents + line.tax_cents for line in lines),
        recipient_name=recipient.name,
        recipient_tax_id=recipient.tax_id,
        recipient_address=recipient.address,
        issuer_name=issuer.name,
        issuer_tax_id=issuer.tax_id,
    )
    return _write_invoice(session, invoice, lines)


def _write_invoice(session: Session, invoice: Invoice, lines: list[InvoiceLine]) -> int:
    session.add(invoice)
    session.flush()
    for line in lines:
        line.invoice_id = invoice.id
    session.add_all(lines)
    session.flush()
    return invoice.id


def issue_correction(session: Session, invoice: Invoice, today: date) -> int:
    """Issue a corrective invoice over every line of ``invoice``."""
    lines = session.scalars(select(InvoiceLine).where(InvoiceLine.invoice_id == invoice.id)).all()
    series = f"R{today.year}"
    issuer = parties.issuer(session)
    correction = Invoice(
        series=series,
        number=ledger.next_number(session, series),
        patient_id=invoice.patient_id,
        payer_id=invoice.payer_id,
        issued_on=today,
        due_on=today,
        total_cents=-invoice.total_cents,
        corrects_id=invoice.id,
        recipient_name=invoice.recipient_name,
        recipient_tax_id=invoice.recipient_tax_id,
        recipient_address=invoice.recipient_address,
        issuer_name=issuer.name,
        issuer_tax_id=issuer.tax_id,
    )
    return _write_invoice(session, correction, [_credited(line) for line in lines])


def _credited(line: InvoiceLine) -> InvoiceLine:
    return InvoiceLine(
        charge_id=line.charge_id,
        description=line.description,
        amount_cents=-line.amount_cents,
        tax_category=line.tax_category,
        tax_rate_bp=line.tax_rate_bp,
        tax_cents=-line.tax_cents,
    )
