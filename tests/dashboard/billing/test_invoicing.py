"""Invoices: one a party, numbered without a gap, addressed to who pays, and never changed once issued."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from dashboard import clock
from dashboard.access.actor import NotAllowedError, NotFoundError, RuleBrokenError
from dashboard.billing import accounts, commands
from dashboard.billing.models import Charge, InvoiceLine
from dashboard.patients.models import Patient
from tests.dashboard.billing.conftest import House, add, add_guardian, owner, rows

TODAY = clock.today("Europe/Madrid")


def invoice_row(invoice_id: int) -> Any:
    [row] = rows("select * from invoice where id = :id", id=invoice_id)
    return row


def test_one_invoice_is_issued_for_each_patient_and_payer(house: House) -> None:
    house.cover(covered_percent=Decimal(80))
    charges = [*house.charge(), *house.charge(), *house.charge(house.partner)]
    issued = commands.invoice_charges(house.front_desk, charges)
    parties = [(invoice_row(one).patient_id, invoice_row(one).payer_id) for one in issued]
    assert sorted(parties, key=str) == sorted(
        [(house.patient, None), (house.patient, house.insurer), (house.partner, None)], key=str
    )
    assert sum(invoice_row(one).total_cents for one in issued) == 18_000


def test_an_invoice_is_addressed_to_the_patient_and_due_in_fifteen_days(house: House) -> None:
    invoice = invoice_row(house.invoice())
    assert (invoice.recipient_name, invoice.recipient_tax_id) == ("Eva Vega", "12345678Z")
    assert (invoice.issuer_name, invoice.issuer_tax_id) == ("Consulta Norte", "B12345674")
    assert invoice.due_on == invoice.issued_on + timedelta(days=15)
    assert (invoice.series, invoice.number) == (f"F{TODAY.year}", 1)


def test_an_insurers_invoice_is_due_when_the_insurer_pays(house: House) -> None:
    house.cover(covered_percent=Decimal(100))
    invoice = invoice_row(house.invoice())
    assert (invoice.recipient_name, invoice.recipient_tax_id) == ("Aseguradora", "A58818501")
    assert invoice.due_on == invoice.issued_on + timedelta(days=60)


def test_a_minors_invoice_is_addressed_to_the_guardian_with_authority(house: House) -> None:
    child = add(Patient, given_name="Leo", surname_1="Vega", birth_date=TODAY - timedelta(days=3_000), pays="guardian")
    add_guardian(child, has_authority=None, id_value="00000001R")
    add_guardian(child, has_authority=True, id_value="00000002W")
    assert invoice_row(house.invoice(child)).recipient_tax_id == "00000002W"


def test_a_taxed_line_carries_its_tax_and_an_exempt_one_none(house: House) -> None:
    taxed = invoice_row(house.invoice(service=house.report, fee_cents=10_001))
    assert taxed.total_cents == 10_001 + 2_100
    exempt = house.invoice()
    [line] = rows("select * from invoice_line where invoice_id = :id", id=exempt)
    assert (line.tax_category, line.tax_cents) == ("exempt", 0)


def test_a_charge_is_invoiced_once(house: House) -> None:
    charges = house.charge()
    commands.invoice_charges(house.manager, charges)
    with pytest.raises(RuleBrokenError):
        commands.invoice_charges(house.manager, charges)


def test_numbers_have_no_gap_under_eight_threads_and_refusals(house: House) -> None:
    charges = [house.charge(patient) for patient in [house.patient, house.partner] * 8]
    twice = [*charges, *charges]

    def issue(ids: list[int]) -> bool:
        try:
            commands.invoice_charges(house.manager, ids)
        except RuleBrokenError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(issue, twice)) == len(charges)
    numbers = [row.number for row in rows("select number from invoice order by number")]
    assert numbers == list(range(1, len(charges) + 1))


@pytest.mark.parametrize("days", [1, 400])
def test_an_invoice_is_not_dated_in_the_future(house: House, days: int) -> None:
    with pytest.raises(RuleBrokenError):
        commands.invoice_charges(house.manager, house.charge(), issued_on=TODAY + timedelta(days=days))


def test_the_series_is_the_year_of_issue(house: House) -> None:
    [invoice] = commands.invoice_charges(house.manager, house.charge(), issued_on=date(2025, 12, 31))
    assert invoice_row(invoice).series == "F2025"


def test_what_was_written_off_is_not_invoiced(house: House) -> None:
    [charge] = house.charge()
    commands.write_off_charge(house.manager, charge, "hardship")
    with pytest.raises(RuleBrokenError):
        commands.invoice_charges(house.manager, [charge])


def test_an_unknown_charge_is_not_found(house: House) -> None:
    with pytest.raises(NotFoundError):
        commands.invoice_charges(house.manager, [999_999])


def test_a_correction_takes_back_the_whole_amount_in_a_series_of_its_own(house: House) -> None:
    invoice = house.invoice(service=house.report, fee_cents=10_000)
    correction = invoice_row(commands.correct_invoice(house.manager, invoice))
    assert (correction.series, correction.number) == (f"R{TODAY.year}", 1)
    assert (correction.total_cents, correction.corrects_id) == (-12_100, invoice)
    with pytest.raises(RuleBrokenError):
        commands.correct_invoice(house.manager, invoice)
    with pytest.raises(RuleBrokenError):
        commands.correct_invoice(house.manager, correction.id)


def test_a_paid_invoice_is_corrected_after_its_payment_was_taken_back(house: House) -> None:
    invoice = house.invoice()
    payment = commands.record_payment(
        house.manager,
        patient_id=house.patient,
        amount_cents=1_000,
        method="cash",
        received_on=TODAY,
        idempotency_key="one",
    )
    with pytest.raises(RuleBrokenError):
        commands.correct_invoice(house.manager, invoice)
    commands.reverse_payment(house.manager, payment, "two")
    assert commands.correct_invoice(house.manager, invoice)


@pytest.mark.parametrize("role", ["therapist", "auditor"])
def test_only_the_office_invoices(house: House, role: str) -> None:
    charges = house.charge()
    with pytest.raises(NotAllowedError):
        commands.invoice_charges(getattr(house, role), charges)


@pytest.mark.parametrize("statement", ["update {} set amount_cents = 1", "delete from {}"])
@pytest.mark.parametrize("model", [Charge, InvoiceLine])
def test_money_never_changes_once_written_even_for_the_owner(house: House, statement: str, model: Any) -> None:
    house.invoice()
    with pytest.raises(IntegrityError, match="never change"), owner() as connection:
        connection.execute(text(statement.replace("{}", model.__tablename__)))


def test_without_its_trigger_money_would_change(house: House) -> None:
    """The control of the test above: it is the trigger that refuses, and nothing else."""
    house.invoice()
    with owner() as connection:
        connection.execute(text("alter table charge disable trigger append_only"))
        changed = connection.execute(text("update charge set amount_cents = 1"))
    assert changed.rowcount == 1


def test_what_was_corrected_is_given_up_and_not_invoiced_again(house: House) -> None:
    charges = house.charge()
    [invoice] = commands.invoice_charges(house.manager, charges)
    commands.correct_invoice(house.manager, invoice)
    with pytest.raises(RuleBrokenError):
        commands.invoice_charges(house.manager, charges)
    appointment = rows("select appointment_id from charge")[0][0]
    [shown] = accounts.session_charges(house.manager, appointment)
    assert (shown.is_left, shown.is_to_invoice, shown.invoice_id) == (True, False, invoice)
    commands.write_off_charge(house.manager, charges[0], "error")
    assert rows("select amount_cents from charge_write_off")[0][0] == 6_000
