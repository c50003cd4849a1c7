"""Files are opened, changed and completed under the rules, by those who may, and nobody overwrites a colleague."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest

from dashboard import clock, db
from dashboard.access.actor import ChangedSinceError, NotAllowedError, NotFoundError, RuleBrokenError
from dashboard.patients import commands, queries
from dashboard.patients.models import Payer
from tests.dashboard.patients.conftest import People

GUARDIAN = {"given_name": "Rosa", "relation": "mother", "has_authority": True, "custody": "joint"}


def test_a_therapist_who_opens_a_file_becomes_its_main_therapist(people: People) -> None:
    patient = people.open(actor=people.therapist, main_therapist_id=people.colleague.therapist_id)
    assert queries.patient_file(people.therapist, patient).main_therapist_id == people.therapist.therapist_id


def test_an_auditor_neither_opens_nor_reads_nor_changes_a_file(people: People) -> None:
    patient = people.open()
    with pytest.raises(NotAllowedError):
        people.open(actor=people.auditor)
    with pytest.raises(NotAllowedError):
        queries.patient_file(people.auditor, patient)
    with pytest.raises(NotAllowedError):
        commands.change_file(people.auditor, patient, 1, {"profession": "Carpenter"})


def test_a_file_of_a_colleague_reads_as_if_there_were_none(people: People) -> None:
    patient = people.open(actor=people.colleague)
    for asked in (patient, 10**15):
        with pytest.raises(NotFoundError, match="Not found"):
            queries.patient_file(people.therapist, asked)
        with pytest.raises(NotFoundError, match="Not found"):
            commands.change_file(people.therapist, asked, 1, {"profession": "Carpenter"})
        with pytest.raises(NotFoundError, match="Not found"):
            commands.note_guardian(people.therapist, asked, None, GUARDIAN)


def test_who_read_an_older_version_overwrites_nothing(people: People) -> None:
    patient = people.open()
    seen = queries.patient_file(people.front_desk, patient)
    commands.change_file(people.manager, patient, seen.version, {"profession": "Carpenter"})
    with pytest.raises(ChangedSinceError):
        commands.change_file(people.front_desk, patient, seen.version, {"profession": "Sailor"})
    now = queries.patient_file(people.front_desk, patient)
    assert (now.profession, now.version) == ("Carpenter", seen.version + 1)


@pytest.mark.parametrize(
    "given_name", ["x" * 1_000_000, "\u200b" * 1_000_000, "x" * 121], ids=["long", "unseen", "just"]
)
def test_a_name_that_does_not_fit_is_refused_without_a_database(given_name: str) -> None:
    began = time.perf_counter()
    with pytest.raises(RuleBrokenError, match="too long"):
        commands.accepted({"given_name": given_name})
    assert time.perf_counter() - began < 0.1
    assert commands.accepted({"given_name": "x" * 120}) == {"given_name": "x" * 120}


@pytest.mark.parametrize(
    "fields",
    [
        {"given_name": "\u0301"},
        {"given_name": " \u200b "},
        {"telephone": "12"},
        {"emergency_telephone": "none"},
        {"email": "eva"},
        {"postal_code": "99999", "country": "ES"},
        {"birth_date": clock.today("Europe/Madrid") + timedelta(days=3)},
        {"sex": "robot"},
        {"status": "gone"},
        {"number": 7},
        {"version": 7},
    ],
    ids=str,
)
def test_what_is_not_acceptable_is_refused_and_nothing_is_written(people: People, fields: dict[str, Any]) -> None:
    patient = people.open()
    before = queries.patient_file(people.front_desk, patient)
    with pytest.raises(RuleBrokenError):
        commands.change_file(people.front_desk, patient, before.version, fields)
    assert queries.patient_file(people.front_desk, patient) == before


def test_texts_and_telephones_are_kept_in_one_form(people: People) -> None:
    patient = people.open("  Eva\u200b  María ", telephone="600 12 31 23", email=" eva@example.org ")
    file = queries.patient_file(people.front_desk, patient)
    assert (file.given_name, file.telephone, file.email) == ("Eva María", "+34600123123", "eva@example.org")


def test_an_identification_number_fits_its_kind_whichever_of_both_is_changed(people: People) -> None:
    patient = people.open()
    with pytest.raises(RuleBrokenError, match="what kind"):
        commands.change_file(people.front_desk, patient, 1, {"id_value": "12345678Z"})
    commands.change_file(people.front_desk, patient, 1, {"id_value": "12.345.678-z", "id_kind": "nif"})
    with pytest.raises(RuleBrokenError, match="well formed"):
        commands.change_file(people.front_desk, patient, 2, {"id_kind": "nie"})
    with pytest.raises(RuleBrokenError, match="well formed"):
        commands.change_file(people.front_desk, patient, 2, {"id_value": "12345678A"})
    assert queries.patient_file(people.front_desk, patient).id_value == "12345678Z"


def test_a_guardian_is_added_changed_and_stays_of_their_file(people: People) -> None:
    patient, other = people.open(), people.open("Luis")
    guardian = commands.note_guardian(people.front_desk, patient, None, {**GUARDIAN, "telephone": "600 111 222"})
    commands.note_guardian(people.front_desk, patient, guardian, {**GUARDIAN, "has_authority": None})
    [known] = queries.guardians(people.front_desk, patient)
    assert (known.name, known.has_authority) == ("Rosa", None)
    with pytest.raises(NotFoundError):
        commands.note_guardian(people.front_desk, other, guardian, GUARDIAN)
    for wrong in ({"given_name": " "}, {"relation": "aunt"}, {"custody": "?"}, {"email": "x"}, {"surnames": "x" * 500}):
        with pytest.raises(RuleBrokenError):
            commands.note_guardian(people.front_desk, patient, guardian, {**GUARDIAN, **wrong})


def test_who_else_pays_is_noted_changed_and_stays_of_its_file(people: People) -> None:
    patient, other = people.open(), people.open("Luis")
    with db.administration() as session:
        session.add(Payer(name="Aseguradora"))
    [(payer, _name)] = queries.payer_names(people.front_desk).items()
    terms = {"payer_id": payer, "policy_number": None, "valid_from": clock.today("Europe/Madrid"), "valid_until": None}
    coverage = commands.note_coverage(people.front_desk, patient, None, terms)
    commands.note_coverage(people.front_desk, patient, coverage, {**terms, "policy_number": " P-1 "})
    assert queries.coverages(people.front_desk, patient)["policy_number"].tolist() == ["P-1"]
    for file, change in ((other, {}), (patient, {"payer_id": 10**9}), (10**9, {})):
        with pytest.raises(NotFoundError):
            commands.note_coverage(people.front_desk, file, coverage, {**terms, **change})
    for wrong in (
        {"valid_until": clock.today("Europe/Madrid") - timedelta(days=1)},
        {"valid_from": None},
        {"policy_number": "x" * 81},
    ):
        with pytest.raises(RuleBrokenError):
            commands.note_coverage(people.front_desk, patient, coverage, {**terms, **wrong})
