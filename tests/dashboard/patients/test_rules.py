"""What a file may hold: texts, telephones, identification numbers, postal codes, birth dates."""

from __future__ import annotations

import time
import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.patients import rules


@given(st.text())
def test_a_cleaned_text_stays_as_it_is_when_cleaned_again(text: str) -> None:
    once = rules.cleaned(text)
    assert rules.cleaned(once) == once


@given(st.text())
def test_a_cleaned_text_holds_nothing_that_cannot_be_seen(text: str) -> None:
    kept = rules.cleaned(text)
    if kept is not None:
        assert kept == kept.strip() != ""
        assert "  " not in kept
        assert not {unicodedata.category(letter) for letter in kept} & {"Cc", "Cf", "Cs", "Co", "Cn"}
        assert unicodedata.is_normalized("NFC", kept)


@given(st.text(st.characters(categories=["Ll", "Lu", "Nd"]), min_size=1))
def test_letters_and_digits_are_never_lost_to_cleaning(text: str) -> None:
    assert rules.cleaned(text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize("text", ["", "   ", "\u200b", "\x00\x07", "\n\t"])
def test_what_cannot_be_read_is_nothing(text: str) -> None:
    assert rules.cleaned(text) is None


@pytest.mark.parametrize(("text", "is_readable"), [("Eva", True), ("李", True), ("\u0301\u0301", False), (None, False)])
def test_marks_alone_are_no_name(text: str | None, is_readable: bool) -> None:
    assert rules.has_letters(text) is is_readable


@pytest.mark.parametrize(
    ("typed", "country", "kept"),
    [
        ("600 123 123", "ES", "+34600123123"),
        ("+44 20 7946 0958", "ES", "+442079460958"),
        ("(212) 555-0123", "US", "+12125550123"),
        ("call after six", "ES", "call after six"),
        ("12", "ES", "12"),
        (None, "ES", None),
    ],
)
def test_a_telephone_is_kept_as_it_is_dialled_from_abroad(typed: str | None, country: str, kept: str | None) -> None:
    assert rules.normal_telephone(typed, country) == kept


@pytest.mark.parametrize("typed", ["12", "call after six", "", "600", "+999 123456789"])
def test_what_cannot_be_dialled_is_no_telephone(typed: str) -> None:
    assert not rules.is_telephone(typed, "ES")


@pytest.mark.parametrize(
    ("kind", "value", "is_right"),
    [
        ("nif", "12345678Z", True),
        ("nif", "12345678A", False),
        ("nif", "X1234567L", False),
        ("nie", "X1234567L", True),
        ("nie", "X1234567T", False),
        ("passport", "XDA123456", True),
        ("passport", "X", False),
        ("passport", "XDA 123;--", False),
    ],
)
def test_the_check_letter_of_an_identification_number_counts(kind: str, value: str, is_right: bool) -> None:
    assert rules.is_identification(kind, value) is is_right


def test_an_identification_number_is_kept_in_capitals_without_marks() -> None:
    assert rules.normal_identification("12.345.678-z") == "12345678Z"
    assert rules.normal_identification(" - ") is None


@pytest.mark.parametrize(
    ("value", "country", "is_right"),
    [
        ("28013", "ES", True),
        ("00100", "ES", False),
        ("53001", "ES", False),
        ("2801", "ES", False),
        ("٢٨٠١٣", "ES", False),
        ("94103-1234", "US", True),
        ("SW1A 1AA", "GB", True),
        ("anything", None, True),
    ],
)
def test_a_postal_code_has_the_form_of_its_country(value: str, country: str | None, is_right: bool) -> None:
    assert rules.is_postal_code(value, country) is is_right


@pytest.mark.parametrize("typed", ["eva", "eva@", "@example.org", "eva@example", "e va@example.org", "a@b.c\n@d.e"])
def test_what_has_no_form_of_an_address_is_no_email(typed: str) -> None:
    assert not rules.is_email(typed)


def test_a_hostile_email_is_refused_at_once() -> None:
    began = time.perf_counter()
    assert not rules.is_email("a@" + "a." * 500_000)
    assert not rules.is_email("a@" + "a." * 125 + "@")
    assert time.perf_counter() - began < 0.5


@given(st.dates(date(1900, 1, 1), date(2026, 12, 31)), st.integers(0, 119))
def test_somebody_is_a_year_older_from_their_birthday_on(birth_date: date, years: int) -> None:
    eve = date(birth_date.year + years, 12, 31)
    assert rules.age_on(birth_date, eve) == years


@pytest.mark.parametrize(
    ("birth_date", "day", "is_minor"),
    [
        (date(2008, 11, 25), date(2026, 11, 24), True),
        (date(2008, 11, 25), date(2026, 11, 25), False),
        (date(2008, 2, 29), date(2026, 2, 28), True),
        (None, date(2026, 1, 1), False),
    ],
)
def test_nobody_is_a_minor_from_eighteen_on(birth_date: date | None, day: date, is_minor: bool) -> None:
    assert rules.is_minor(birth_date, day) is is_minor


def test_nobody_alive_is_born_tomorrow_or_was_born_long_ago() -> None:
    today = date(2026, 11, 25)
    assert rules.is_birth_date(today, today)
    assert not rules.is_birth_date(date(2026, 11, 26), today)
    assert not rules.is_birth_date(date(1900, 1, 1), today)
