"""A session marked by mistake gets its charge taken back, by its opposite, and may be charged anew."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from dashboard.access.actor import NotAllowedError, NotFoundError, RuleBrokenError
from dashboard.billing import commands
from tests.acting import someone
from tests.conftest import Database
from tests.dashboard.billing.conftest import House, charges_of, owner, rows

STANDING = """
select appointment_id from marts.session_money as money join practice.service on service.id = service_id
where money_status = 'not_invoiced' and written_off_amount = 0 and service.kind = %s and not exists (
    select from practice.charge join practice.invoice_line as line on line.charge_id = charge.id
    where charge.appointment_id = money.appointment_id
)
order by appointment_id limit 1
"""
MONEY = """
select money_status, charged_amount,
    (select count(*) from marts.charges_to_invoice as waiting where waiting.appointment_id = money.appointment_id)
from marts.session_money as money where appointment_id = %s order by patient_id
"""
OPEN = "select (select sum(open_amount) from marts.session_money), (select sum(open_amount) from marts.open_invoices)"


def amounts(appointment: int) -> list[tuple[int | None, int, int]]:
    return sorted((row.payer_id or 0, row.attempt, row.amount_cents) for row in charges_of(appointment))


def test_each_part_is_taken_back_by_its_opposite_on_the_same_day(house: House) -> None:
    house.cover(covered_percent=50)
    appointment = house.session()
    assert commands.charge_session(house.front_desk, appointment) == 2
    assert commands.reverse_session(house.front_desk, appointment) == 2
    assert amounts(appointment) == [
        (0, 1, -3_000),
        (0, 1, 3_000),
        (house.insurer, 1, -3_000),
        (house.insurer, 1, 3_000),
    ]
    assert len({row.charged_on for row in charges_of(appointment)}) == 1


def test_taking_back_again_takes_nothing_back(house: House) -> None:
    appointment = house.session()
    commands.charge_session(house.manager, appointment)
    commands.reverse_session(house.manager, appointment)
    assert commands.reverse_session(house.manager, appointment) == 0
    assert commands.reverse_session(house.manager, house.session()) == 0


def test_what_was_taken_back_is_charged_anew_and_once(house: House) -> None:
    appointment = house.session()
    for attempt in (1, 2, 3):
        assert commands.charge_session(house.manager, appointment) == 1
        assert commands.charge_session(house.manager, appointment) == 0
        assert charges_of(appointment)[-1].attempt == attempt
        commands.reverse_session(house.manager, appointment)
    assert sum(row.amount_cents for row in charges_of(appointment)) == 0


def test_the_database_refuses_a_second_charge_of_one_attempt(house: House) -> None:
    appointment = house.session()
    commands.charge_session(house.manager, appointment)
    again = """
        insert into charge (appointment_id, patient_id, kind, charged_on, amount_cents, attempt)
        select appointment_id, patient_id, kind, charged_on, amount_cents, attempt from charge on conflict do nothing
    """
    with owner() as connection:
        assert connection.exec_driver_sql(again).rowcount == 0
        connection.exec_driver_sql("drop index uq_charge_session_party")
        assert connection.exec_driver_sql(again).rowcount == 1


def test_what_is_on_an_invoice_or_written_off_is_corrected_there(house: House) -> None:
    invoiced, written_off = house.session(), house.session()
    for appointment in (invoiced, written_off):
        commands.charge_session(house.manager, appointment)
    commands.invoice_charges(house.manager, [charges_of(invoiced)[0].id])
    commands.write_off_charge(house.manager, charges_of(written_off)[0].id, "goodwill")
    for appointment in (invoiced, written_off):
        with pytest.raises(RuleBrokenError, match="Correct that first"):
            commands.reverse_session(house.manager, appointment)
        assert len(charges_of(appointment)) == 1


def test_what_was_taken_back_is_not_invoiced(house: House) -> None:
    appointment = house.session()
    commands.charge_session(house.manager, appointment)
    commands.reverse_session(house.manager, appointment)
    with pytest.raises(RuleBrokenError):
        commands.invoice_charges(house.manager, [charges_of(appointment)[0].id])
    assert rows("select count(*) from invoice") == [(0,)]


def test_a_therapist_takes_back_their_own_and_others_are_refused(house: House) -> None:
    appointment = house.session()
    commands.charge_session(house.manager, appointment)
    with pytest.raises(NotFoundError):
        commands.reverse_session(house.colleague, appointment)
    for nobody in (house.auditor, None):
        with pytest.raises(NotAllowedError):
            commands.reverse_session(nobody, appointment)  # type: ignore[arg-type]
    assert commands.reverse_session(house.therapist, appointment) == 1


@pytest.mark.parametrize("kind", ["individual", "couple"])
def test_the_lists_of_money_tell_it_as_not_charged_and_then_as_charged_anew(
    figures_database: Database, kind: str
) -> None:
    def told(statement: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(figures_database.url) as connection:
            return connection.execute(statement, values).fetchall()

    desk = someone("front_desk")
    [(appointment,)] = told(STANDING, kind)
    charged, left_open = told(MONEY, appointment), told(OPEN)
    assert ("not_invoiced", 1) in [(status, waiting) for status, _amount, waiting in charged]

    commands.reverse_session(desk, appointment)
    assert told(MONEY, appointment) == [("not_charged", 0, 0)] * len(charged)

    commands.charge_session(desk, appointment)
    assert told(MONEY, appointment) == charged
    assert told(OPEN) == left_open


def test_a_fee_of_nothing_is_dealt_with_and_is_not_waiting_to_be_charged(figures_database: Database) -> None:
    desk = someone("front_desk")
    with psycopg.connect(figures_database.url, options="-c search_path=practice") as connection:
        [missed] = connection.execute(
            "select id from appointment where state = 'no_show' and not is_fee_charged and fee_cents > 0 limit 1"
        ).fetchone() or [0]
        connection.execute("update service set late_fee_percent = 0")
        connection.execute("update appointment set is_fee_charged = true where id = %s", [missed])
    assert commands.charge_session(desk, missed) == 1
    with psycopg.connect(figures_database.url) as connection:
        assert connection.execute(MONEY, [missed]).fetchall() == [("no_charge", 0, 0)]
