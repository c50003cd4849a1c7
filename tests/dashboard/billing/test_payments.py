"""Payments: recorded once, spent on what is due, never more than was paid or invoiced, taken back whole."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from dashboard import clock
from dashboard.access.actor import NotAllowedError, NotFoundError, RuleBrokenError
from dashboard.billing import accounts, commands
from tests.dashboard.billing.conftest import House, owner, rows

TODAY = clock.today("Europe/Madrid")


def pay(house: House, amount: int = 6_000, key: str = "key", **values: Any) -> int:
    asked = {"patient_id": house.patient, "method": "card", "received_on": TODAY, **values}
    return commands.record_payment(house.front_desk, amount_cents=amount, idempotency_key=key, **asked)


def settled(payment: int) -> list[tuple[int, int]]:
    found = rows(
        "select invoice_id, amount_cents from payment_allocation where payment_id = :id order by id", id=payment
    )
    return [tuple(row) for row in found]


def test_a_payment_settles_the_named_invoice_then_the_longest_due_and_the_rest_is_credit(house: House) -> None:
    oldest, middle, newest = (house.invoice() for _ in range(3))
    payment = pay(house, 14_000, invoice_id=newest)
    assert settled(payment) == [(newest, 6_000), (oldest, 6_000), (middle, 2_000)]
    overpaid = pay(house, 10_000, key="more")
    assert settled(overpaid) == [(middle, 4_000)]
    assert accounts.payment(house.manager, overpaid).unspent_cents == 6_000


def test_a_payment_does_not_settle_another_partys_invoice(house: House) -> None:
    house.invoice(house.partner)
    assert settled(pay(house)) == []


def test_a_payment_sent_thirty_two_times_is_recorded_once(house: House) -> None:
    invoice = house.invoice()
    with ThreadPoolExecutor(32) as pool:
        answers = set(pool.map(lambda _: pay(house, invoice_id=invoice), range(32)))
    assert len(answers) == 1
    assert rows("select count(*) from payment")[0][0] == 1
    assert rows("select sum(amount_cents) from payment_allocation")[0][0] == 6_000


@pytest.mark.parametrize("change", [{"amount": 5_000}, {"method": "cash"}, {"received_on": TODAY - timedelta(days=1)}])
def test_the_same_key_for_another_payment_is_a_conflict(house: House, change: dict[str, Any]) -> None:
    pay(house)
    with pytest.raises(RuleBrokenError):
        pay(house, **change)
    assert rows("select count(*) from payment")[0][0] == 1


def test_payments_at_once_never_settle_more_than_is_open(house: House) -> None:
    house.invoice()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: pay(house, 2_000, key=f"key {number}"), range(8)))
    assert rows("select sum(amount_cents) from payment_allocation")[0][0] == 6_000
    assert rows("select sum(amount_cents) from payment")[0][0] == 16_000


@pytest.mark.parametrize(
    "change",
    [
        {"amount": 0},
        {"amount": -5},
        {"amount": 100_000_001},
        {"method": "gold"},
        {"received_on": TODAY + timedelta(days=1)},
        {"key": ""},
        {"key": "k" * 65},
    ],
)
def test_an_insane_payment_is_refused_and_nothing_is_written(house: House, change: dict[str, Any]) -> None:
    with pytest.raises(RuleBrokenError):
        pay(house, **change)
    assert rows("select count(*) from payment")[0][0] == 0


def test_a_paid_invoice_takes_no_second_payment(house: House) -> None:
    invoice = house.invoice()
    pay(house, invoice_id=invoice)
    with pytest.raises(RuleBrokenError):
        pay(house, key="again", invoice_id=invoice)


def test_credit_settles_a_later_invoice(house: House) -> None:
    pay(house, 10_000)
    first, second = house.invoice(), house.invoice()
    assert commands.apply_credit(house.manager, first) == 6_000
    assert commands.apply_credit(house.manager, second) == 4_000
    with pytest.raises(RuleBrokenError):
        commands.apply_credit(house.manager, second)


def test_a_payment_taken_back_opens_its_invoices_again(house: House) -> None:
    invoice = house.invoice()
    payment = pay(house)
    reversal = commands.reverse_payment(house.manager, payment, "back")
    assert commands.reverse_payment(house.manager, payment, "back") == reversal
    assert accounts.invoice(house.manager, invoice).open_cents == 6_000
    assert accounts.payment(house.manager, payment).unspent_cents == 0
    assert accounts.payment(house.manager, reversal).is_reversal


def test_a_payment_is_taken_back_once(house: House) -> None:
    payment = pay(house)
    reversal = commands.reverse_payment(house.manager, payment, "back")
    for again in (payment, reversal):
        with pytest.raises(RuleBrokenError):
            commands.reverse_payment(house.manager, again, "another key")


def test_more_than_was_paid_is_never_allocated(house: House) -> None:
    invoice, payment = house.invoice(), pay(house, 1_000)
    over = text(
        "insert into payment_allocation (payment_id, invoice_id, amount_cents, allocated_on)"
        " values (:payment, :invoice, 1, current_date)"
    )
    with (
        pytest.raises(IntegrityError, match="more is allocated than was paid"),
        owner() as connection,
    ):
        connection.execute(over, {"payment": payment, "invoice": invoice})


def test_the_books_stay_even(house: House) -> None:
    """Charged = invoiced + written off + not invoiced; paid = allocated + credit."""
    house.invoice()
    [given_up] = house.charge()
    house.charge()
    commands.write_off_charge(house.manager, given_up, "goodwill")
    pay(house, 7_500)
    [books] = rows(
        "select (select sum(amount_cents) from charge) as charged,"
        " (select sum(amount_cents) from invoice_line) as invoiced,"
        " (select sum(amount_cents) from charge_write_off) as written_off,"
        " (select sum(amount_cents) from payment) as paid,"
        " (select sum(amount_cents) from payment_allocation) as allocated"
    )
    assert books.charged == books.invoiced + books.written_off + 6_000
    assert books.paid == books.allocated + accounts.patient_account(house.manager, house.patient).credit_cents


@pytest.mark.parametrize("role", ["therapist", "auditor"])
def test_only_the_office_moves_money(house: House, role: str) -> None:
    payment = pay(house)
    actor = getattr(house, role)
    with pytest.raises(NotAllowedError):
        commands.reverse_payment(actor, payment, "back")
    with pytest.raises(NotAllowedError):
        accounts.payment(actor, payment)
    with pytest.raises(NotAllowedError):
        accounts.accounts_matching(actor, "Vega")


def test_what_is_not_there_is_not_found(house: House) -> None:
    for ask in (accounts.invoice, accounts.payment, commands.correct_invoice, commands.apply_credit):
        with pytest.raises(NotFoundError):
            ask(house.manager, 999_999)


@pytest.mark.parametrize("typed", ["vega", "EVA ve", "Tomas", "1001"])
def test_an_account_is_found_by_name_without_accents_or_by_number(house: House, typed: str) -> None:
    typed = typed.replace("1001", str(rows("select number from patient order by id")[0][0]))
    assert accounts.accounts_matching(house.manager, typed)


@pytest.mark.parametrize("typed", ["", "  ", "%", "_", "\\", "'; drop table patient", "99999999999999999999"])
def test_what_is_typed_is_never_a_pattern(house: House, typed: str) -> None:
    assert accounts.accounts_matching(house.manager, typed) == []
