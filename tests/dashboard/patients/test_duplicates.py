"""Likely duplicates are proposed to whoever may see both files, and to nobody else."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg
import pytest

from dashboard.access.actor import NotAllowedError, NotFoundError
from dashboard.patients import commands, duplicates
from tests.conftest import Database
from tests.dashboard.patients.conftest import People

EVA: dict[str, Any] = {
    "surname_1": "Núñez",
    "surname_2": "Vega",
    "birth_date": date(1983, 4, 12),
    "telephone": "600 123 123",
}
DRAFT = {"given_name": "Eva", **EVA}


@pytest.mark.parametrize(
    "draft",
    [
        {**DRAFT, "given_name": "EVA", "surname_1": "Nunez"},
        {**DRAFT, "given_name": "Núñez", "surname_1": "Eva"},
        {**DRAFT, "surname_1": "Nunyez", "telephone": None},
        {**DRAFT, "birth_date": date(1983, 12, 4)},
        {**DRAFT, "birth_date": date(1983, 4, 13), "telephone": None},
        {"given_name": "Eva", "surname_1": "Núñez", "telephone": "+34 600123123"},
        {"given_name": "Eva", "surname_1": "Núñez", "birth_date": date(1983, 4, 12)},
        {"given_name": "E.", "id_value": "12.345.678-Z"},
    ],
    ids=str,
)
def test_a_draft_of_a_person_with_a_file_finds_it(people: People, draft: dict[str, Any]) -> None:
    patient = people.open("Eva", **EVA, id_kind="nif", id_value="12345678Z")
    people.open("Luis", surname_1="Núñez", telephone="600 123 123")
    found = duplicates.likely_duplicates(people.front_desk, draft)
    assert [each.file.patient_id for each in found] == [patient]
    assert found[0].likeness.reasons


def test_a_file_is_no_duplicate_of_itself(people: People) -> None:
    patient = people.open("Eva", **EVA)
    assert duplicates.likely_duplicates(people.front_desk, DRAFT, but=patient) == []


def test_who_may_not_see_a_file_is_not_told_that_it_is_there(people: People) -> None:
    people.open("Eva", actor=people.colleague, **EVA)
    for actor in (people.manager, people.front_desk, people.colleague):
        assert len(duplicates.likely_duplicates(actor, DRAFT)) == 1
    assert duplicates.likely_duplicates(people.therapist, DRAFT) == []
    with pytest.raises(NotAllowedError):
        duplicates.likely_duplicates(people.auditor, DRAFT)


def test_the_whole_practice_is_looked_through_by_the_office_only(people: People) -> None:
    first, second = people.open("Eva", **EVA), people.open("Eva", **{**EVA, "surname_1": "Nuñes"})
    people.open("Luis", surname_1="Núñez", telephone="600 123 123")
    [pair] = duplicates.possible_duplicates(people.manager)
    assert (pair.first.patient_id, pair.second.patient_id) == (first, second)
    with pytest.raises(NotAllowedError):
        duplicates.possible_duplicates(people.therapist)


def test_what_was_told_apart_is_not_proposed_again_until_nobody_remembers(people: People) -> None:
    first, second = people.open("Eva", **EVA), people.open("Eva", **EVA)
    duplicates.tell_apart(people.front_desk, second, first)
    duplicates.tell_apart(people.manager, first, second)
    assert duplicates.possible_duplicates(people.front_desk) == []
    with pytest.raises(NotFoundError):
        duplicates.tell_apart(people.front_desk, first, first)
    with pytest.raises(NotFoundError):
        duplicates.tell_apart(people.front_desk, first, 10**12)
    with pytest.raises(NotAllowedError):
        duplicates.tell_apart(people.therapist, first, second)


def test_the_practices_own_telephone_in_many_files_makes_no_pairs(people: People, database: Database) -> None:
    with psycopg.connect(database.url) as connection:
        connection.execute(
            "insert into practice.patient (given_name, surname_1, telephone)"
            " select 'Ana', 'Ruiz', '910000000' from generate_series(1, 30)"
        )
    assert duplicates.possible_duplicates(people.front_desk) == []


def test_what_files_are_compared_by_follows_the_file(people: People) -> None:
    patient = people.open("Eva", **EVA)
    commands.change_file(people.front_desk, patient, 1, {"given_name": "Zoe", "surname_1": "Ruiz", "surname_2": None})
    assert duplicates.likely_duplicates(people.front_desk, {**DRAFT, "birth_date": None}) == []
