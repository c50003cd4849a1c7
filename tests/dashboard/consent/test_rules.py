"""Who must sign and until when a consent holds."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.consent import rules
from dashboard.consent.rules import Signer

PATIENT, MOTHER, FATHER = Signer(None), Signer(1), Signer(2)
BORN = date(2010, 6, 15)
SIGNERS = st.sets(st.sampled_from([PATIENT, MOTHER, FATHER]))


@pytest.mark.parametrize(
    ("kind", "signed_by", "day", "required"),
    [
        ("treatment", "both", date(2022, 6, 14), {MOTHER, FATHER}),
        ("treatment", "both", date(2026, 6, 14), {MOTHER, FATHER}),
        ("treatment", "both", date(2026, 6, 15), {PATIENT, MOTHER, FATHER}),
        ("data_protection", "both", date(2024, 6, 14), {MOTHER, FATHER}),
        ("data_protection", "both", date(2024, 6, 15), {PATIENT, MOTHER, FATHER}),
        ("treatment", "guardians", date(2027, 1, 1), {MOTHER, FATHER}),
        ("treatment", "patient", date(2020, 1, 1), {PATIENT}),
        ("treatment", "both", date(2028, 6, 14), {PATIENT, MOTHER, FATHER}),
        ("treatment", "both", date(2028, 6, 15), {PATIENT}),
        ("treatment", "guardians", date(2028, 6, 15), {PATIENT}),
    ],
)
def test_age_and_kind_decide_who_signs(kind: str, signed_by: str, day: date, required: set[Signer]) -> None:
    assert set(rules.required_signers(signed_by, kind, BORN, [1, 2], day)) == required


def test_without_a_birth_date_the_patient_signs_as_an_adult() -> None:
    assert rules.required_signers("both", "treatment", None, [1], date(2026, 1, 1)) == [PATIENT]
    assert not rules.needs_guardian("both", None, date(2026, 1, 1))


def test_somebody_born_on_a_leap_day_comes_of_age_on_the_last_of_february() -> None:
    assert rules.birthday(date(2008, 2, 29), 18) == date(2026, 2, 28)
    assert rules.birthday(date(2008, 2, 29), 16) == date(2024, 2, 29)


@given(SIGNERS, SIGNERS, st.booleans())
def test_a_consent_is_never_complete_without_any_one_required_signature(
    required: set[Signer], signed: set[Signer], guardian_needed: bool
) -> None:
    is_complete = rules.is_complete(required, signed, guardian_needed=guardian_needed)
    assert not (is_complete and required - signed)
    assert not (is_complete and not signed)
    assert not (is_complete and guardian_needed and signed <= {PATIENT})
    assert rules.is_complete(required, signed | required | {MOTHER}, guardian_needed=guardian_needed)


def test_where_no_authority_is_known_any_guardian_may_sign_and_one_must() -> None:
    assert rules.may_sign([], [1, 2], guardian_needed=True) == [MOTHER, FATHER]
    assert rules.may_sign([PATIENT], [1], guardian_needed=True) == [PATIENT, MOTHER]
    assert rules.may_sign([MOTHER], [1, 2], guardian_needed=True) == [MOTHER]
    assert rules.may_sign([PATIENT], [1], guardian_needed=False) == [PATIENT]
    assert not rules.is_complete([], [PATIENT], guardian_needed=True)


@pytest.mark.parametrize(
    ("signed_on", "months", "until"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 11, 25), 24, date(2028, 11, 25)),
        (date(2026, 11, 25), None, None),
    ],
)
def test_validity_is_counted_in_months(signed_on: date, months: int | None, until: date | None) -> None:
    assert rules.valid_until(signed_on, months) == until
