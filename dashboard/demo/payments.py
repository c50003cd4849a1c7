"""Payments: on time, late, in part, never; paid ahead, given back, and returned by the bank."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dashboard.billing.models import METHODS
from dashboard.demo.diary import Columns
from dashboard.demo.draws import joined, pick_by_weight
from dashboard.demo.family import Coverages
from dashboard.demo.invoices import Invoices
from dashboard.demo.people import People
from dashboard.demo.tables import Work, blank, coded
from dashboard.demo.team import FIRST_DESK
from dashboard.demo.window import Array

AT_DESK = {"cash": 0.24, "card": 0.5, "bizum": 0.25, "other": 0.01}
FROM_HOME = {"transfer": 0.45, "direct_debit": 0.34, "bizum": 0.2, "cheque": 0.01}
COPAYMENT, DEBIT, REMITTANCE = map(METHODS.index, ("copayment", "direct_debit", "insurer_remittance"))
COMPANY = 4  # the payer that pays by transfer, one by one


@dataclass(frozen=True)
class _Payments(Columns):
    invoice: Array  # place in the invoices, -1 for none
    patient: Array  # place in the people
    payer: Array
    method: Array
    amount: Array
    allocated: Array
    day: Array


def write_payments(work: Work, invoices: Invoices, people: People, coverages: Coverages) -> None:
    """Write what was paid for ``invoices`` until today, what was paid ahead, and what went back."""
    _rng, window, _tables = work.rng, work.window, work.tables
    payments = _settling(work, invoices, coverages).and_also(_ahead(work, people))
    payments = payments.rows(np.flatnonzero((payments.day < window.now) & (payments.amount > 0)))
    payments = payments.rows(np.lexsort((payments.invoice, payments.patient, payments.day)))
    ids = _write(work, payments, people, None)
    _write_allocations(work, payments, ids, invoices)
    _write_returns(work, payments, ids, invoices, people)


def _settling(work: Work, invoices: Invoices, coverages: Coverages) -> _Payments:
    """Return payments for invoices: whole, or in two parts of which the second may never come."""
    rng, window = work.rng, work.window
    number = len(invoices.id)
    is_payer = invoices.payer > 0
    late = rng.lognormal(np.log(11), 0.95, number).astype(int)
    at_once = invoices.is_single & (rng.random(number) < 0.85)
    day = np.where(is_payer, invoices.due - 10 + late, np.where(at_once, invoices.issued, invoices.issued + late))
    # An insurer pays all that is due on the Friday of the week.
    day = np.where(is_payer & (invoices.payer != COMPANY), day + (4 - day) % 7, day)
    draw = rng.random(number)
    # What is long past due has mostly been chased and settled.
    is_long_ago = (invoices.issued < window.now - 200) & (rng.random(number) < 0.93)
    never = np.where(is_long_ago, 0.0, 0.03)
    is_split = draw > 0.96
    first = np.where(is_split, invoices.net // 2, invoices.net)
    over = np.where((draw > 0.3) & (draw < 0.304) & ~is_payer, 1_000, 0)
    method = _methods(rng, invoices, coverages)
    whole = _Payments(np.arange(number), invoices.patient, invoices.payer, method, first + over, first, day)
    second = replace(whole, amount=invoices.net - first, allocated=invoices.net - first, day=day + 25)
    pays = (invoices.net > 0) & (draw > never)
    comes = pays & is_split & (is_long_ago | (rng.random(number) < 0.4))
    return whole.rows(np.flatnonzero(pays)).and_also(second.rows(np.flatnonzero(comes)))


def _methods(rng: np.random.Generator, invoices: Invoices, coverages: Coverages) -> Array:
    number = len(invoices.id)
    desk = _places(pick_by_weight(rng, AT_DESK, number))
    home = _places(pick_by_weight(rng, FROM_HOME, number))
    own = np.where(invoices.is_single, desk, home)
    is_copayment = (coverages.payer[invoices.patient] > 0) & (coverages.copayment[invoices.patient] >= 0)
    own = np.where(is_copayment & (rng.random(number) < 0.7), COPAYMENT, own)
    by_payer = np.where(invoices.payer == COMPANY, METHODS.index("transfer"), REMITTANCE)
    return np.where(invoices.payer > 0, by_payer, own)


def _places(methods: Array) -> Array:
    places = {name: place for place, name in enumerate(METHODS)}
    return np.array([places[name] for name in methods], dtype=np.int64)


def _ahead(work: Work, people: People) -> _Payments:
    """Return payments that no invoice has used yet: credit."""
    rng, window = work.rng, work.window
    patient = np.flatnonzero((people.first < window.now - 20) & (rng.random(len(people.id)) < 0.015))
    number = len(patient)
    amount = rng.choice([5_000, 7_000, 10_000, 20_000], number)
    day = window.now - rng.integers(2, 60, number)
    method = np.full(number, METHODS.index("transfer"))
    none = np.zeros(number, dtype=np.int64)
    return _Payments(none - 1, patient, none, method, amount, none, day)


def _write(work: Work, payments: _Payments, people: People, reverses: Array | None) -> Array:
    window, tables = work.window, work.tables
    number = len(payments.day)
    ids = tables.take("payment", number)
    is_remittance = payments.method == REMITTANCE
    remittance = joined("REM-", payments.payer, "-", window.dates(payments.day)) if number else payments.day
    tables.write(
        "payment",
        {
            "id": ids,
            "patient_id": people.id[payments.patient],
            "payer_id": blank(payments.payer, payments.payer == 0),
            "method": coded(METHODS, payments.method),
            "amount_cents": payments.amount,
            "received_on": window.dates(payments.day),
            "reference": blank(remittance, ~is_remittance),
            "recorded_by_id": FIRST_DESK,
            "created_at": window.moments(payments.day, 1_290),
            **({} if reverses is None else {"reverses_id": reverses}),
        },
    )
    return ids


def _write_allocations(work: Work, payments: _Payments, ids: Array, invoices: Invoices) -> None:
    window, tables = work.window, work.tables
    used = np.flatnonzero(payments.allocated != 0)
    tables.write(
        "payment_allocation",
        {
            "id": tables.take("payment_allocation", len(used)),
            "payment_id": ids[used],
            "invoice_id": invoices.id[payments.invoice[used]],
            "amount_cents": payments.allocated[used],
            "allocated_on": window.dates(payments.day[used]),
            "created_at": window.moments(payments.day[used], 1_295),
        },
    )


def _write_returns(work: Work, payments: _Payments, ids: Array, invoices: Invoices, people: People) -> None:
    """Write debits that the bank returned (the invoice is open again) and payments ahead that were given back."""
    rng, window, _tables = work.rng, work.window, work.tables
    draw = rng.random(len(ids))
    is_ahead = payments.invoice < 0
    goes_back = np.where(is_ahead, draw < 0.2, (payments.method == DEBIT) & (draw < 0.03))
    which = np.flatnonzero(goes_back & (payments.day < window.now - 8))
    chosen = payments.rows(which)
    back = replace(
        chosen, amount=-chosen.amount, allocated=-chosen.allocated, day=chosen.day + rng.integers(1, 7, len(which))
    )
    _write(work, back, people, ids[which])
    _write_allocations(work, back, ids[which], invoices)
