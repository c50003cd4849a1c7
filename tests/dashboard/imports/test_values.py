"""Cells: what fits the declared format becomes a value, everything else a code."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.imports.codes import Code, RowProblemError
from dashboard.imports.values import amount_parser, day_parser, known_format, tidy_key, timestamp_parser, whole_number

POINT = amount_parser(".", "", "refuse")
COMMA = amount_parser(",", ".", "refuse")
DAY = day_parser(["DD/MM/YYYY"], "Europe/Madrid")
ISO = day_parser(["iso"], "America/New_York")


def problem(read, text: str) -> Code:
    with pytest.raises(RowProblemError) as problem:
        read(text)
    return problem.value.code


@pytest.mark.parametrize(
    ("text", "cents"), [("10", 1000), ("10.5", 1050), ("0.01", 1), ("10.500", 1050), ("-3.20", -320), ("00.10", 10)]
)
def test_an_amount_becomes_whole_cents(text, cents):
    assert POINT(text) == cents


@pytest.mark.parametrize(
    "text", ["12.5O", "--5", "1e9", "NaN", "Infinity", "١٢", "1,234.50", "", " 1", "+5", ".5", "5.", "=1+1", "$5"]
)
def test_what_is_not_an_amount_is_refused(text):
    assert problem(POINT, text) == Code.AMOUNT


def test_a_third_decimal_is_never_rounded_in_silence():
    assert problem(POINT, "10.005") == Code.AMOUNT_SCALE
    assert amount_parser(".", "", "round")("10.005") == 1001


@pytest.mark.parametrize(("text", "cents"), [("1.234,56", 123456), ("60,5", 6050), ("1.060", 106000), ("60", 6000)])
def test_a_decimal_comma_is_read_when_declared(text, cents):
    assert COMMA(text) == cents


@pytest.mark.parametrize("text", ["60.00", "1,234.56", "12.34,5", "1.2345,00"])
def test_a_point_in_the_wrong_place_is_refused_and_not_guessed(text):
    assert problem(COMMA, text) == Code.AMOUNT


@given(st.integers(min_value=0, max_value=10**12))
def test_every_amount_survives_being_written_and_read(cents):
    assert POINT(f"{cents // 100}.{cents % 100:02}") == cents


def test_a_day_is_read_in_the_declared_order_only():
    assert DAY("03/04/2026") == "2026-04-03"


@pytest.mark.parametrize(
    "text", ["2026-04-03", "30/02/2026", "tomorrow", "infinity", "00/00/0000", "1/4/2026", "03/04/26", "٠٣/٠٤/٢٠٢٦"]
)
def test_what_is_not_a_day_in_the_declared_format_is_refused(text):
    assert problem(DAY, text) == Code.DATE


@pytest.mark.parametrize("text", ["0000-01-01", "1799-01-01", "2999-01-01", "2026-02-30", "20260203", "2026-W01-1"])
def test_an_impossible_or_abbreviated_day_is_refused(text):
    assert problem(ISO, text) == Code.DATE


def test_a_moment_falls_on_the_day_of_the_place():
    assert ISO("2024-01-01T04:59:59Z") == "2023-12-31"
    assert ISO("2024-01-01T05:00:00Z") == "2024-01-01"


def test_a_year_that_ends_is_over_on_the_first_day_of_the_next():
    assert day_parser(["iso", "after YYYY"], "UTC")("2019") == "2020-01-01"
    assert day_parser(["iso", "YYYY"], "UTC")("2019") == "2019-01-01"


def test_a_local_moment_without_offset_is_placed_in_the_zone_of_the_mapping():
    read = timestamp_parser(["DD/MM/YYYY HH:mm", "DD/MM/YYYY"], "Europe/Madrid")
    assert read("01/07/2026 10:00") == "2026-07-01T08:00:00+00:00"
    assert read("01/01/2026 10:00") == "2026-01-01T09:00:00+00:00"
    assert read("01/01/2026") == "2026-01-01T11:00:00+00:00"
    assert problem(read, "01/01/2026 25:00") == Code.DATE


def test_ids_lose_the_characters_that_nobody_sees():
    assert tidy_key(" a\u200bb\u202e ") == "ab"
    assert tidy_key("Jose\u0301") == "José"


@pytest.mark.parametrize("text", ["1.5", "١", "9999999999", "x"])
def test_what_is_not_a_whole_number_is_refused(text):
    assert problem(whole_number, text) == Code.NUMBER


@pytest.mark.parametrize(
    ("written", "known"), [("DD/MM/YYYY", True), ("DD/MM", False), ("YYYY-YYYY", False), ("iso", True)]
)
def test_a_date_format_needs_a_year_and_no_part_twice(written, known):
    assert known_format(written) is known
