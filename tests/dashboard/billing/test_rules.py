"""Prices split and payments spent to the cent, whatever the amounts."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.billing.rules import (
    Open,
    Split,
    Terms,
    allocation_plan,
    bucket,
    share,
    split_amount,
    tax_on,
    terms_on,
)

CENTS = st.integers(0, 100_000_000)
PERCENT = st.decimals(0, 100, places=2)
DUE = date(2026, 3, 10)


@settings(deadline=None)
@given(CENTS, st.none() | PERCENT, st.none() | CENTS)
def test_the_parts_of_a_price_are_the_price(price: int, percent: Decimal | None, copayment: int | None) -> None:
    split = split_amount(price, covered_percent=percent, copayment_cents=copayment)
    assert split.patient_cents + split.payer_cents == price
    assert split.patient_cents >= 0
    assert split.payer_cents >= 0


@pytest.mark.parametrize(
    ("price", "percent", "copayment", "split"),
    [
        (6_000, Decimal(80), None, Split(1_200, 4_800)),
        (6_000, None, 1_500, Split(1_500, 4_500)),
        (1_000, None, 1_500, Split(1_000, 0)),
        (6_000, None, None, Split(0, 6_000)),
        (6_000, Decimal(80), 1_500, Split(1_500, 4_500)),
        (1, Decimal(50), None, Split(0, 1)),
        (9_999, Decimal("33.33"), None, Split(6_666, 3_333)),
        (6_000, Decimal(0), None, Split(6_000, 0)),
    ],
)
def test_a_copayment_is_the_patients_part_and_a_percentage_the_payers(
    price: int, percent: Decimal | None, copayment: int | None, split: Split
) -> None:
    assert split_amount(price, covered_percent=percent, copayment_cents=copayment) == split


OPEN = st.lists(st.integers(1, 1_000_000), max_size=8).map(
    lambda amounts: [Open(number, amount) for number, amount in enumerate(amounts, start=1)]
)


@settings(deadline=None)
@given(OPEN, OPEN)
def test_a_plan_spends_all_that_can_be_spent_and_not_a_cent_more(payments: list[Open], invoices: list[Open]) -> None:
    plan = allocation_plan(payments, invoices)
    spent = sum(part.amount_cents for part in plan)
    assert spent == min(sum(one.open_cents for one in payments), sum(one.open_cents for one in invoices))
    assert all(part.amount_cents > 0 for part in plan)
    for side, name in ((payments, "payment_id"), (invoices, "invoice_id")):
        for one in side:
            taken = sum(part.amount_cents for part in plan if getattr(part, name) == one.id)
            assert taken <= one.open_cents


def test_the_first_invoice_is_settled_before_the_next() -> None:
    plan = allocation_plan([Open(1, 70)], [Open(10, 50), Open(11, 50)])
    assert [(part.invoice_id, part.amount_cents) for part in plan] == [(10, 50), (11, 20)]


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (-5, "not_due"),
        (0, "not_due"),
        (1, "d0_30"),
        (30, "d0_30"),
        (31, "d31_60"),
        (60, "d31_60"),
        (61, "d61_90"),
        (90, "d61_90"),
        (91, "d90_plus"),
    ],
)
def test_an_invoice_is_late_from_the_day_after_it_was_due(days: int, expected: str) -> None:
    assert bucket(DUE, DUE + timedelta(days=days)) == expected


@pytest.mark.parametrize(("amount", "percent", "part"), [(6_000, 50, 3_000), (5, 50, 3), (3, 50, 2), (0, 50, 0)])
def test_half_a_cent_is_rounded_up(amount: int, percent: int, part: int) -> None:
    assert share(amount, percent) == part


@settings(deadline=None)
@given(CENTS, st.integers(0, 5_000))
def test_tax_taken_back_is_the_tax_given(amount: int, rate: int) -> None:
    assert tax_on(-amount, rate) == -tax_on(amount, rate)


def test_the_coverage_with_the_lowest_priority_pays() -> None:
    first, second = Terms(1, 1, date(2026, 1, 1)), Terms(2, 2, date(2025, 1, 1))
    assert terms_on(DUE, [second, first]) == first


@pytest.mark.parametrize(
    "terms",
    [
        Terms(1, 1, DUE + timedelta(days=1)),
        Terms(1, 1, date(2026, 1, 1), valid_until=DUE),
        Terms(1, 1, date(2026, 1, 1), authorised_sessions=10, used_sessions=10),
    ],
    ids=["not yet valid", "ended that day", "used up"],
)
def test_a_coverage_that_does_not_apply_pays_nothing(terms: Terms) -> None:
    assert terms_on(DUE, [terms]) is None
