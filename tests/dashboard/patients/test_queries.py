"""Files are found by what people know of them, and only by those who may see them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dashboard.access.actor import Actor, NotAllowedError
from dashboard.patients import cases, commands, queries, search
from tests.dashboard.patients.conftest import People


def found(actor: Actor, typed: str) -> set[str]:
    rows = search.files_matching(actor, typed)
    matching = search.pages_matching(actor, typed)
    assert matching.total == len(rows)
    assert matching.page(25, 0).equals(rows)
    return set(rows["name"])


@pytest.mark.parametrize("typed", ["nunez", "NÚÑEZ", "  jose   nun ", "nuñez josé", "Jose\u0301", "nu\u200bnez"])
def test_a_file_is_found_by_name_without_accents_in_any_order(people: People, typed: str) -> None:
    people.open("José", surname_1="Núñez")
    people.open("Eva", surname_1="Vega")
    assert found(people.front_desk, typed) == {"José Núñez"}


def test_a_file_is_found_by_its_number_telephone_and_email(people: People) -> None:
    patient = people.open("Eva", telephone="600 123 123", email="Eva.Vega@example.org")
    people.open("Luis", telephone="655 777 999")
    number = queries.patient_file(people.front_desk, patient).number
    typed_words = "600 123 123|600123123|+34600123123|600-12|3123|eva.vega@EXAMPLE|vega@example|vega|eva 600"
    for typed in (str(number), f"0{number}", *typed_words.split("|")):
        assert found(people.front_desk, typed) == {"Eva"}, typed


def test_a_file_is_found_by_its_identification_number_however_it_is_written(people: People) -> None:
    people.open("Eva", id_kind="nif", id_value="12345678Z")
    people.open("Luis", id_kind="passport", id_value="XDA123456")
    for typed in ("12345678z", "12.345.678-Z", "12345678", "123456"):
        assert found(people.front_desk, typed) == {"Eva"}, typed
    assert found(people.front_desk, "xda123") == {"Luis"}


def test_what_a_file_is_found_by_follows_the_file(people: People) -> None:
    patient = people.open("Eva", telephone="600 123 123")
    commands.change_file(people.front_desk, patient, 1, {"given_name": "Ramona", "telephone": "655 000 111"})
    assert found(people.front_desk, "eva") == found(people.front_desk, "600123123") == set()
    assert found(people.front_desk, "ramo") == found(people.front_desk, "655000111") == {"Ramona"}


def test_the_wildcards_of_the_database_mean_themselves(people: People) -> None:
    people.open("Eva", surname_1="Cien%")
    people.open("Luis", surname_1="Bajo_Raya")
    people.open("Ana", surname_1="Barra\\")
    people.open("Marta", surname_1="Vega")
    for typed in ("%", "_", "\\", "c%n", "%en", "_va"):
        assert found(people.front_desk, typed) == set(), typed
    assert found(people.front_desk, "cien%") == {"Eva Cien%"}
    assert found(people.front_desk, "raya") == {"Luis Bajo_Raya"}
    assert found(people.front_desk, "barra\\") == {"Ana Barra\\"}


@pytest.mark.parametrize("typed", ["'; drop table patient; --", "\x00", "9" * 1_000, "x " * 1_000, "\U0010ffff", "+"])
def test_hostile_words_are_words(people: People, typed: str) -> None:
    people.open("Eva")
    search.files_matching(people.front_desk, typed)
    assert found(people.front_desk, "") == {"Eva"}


def test_a_therapist_finds_the_own_files_only(people: People) -> None:
    people.open("Eva", actor=people.therapist)
    people.open("Luis", actor=people.colleague)
    people.open("Nadie")
    assert found(people.therapist, "") == {"Eva"}
    assert found(people.manager, "") == {"Eva", "Luis", "Nadie"}


def test_a_therapist_whose_account_names_none_sees_nothing(people: People) -> None:
    people.open("Nadie")
    with pytest.raises(NotAllowedError):
        search.files_matching(replace(people.therapist, therapist_id=None))


def test_pages_hold_each_file_once_in_the_order_of_surnames(people: People) -> None:
    for surname in ("Zapata", "Álvarez", "Núñez", "alba"):
        people.open("Eva", surname_1=surname)
    for matching in (search.pages_matching(people.front_desk), search.pages_matching(people.front_desk, "eva")):
        pages = [matching.page(3, offset)["name"].tolist() for offset in (0, 3)]
        assert [name.split()[1] for page in pages for name in page] == ["alba", "Álvarez", "Núñez", "Zapata"]


def test_filters_narrow_by_status_and_therapist(people: People) -> None:
    people.open("Eva", actor=people.therapist, status="waiting")
    people.open("Luis", actor=people.therapist, status="active")
    waiting = search.pages_matching(people.manager, status="waiting")
    mine = search.pages_matching(people.manager, therapist_id=people.therapist.therapist_id, status="active")
    assert (waiting.total, waiting.page(25, 0)["name"].tolist()) == (1, ["Eva"])
    assert (mine.total, mine.page(25, 0)["name"].tolist()) == (1, ["Luis"])


def test_what_surrounds_a_file_is_shown_to_those_who_may_see_the_file(people: People) -> None:
    patient = people.open(actor=people.colleague)
    guardian = {"given_name": "Rosa", "relation": "mother", "has_authority": True, "custody": "joint"}
    commands.note_guardian(people.colleague, patient, None, guardian)
    assert [one.name for one in queries.guardians(people.colleague, patient)] == ["Rosa"]
    assert queries.guardians(people.therapist, patient) == []
    assert queries.coverages(people.therapist, patient).empty
    assert cases.treated_together_with(people.therapist, patient).empty
