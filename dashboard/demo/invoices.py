"""Invoices: charges gathered by month or session, numbered without gaps, and a few corrected."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dashboard.demo.charges import Charges
from dashboard.demo.diary import Columns
from dashboard.demo.draws import joined, order_within, words
from dashboard.demo.family import PAYERS, PAYMENT_DAYS
from dashboard.demo.people import People
from dashboard.demo.tables import Tables, Work, blank
from dashboard.demo.team import ISSUER
from dashboard.demo.window import Array

BY_MONTH = 0.8  # of patients; the others get one invoice a session
SINGLE = 1_000  # periods from here on are days
PAYER_ADDRESS = "Paseo de la Castellana 200, 28046 Madrid"


@dataclass(frozen=True)
class Invoices(Columns):
    """Invoices in order of issue; ``patient`` is the place in the people, ``net`` the total less corrections."""

    id: Array
    series: Array
    number: Array
    patient: Array
    payer: Array
    issued: Array
    due: Array
    total: Array
    net: Array
    is_single: Array


@dataclass(frozen=True)
class _Lines(Columns):
    invoice: Array  # place in the invoices
    charge: Array
    amount: Array
    tax_rate: Array
    tax: Array


def write_invoices(work: Work, charges: Charges, people: People, chunk: int) -> Invoices:
    """Write the invoices of ``charges`` issued until today, with their lines, corrections and series."""
    rng, window, tables = work.rng, work.window, work.tables
    group, invoices = _gather(work, charges, people)
    is_issued = invoices.issued < window.now
    is_issued &= ~((rng.random(len(is_issued)) < 0.015) & (invoices.issued < window.now - 10))
    order = np.flatnonzero(is_issued)[np.lexsort((invoices.patient[is_issued], invoices.issued[is_issued]))]
    place = np.full(len(is_issued), -1)
    place[order] = np.arange(len(order))
    invoices = invoices.rows(order)
    lines = _lines(place[group], charges)
    total = np.zeros(len(order), dtype=np.int64)
    np.add.at(total, lines.invoice, lines.amount + lines.tax)
    invoices = replace(_numbered(work, invoices, "F", chunk), total=total, net=total)
    _write(work, invoices, people, None)
    _write_lines(invoices, lines, tables)
    return _correct(work, invoices, lines, people, chunk)


def _gather(work: Work, charges: Charges, people: People) -> tuple[Array, Invoices]:
    """Return the invoice of each charge, and invoices without number and total."""
    rng, window = work.rng, work.window
    by_month = (rng.random(len(people.id)) < BY_MONTH)[charges.patient] | (charges.payer > 0)
    month = window.dates(charges.day).astype("datetime64[M]")
    period = np.where(by_month, (month - month.min()).astype(int) if len(month) else 0, SINGLE + charges.day)
    key = (charges.patient * 8 + charges.payer) * 4_096 + period
    key, group = np.unique(key, return_inverse=True)
    period, party = key % 4_096, key // 4_096
    patient, payer = party // 8, party % 8
    is_single = period >= SINGLE
    after = (month.min() + np.where(is_single, 0, period) + 1).astype("datetime64[D]") if len(month) else month
    month_end = (after - np.datetime64(window.first, "D")).astype(int)
    issued = np.where(is_single, period - SINGLE, month_end + patient % 3)
    days = np.where(payer > 0, PAYMENT_DAYS[payer - 1], np.where(is_single, 7, 15))
    none = np.zeros(len(key), dtype=np.int64)
    return group, Invoices(none, none, none, patient, payer, issued, issued + days, none, none, is_single)


def _numbered(work: Work, invoices: Invoices, letter: str, chunk: int) -> Invoices:
    """Return the invoices, which are in order of issue, with numbers without a gap; write their series."""
    window, tables = work.window, work.tables
    year = window.dates(invoices.issued).astype("datetime64[Y]").astype(int) + 1970
    suffix = f"-{chunk + 1:03d}" if chunk else ""
    number = order_within(year) + 1
    years, issued = np.unique(year, return_counts=True)
    tables.write_rows(
        "invoice_series",
        [
            {"code": f"{letter}{code}{suffix}", "last_number": int(last)}
            for code, last in zip(years, issued, strict=True)
        ],
    )
    ids = tables.take("invoice", len(number))
    return replace(invoices, id=ids, series=joined(letter, year, suffix) if len(year) else year, number=number)


def _lines(invoice: Array, charges: Charges) -> _Lines:
    tax = (charges.amount * charges.tax_rate + 5_000) // 10_000
    lines = _Lines(invoice, charges.id, charges.amount, charges.tax_rate, tax)
    kept = np.flatnonzero(invoice >= 0)
    return lines.rows(kept[np.argsort(invoice[kept], kind="stable")])


def _write(work: Work, invoices: Invoices, people: People, corrects: Array | None) -> None:
    """Write invoices as issued to the patient or the payer, whose data are copied into them."""
    window, tables = work.window, work.tables
    patient, is_payer = invoices.patient, invoices.payer > 0
    name = joined(people.name[:, 0], " ", people.name[:, 1])
    address = joined(people.address[:, 0], ", ", people.address[:, 1])
    by_payer = [words([None, *(row[key] for row in PAYERS)]) for key in ("name", "tax_id")]
    tables.write(
        "invoice",
        {
            "id": invoices.id,
            "series": invoices.series,
            "number": invoices.number,
            "patient_id": people.id[patient],
            "payer_id": blank(invoices.payer, ~is_payer),
            "issued_on": window.dates(invoices.issued),
            "due_on": window.dates(invoices.due),
            "total_cents": invoices.total,
            "recipient_name": np.where(is_payer, by_payer[0][invoices.payer], name[patient]),
            "recipient_tax_id": np.where(is_payer, by_payer[1][invoices.payer], people.tax_id[patient]),
            "recipient_address": np.where(is_payer, PAYER_ADDRESS, address[patient]),
            "issuer_name": ISSUER["name"],
            "issuer_tax_id": ISSUER["tax_id"],
            "created_at": window.moments(invoices.issued, 1_280),
            **({} if corrects is None else {"corrects_id": corrects}),
        },
    )


def _write_lines(invoices: Invoices, lines: _Lines, tables: Tables) -> None:
    tables.write(
        "invoice_line",
        {
            "id": tables.take("invoice_line", len(lines.charge)),
            "invoice_id": invoices.id[lines.invoice],
            "charge_id": lines.charge,
            "amount_cents": lines.amount,
            "tax_category": np.where(lines.tax_rate > 0, "taxed", "exempt"),
            "tax_rate_bp": lines.tax_rate,
            "tax_cents": lines.tax,
        },
    )


def _correct(work: Work, invoices: Invoices, lines: _Lines, people: People, chunk: int) -> Invoices:
    """Write corrective invoices, of the whole or of half of each line; return the invoices with what remains."""
    rng, window, tables = work.rng, work.window, work.tables
    chosen = (rng.random(len(invoices.id)) < 0.008) & (invoices.issued < window.now - 25) & (invoices.total > 0)
    which = np.flatnonzero(chosen)
    if not len(which):
        return invoices
    issued = invoices.issued[which] + rng.integers(5, 20, len(which))
    order = np.argsort(issued, kind="stable")
    which, issued = which[order], issued[order]
    place = np.full(len(invoices.id), -1)
    place[which] = np.arange(len(which))
    share = np.where(rng.random(len(which)) < 0.5, 1, 2)
    kept = np.flatnonzero(place[lines.invoice] >= 0)
    back = lines.rows(kept)
    back = replace(back, invoice=place[back.invoice])
    back = replace(back, amount=-(back.amount // share[back.invoice]), tax=-(back.tax // share[back.invoice]))
    total = np.zeros(len(which), dtype=np.int64)
    np.add.at(total, back.invoice, back.amount + back.tax)
    corrective = replace(invoices.rows(which), issued=issued, due=issued, total=total)
    corrective = _numbered(work, corrective, "R", chunk)
    _write(work, corrective, people, invoices.id[which])
    _write_lines(corrective, back, tables)
    net = invoices.net.copy()
    net[which] += total
    return replace(invoices, net=net)
