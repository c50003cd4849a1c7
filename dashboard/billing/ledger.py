"""What is still open: amounts left on invoices and on payments, read inside a command's transaction."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, ColumnElement, ScalarSelect, cast, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from dashboard.billing.models import (
    Charge,
    ChargeWriteOff,
    Invoice,
    InvoiceLine,
    InvoiceSeries,
    Payment,
    PaymentAllocation,
)
from dashboard.billing.rules import Allocation, Open


def _sum_of(
    column: ColumnElement[int] | InstrumentedAttribute[int], condition: ColumnElement[bool]
) -> ScalarSelect[int]:
    # A sum of bigint is numeric in Postgres; cents stay integers.
    return select(cast(func.coalesce(func.sum(column), 0), BigInteger)).where(condition).scalar_subquery()


CORRECTION = aliased(Invoice)
REFUND = aliased(Payment)
# Aliases, so that a query may join the tables themselves without the sums becoming sums over its own rows.
SETTLED = aliased(PaymentAllocation)
LINE = aliased(InvoiceLine)

INVOICE_OPEN = (
    Invoice.total_cents
    + _sum_of(CORRECTION.total_cents, CORRECTION.corrects_id == Invoice.id)
    - _sum_of(SETTLED.amount_cents, SETTLED.invoice_id == Invoice.id)
)
PAYMENT_UNSPENT = (
    Payment.amount_cents
    + _sum_of(REFUND.amount_cents, REFUND.reverses_id == Payment.id)
    - _sum_of(SETTLED.amount_cents, SETTLED.payment_id == Payment.id)
)
"""What is left of a payment, once what was given back and what settles invoices are taken off."""

CHARGE_INVOICED = _sum_of(LINE.amount_cents, LINE.charge_id == Charge.id)
"""What stands on invoices of a charge, less what was credited."""


def open_invoices(session: Session, patient_id: int, payer_id: int | None, first: int | None = None) -> list[Open]:
    """Return a party's invoices with something open: ``first`` before the others, then the longest due."""
    found = session.execute(
        select(Invoice.id, INVOICE_OPEN)
        .where(
            Invoice.patient_id == patient_id,
            Invoice.payer_id.is_not_distinct_from(payer_id),
            Invoice.corrects_id.is_(None),
            INVOICE_OPEN > 0,
        )
        .order_by((Invoice.id == first).desc() if first else Invoice.due_on, Invoice.due_on, Invoice.id)
    )
    return [Open(*row) for row in found]


def unspent_payments(session: Session, patient_id: int, payer_id: int | None) -> list[Open]:
    """Return a party's payments with something left, the oldest first."""
    found = session.execute(
        select(Payment.id, PAYMENT_UNSPENT)
        .where(
            Payment.patient_id == patient_id,
            Payment.payer_id.is_not_distinct_from(payer_id),
            Payment.reverses_id.is_(None),
            PAYMENT_UNSPENT > 0,
        )
        .order_by(Payment.received_on, Payment.id)
    )
    return [Open(*row) for row in found]


def credit_cents(session: Session, patient_id: int, payer_id: int | None) -> int:
    """Return what a party paid and no invoice has taken."""
    return sum(payment.open_cents for payment in unspent_payments(session, patient_id, payer_id))


def open_cents(session: Session, invoice_id: int) -> int:
    """Return what is open of an invoice."""
    return session.scalars(select(INVOICE_OPEN).where(Invoice.id == invoice_id)).one()


def allocated_cents(session: Session, invoice_id: int) -> int:
    """Return how much of an invoice payments have settled."""
    return session.scalars(
        select(func.coalesce(func.sum(PaymentAllocation.amount_cents), 0)).where(
            PaymentAllocation.invoice_id == invoice_id
        )
    ).one()


def allocate(session: Session, plan: list[Allocation], day: date) -> int:
    """Write a plan in one statement and return the amount that it settles."""
    session.add_all(
        PaymentAllocation(
            payment_id=part.payment_id,
            invoice_id=part.invoice_id,
            amount_cents=part.amount_cents,
            allocated_on=day,
        )
        for part in plan
    )
    session.flush()
    return sum(part.amount_cents for part in plan)


def taken_back(session: Session, payment_id: int) -> list[Allocation]:
    """Return the plan that undoes all that a payment settled."""
    found = session.execute(
        select(PaymentAllocation.invoice_id, func.sum(PaymentAllocation.amount_cents))
        .where(PaymentAllocation.payment_id == payment_id)
        .group_by(PaymentAllocation.invoice_id)
        .having(func.sum(PaymentAllocation.amount_cents) != 0)
    )
    return [Allocation(payment_id, invoice_id, -int(amount)) for invoice_id, amount in found]


def first_settled(session: Session, payment_id: int) -> int | None:
    """Return the invoice that a payment was spent on first."""
    return session.scalars(
        select(PaymentAllocation.invoice_id)
        .where(PaymentAllocation.payment_id == payment_id)
        .order_by(PaymentAllocation.id)
        .limit(1)
    ).one_or_none()


def is_settled_otherwise(session: Session, charge_id: int) -> bool:
    """Return whether a charge was written off or reversed, so that it can no longer be invoiced."""
    written_off = select(ChargeWriteOff.id).where(ChargeWriteOff.charge_id == charge_id)
    reversed_by = select(Charge.id).where(Charge.reverses_id == charge_id)
    return bool(session.scalar(select(written_off.exists() | reversed_by.exists())))


def next_number(session: Session, series: str) -> int:
    """Take the next number of a series. The row stays locked until the end, so that a refusal leaves no gap."""
    session.execute(insert(InvoiceSeries).values(code=series).on_conflict_do_nothing())
    return session.scalars(
        update(InvoiceSeries)
        .where(InvoiceSeries.code == series)
        .values(last_number=InvoiceSeries.last_number + 1)
        .returning(InvoiceSeries.last_number)
    ).one()
