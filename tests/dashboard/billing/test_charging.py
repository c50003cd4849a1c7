"""What is delivered, or missed for a fee, becomes a charge: once, to the right party, at the price agreed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from dashboard.access.actor import NotAllowedError, NotFoundError, RuleBrokenError
from dashboard.billing import commands
from tests.dashboard.billing.conftest import DAY, House, charges_of, rows


def parts(appointment: int) -> list[tuple[int | None, int]]:
    return [(row.payer_id, row.amount_cents) for row in charges_of(appointment)]


def test_a_delivered_session_is_charged_at_its_agreed_price(house: House) -> None:
    appointment = house.session(fee_cents=5_500)
    assert commands.charge_session(house.front_desk, appointment) == 1
    [charge] = charges_of(appointment)
    assert (charge.amount_cents, charge.kind, charge.charged_on) == (5_500, "session", DAY)
    assert charge.payer_id is None


def test_charging_again_charges_nothing(house: House) -> None:
    appointment = house.session()
    commands.charge_session(house.manager, appointment)
    assert commands.charge_session(house.manager, appointment) == 0
    assert len(charges_of(appointment)) == 1


def test_sixteen_people_charging_one_session_make_one_charge(house: House) -> None:
    appointment = house.session()
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda _: commands.charge_session(house.manager, appointment), range(16)))
    assert sorted(made) == [0] * 15 + [1]
    assert len(charges_of(appointment)) == 1


@pytest.mark.parametrize("state", ["late_cancelled", "no_show"])
def test_a_missed_session_with_a_fee_is_the_patients_own_and_costs_the_share_of_the_service(
    house: House, state: str
) -> None:
    house.cover(covered_percent=Decimal(80))
    appointment = house.session(state=state, is_fee_charged=True)
    commands.charge_session(house.manager, appointment)
    assert parts(appointment) == [(None, 3_000)]


@pytest.mark.parametrize(
    ("state", "values"),
    [("late_cancelled", {}), ("no_show", {}), ("cancelled", {}), ("booked", {}), ("confirmed", {})],
)
def test_what_was_not_delivered_and_carries_no_fee_is_not_charged(house: House, state: str, values: dict) -> None:
    appointment = house.session(state=state, **values)
    with pytest.raises(RuleBrokenError):
        commands.charge_session(house.manager, appointment)
    assert charges_of(appointment) == []


def test_a_percentage_is_split_between_patient_and_insurer(house: House) -> None:
    house.cover(covered_percent=Decimal(80))
    appointment = house.session()
    assert commands.charge_session(house.manager, appointment) == 2
    assert parts(appointment) == [(None, 1_200), (house.insurer, 4_800)]


def test_a_copayment_leaves_the_rest_to_the_insurer(house: House) -> None:
    house.cover(copayment_cents=1_500)
    appointment = house.session()
    commands.charge_session(house.manager, appointment)
    assert parts(appointment) == [(None, 1_500), (house.insurer, 4_500)]


def test_a_coverage_that_ended_that_day_pays_nothing(house: House) -> None:
    house.cover(covered_percent=Decimal(80), valid_until=DAY)
    appointment = house.session()
    commands.charge_session(house.manager, appointment)
    assert parts(appointment) == [(None, 6_000)]


def test_authorised_sessions_run_out(house: House) -> None:
    house.cover(covered_percent=Decimal(100), authorised_sessions=2)
    appointments = [house.session() for _ in range(3)]
    for appointment in appointments:
        commands.charge_session(house.manager, appointment)
    assert [parts(one)[0][0] for one in appointments] == [house.insurer, house.insurer, None]


def test_a_couple_is_charged_once_to_its_first_patient(house: House) -> None:
    appointment = house.session(house.partner, house.patient, service=house.couple)
    assert commands.charge_session(house.manager, appointment) == 1
    [charge] = charges_of(appointment)
    assert (charge.patient_id, charge.amount_cents) == (house.partner, 6_000)
    assert commands.charge_session(house.manager, appointment) == 0


def test_a_session_that_costs_nothing_is_dealt_with(house: House) -> None:
    appointment = house.session(fee_cents=0)
    commands.charge_session(house.manager, appointment)
    assert parts(appointment) == [(None, 0)]


def test_the_day_of_a_charge_is_the_sites_own(house: House) -> None:
    late = house.session(starts_at=datetime(2026, 3, 9, 23, 30, tzinfo=UTC))
    commands.charge_session(house.manager, late)
    assert charges_of(late)[0].charged_on == date(2026, 3, 10)


def test_a_therapist_charges_their_own_sessions_only(house: House) -> None:
    appointment = house.session()
    with pytest.raises(NotFoundError):
        commands.charge_session(house.colleague, appointment)
    assert commands.charge_session(house.therapist, appointment) == 1


def test_an_auditor_charges_nothing(house: House) -> None:
    with pytest.raises(NotAllowedError):
        commands.charge_session(house.auditor, house.session())


def test_nobody_charges_nothing(house: House) -> None:
    with pytest.raises(NotAllowedError):
        commands.charge_session(None, house.session())


def test_several_sessions_are_charged_all_or_none(house: House) -> None:
    good, bad = house.session(), house.session(state="cancelled")
    with pytest.raises(RuleBrokenError):
        commands.charge_sessions(house.manager, [good, bad])
    assert charges_of(good) == []
    assert commands.charge_sessions(house.manager, [good]) == 1


def test_a_charge_is_written_off_once(house: House) -> None:
    [charge] = house.charge()
    commands.write_off_charge(house.manager, charge, "goodwill")
    with pytest.raises(RuleBrokenError):
        commands.write_off_charge(house.manager, charge, "goodwill")
    assert [row.amount_cents for row in rows("select amount_cents from charge_write_off")] == [6_000]


def test_what_is_invoiced_is_not_written_off(house: House) -> None:
    [charge] = house.charge()
    commands.invoice_charges(house.manager, [charge])
    with pytest.raises(RuleBrokenError):
        commands.write_off_charge(house.manager, charge, "error")
