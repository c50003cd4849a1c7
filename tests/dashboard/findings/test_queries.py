"""Who sees which findings, in which words and order."""

import psycopg
import pytest

from dashboard.access import queries as access
from dashboard.access.actor import Actor, NotAllowedError
from dashboard.findings import queries
from tests.acting import enter

MANAGER = Actor(1, "Manager", "manager", language="en", token="findings manager")
FRONT_DESK = Actor(2, "Desk", "front_desk", language="es", token="findings desk")
THERAPIST = Actor(3, "Ana", "therapist", therapist_id=1, language="en", token="findings therapist")
AUDITOR = Actor(4, "Auditor", "auditor")

QUESTIONS = [
    queries.open_findings,
    queries.open_findings_number,
    queries.open_finding_counts,
    queries.rules,
    lambda actor: queries.findings_of_file(actor, 1),
]


@pytest.fixture
def practice(database):
    """Three files: two of Ana's at the centre, one of Luis's in the north; four open findings and a closed one."""
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute("set search_path to practice")
        connection.execute("insert into site (name) values ('Centre'), ('North')")
        connection.execute("insert into therapist (given_name) values ('Ana'), ('Luis')")
        connection.execute(
            "insert into patient (number, given_name, surname_1, site_id, main_therapist_id)"
            " values (101, 'Clara', 'Vidal', 1, 1), (102, 'Joan', null, 1, 1), (103, 'Eva', 'Roca', 2, 2)"
        )
        connection.execute(
            "insert into check_rule (code, severity, words, fix, position, is_active) values"
            """ ('sex', 'minor', '{"en": "No sex.", "es": "Sin sexo."}', 'sex', 1, true),"""
            """ ('age', 'blocking', '{"en": "No age."}', 'birth_date', 2, true),"""
            """ ('old', 'minor', '{"en": "Gone.", "es": "Ido."}', 'file', 3, false)"""
        )
        connection.execute(
            "insert into finding (patient_id, rule_code, since, closed_at) values"
            " (1, 'sex', '2026-01-03', null), (2, 'sex', '2026-01-01', null),"
            " (3, 'age', '2026-01-02', null), (1, 'age', '2026-01-05', null),"
            " (2, 'age', '2026-01-01', '2026-01-02')"
        )
        enter(MANAGER, FRONT_DESK, THERAPIST)
        yield connection


def test_the_worst_and_longest_standing_findings_come_first(practice):
    found = queries.open_findings(MANAGER)
    assert list(zip(found["number"], found["rule_code"], strict=True)) == [
        (103, "age"),
        (101, "age"),
        (102, "sex"),
        (101, "sex"),
    ]
    assert list(found["name"]) == ["Eva Roca", "Clara Vidal", "Joan", "Clara Vidal"]


def test_findings_come_in_pages(practice):
    assert list(queries.open_findings(MANAGER, limit=2, offset=1)["finding_id"]) == [4, 2]
    assert queries.open_findings_number(MANAGER) == 4


def test_words_are_in_the_language_of_the_person_and_in_english_where_there_are_no_others(practice):
    assert list(queries.rules(FRONT_DESK)["words"]) == ["Sin sexo.", "No age."]
    assert list(queries.open_findings(FRONT_DESK, rule="sex")["words"]) == ["Sin sexo.", "Sin sexo."]


def test_a_therapist_sees_the_files_of_their_own_patients_only(practice):
    assert set(queries.open_findings(THERAPIST)["number"]) == {101, 102}
    assert queries.open_findings_number(THERAPIST, therapist_id=2) == 0
    assert queries.findings_of_file(THERAPIST, 3).empty
    assert dict(queries.open_finding_counts(THERAPIST)[["rule_code", "files"]].values) == {"age": 1, "sex": 2}


@pytest.mark.parametrize(
    ("chosen", "finding_ids"),
    [
        ({"severity": "blocking"}, [3, 4]),
        ({"rule": "sex"}, [2, 1]),
        ({"site_id": 2}, [3]),
        ({"therapist_id": 1}, [4, 2, 1]),
        ({"severity": "minor", "site_id": 2}, []),
    ],
)
def test_findings_can_be_narrowed(practice, chosen, finding_ids):
    assert list(queries.open_findings(MANAGER, **chosen)["finding_id"]) == finding_ids
    assert queries.open_findings_number(MANAGER, **chosen) == len(finding_ids)


def test_what_is_missing_in_one_file_comes_worst_first(practice):
    assert list(queries.findings_of_file(FRONT_DESK, 1)["rule_code"]) == ["age", "sex"]


def test_counts_by_rule_tell_the_oldest(practice):
    counts = queries.open_finding_counts(MANAGER)
    assert list(counts["rule_code"]) == ["age", "sex"]
    assert list(counts["files"]) == [2, 2]
    assert list(counts["oldest_since"].dt.strftime("%m-%d")) == ["01-02", "01-01"]


# The rules name no patient: a therapist of no team may read them too.
@pytest.mark.parametrize(
    ("ask", "actor"),
    [
        *((ask, actor) for ask in QUESTIONS for actor in (AUDITOR, None)),
        *((ask, Actor(5, "Nobody", "therapist")) for ask in QUESTIONS if ask is not queries.rules),
    ],
)
def test_who_has_no_business_with_files_is_refused(practice, ask, actor):
    with pytest.raises(NotAllowedError):
        ask(actor)


def test_nobody_knows_when_files_were_checked_before_they_were(practice):
    assert access.checks_as_of(MANAGER) is None
    practice.execute(
        "insert into refresh_run (stage, state, finished_at) values ('checks', 'done', '2026-01-01 10:00+00'),"
        " ('checks', 'failed', '2026-01-02 10:00+00'), ('figures', 'done', '2026-01-03 10:00+00')"
    )
    assert access.checks_as_of(MANAGER).isoformat() == "2026-01-01T10:00:00+00:00"
