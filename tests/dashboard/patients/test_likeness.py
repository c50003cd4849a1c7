"""Two files are likely one person's when what both say agrees, and a twin is somebody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from dashboard.patients.likeness import SENTENCES, Likeness, Record, likeness

EVA = Record(
    "Eva María",
    "Núñez",
    "Vega",
    date(1983, 4, 12),
    "+34600123123",
    "eva.nunez@example.org",
    "12345678Z",
    "Calle Mayor 3, 2º B",
    "28013",
)


def without(*names: str) -> Record:
    return replace(EVA, **dict.fromkeys(names))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"given_name": "EVA MARIA", "surname_1": "nunez"}, "same_name"),
        ({"given_name": "Eva Maria", "surname_1": "Nuñes"}, "similar_name"),
        ({"given_name": "Eva"}, "similar_name"),
        ({"given_name": "Núñez", "surname_1": "Vega", "surname_2": "Eva María"}, "swapped_name"),
        ({"birth_date": date(1983, 12, 4)}, "swapped_birth_date"),
        ({"birth_date": date(1988, 4, 12)}, "close_birth_date"),
        ({"id_value": "12.345.678-z"}, "same_identification"),
        ({"id_value": "12345687Z"}, "close_identification"),
        ({"telephone": "600 12 31 23"}, "same_telephone"),
        ({"email": "Eva.Nunez@example.com"}, "close_email"),
        ({"address_line": "c/ Mayor, 3 2 B"}, "similar_address"),
    ],
    ids=str,
)
def test_what_is_written_in_another_way_is_recognised(change: dict, reason: str) -> None:
    found = likeness(EVA, replace(EVA, **change))
    assert found.is_likely
    assert reason in found.reasons
    assert set(found.reasons) <= set(SENTENCES)


def test_what_one_of_them_does_not_say_speaks_neither_for_nor_against() -> None:
    assert likeness(Record(), EVA) == Likeness(0, ())
    assert likeness(without("birth_date", "id_value", "email", "address_line"), EVA).is_likely
    assert not likeness(Record("Eva María", "Núñez"), without("surname_2")).is_likely


def test_it_does_not_matter_which_of_them_is_asked_first() -> None:
    other = replace(EVA, given_name="Eba", birth_date=date(1983, 12, 4), id_value=None)
    assert likeness(EVA, other) == likeness(other, EVA)


def test_a_twin_is_somebody_else_whatever_they_share() -> None:
    twin = replace(EVA, given_name="Lucía", id_value="12345679S")
    assert not likeness(EVA, twin).is_likely
    assert likeness(EVA, replace(twin, id_value=EVA.id_value)).is_likely


def test_namesakes_of_other_days_are_not_proposed() -> None:
    namesake = Record("Eva María", "Núñez", "Vega", date(1951, 11, 30), "+34655000111")
    assert not likeness(EVA, namesake).is_likely
