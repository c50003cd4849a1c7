"""Pure decisions about money: how a price is split, what a payment settles, how late an invoice is. Integer cents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

Bucket = Literal["not_due", "d0_30", "d31_60", "d61_90", "d90_plus"]
BUCKETS: tuple[Bucket, ...] = ("not_due", "d0_30", "d31_60", "d61_90", "d90_plus")

HUNDRED_PERCENT_BP = 10_000


@dataclass(frozen=True)
class Split:
    """A price between the patient and the payer; the two parts are the price, to the cent."""

    patient_cents: int
    payer_cents: int


@dataclass(frozen=True)
class Terms:
    """A coverage as far as money goes, ``[valid_from, valid_until)`` in days, with the sessions it has paid for."""

    payer_id: int
    priority: int
    valid_from: date
    valid_until: date | None = None
    covered_percent: Decimal | None = None
    copayment_cents: int | None = None
    authorised_sessions: int | None = None
    used_sessions: int = 0

    def applies_on(self, day: date) -> bool:
        """Return whether the coverage is valid on ``day`` and not used up."""
        is_valid = self.valid_from <= day and (self.valid_until is None or day < self.valid_until)
        return is_valid and (self.authorised_sessions is None or self.used_sessions < self.authorised_sessions)


def terms_on(day: date, terms: Iterable[Terms]) -> Terms | None:
    """Return the coverage that pays on ``day``: the lowest priority number wins, then the oldest."""
    applying = [one for one in terms if one.applies_on(day)]
    return min(applying, key=lambda one: (one.priority, one.valid_from, one.payer_id), default=None)


def share(amount_cents: int, percent: Decimal | int) -> int:
    """Return ``percent`` of an amount, halves of a cent rounded up."""
    return int((Decimal(amount_cents) * Decimal(percent) / 100).quantize(Decimal(1), ROUND_HALF_UP))


def split_amount(
    price_cents: int, *, covered_percent: Decimal | None = None, copayment_cents: int | None = None
) -> Split:
    """Split a price: a copayment is the patient's part; else the payer pays a percentage; with neither, all of it."""
    if copayment_cents is not None:
        patient_cents = min(copayment_cents, price_cents)
    elif covered_percent is not None:
        patient_cents = price_cents - share(price_cents, covered_percent)
    else:
        patient_cents = 0
    return Split(patient_cents, price_cents - patient_cents)


def tax_on(amount_cents: int, rate_bp: int) -> int:
    """Return the tax on an amount, at a rate in hundredths of a per cent, halves of a cent rounded away from zero."""
    tax = Decimal(amount_cents) * rate_bp / HUNDRED_PERCENT_BP
    return int(tax.quantize(Decimal(1), ROUND_HALF_UP))


@dataclass(frozen=True)
class Open:
    """Something with an amount left: an invoice to settle, or a payment to spend."""

    id: int
    open_cents: int


@dataclass(frozen=True)
class Allocation:
    """A part of a payment that settles an invoice."""

    payment_id: int
    invoice_id: int
    amount_cents: int


def allocation_plan(payments: Sequence[Open], invoices: Sequence[Open]) -> list[Allocation]:
    """Spend ``payments`` on ``invoices``, both in the order given, until one side has nothing left."""
    plan: list[Allocation] = []
    remaining = {invoice.id: invoice.open_cents for invoice in invoices}
    for payment in payments:
        left = payment.open_cents
        for invoice_id, open_cents in remaining.items():
            amount = min(left, open_cents)
            if amount > 0:
                plan.append(Allocation(payment.id, invoice_id, amount))
                remaining[invoice_id] -= amount
                left -= amount
    return plan


def bucket(due_on: date, today: date) -> Bucket:
    """Return how late something due on ``due_on`` is; on the day itself it is not late yet."""
    days = (today - due_on).days
    if days <= 0:
        return "not_due"
    limits: tuple[tuple[int, Bucket], ...] = ((30, "d0_30"), (60, "d31_60"), (90, "d61_90"))
    return next((name for limit, name in limits if days <= limit), "d90_plus")
