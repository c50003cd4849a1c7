"""Findings open, last, close and open again; a rule that breaks says nothing about any file."""

import pytest
from great_expectations.expectations import core as gxe
from sqlalchemy.exc import DBAPIError

from expectations import findings
from expectations.__main__ import BrokenRuleError, run_round
from expectations.rule import Rule
from expectations.suites import RULES


def spells(files, patient):
    return files.all(
        "select rule_code, closed_at is null, times_seen_again from finding where patient_id = %s order by id", patient
    )


def test_a_finding_opens_stays_closes_once_mended_and_opens_anew(files):
    patient = files.file(telephone=None)
    assert run_round().opened == 1
    assert run_round().seen == 1
    assert files.all("select closed_at from finding") == [(None,)]
    files.connection.execute("update patient set telephone = '600 123 123'")
    assert run_round().closed == 1
    assert spells(files, patient) == [("telephone_present", False, 0)]
    files.connection.execute("update patient set telephone = null")
    run_round()
    assert spells(files, patient) == [("telephone_present", False, 0), ("telephone_present", True, 1)]


@pytest.mark.parametrize("status", ["discharged", "archived"])
def test_findings_close_when_the_file_is_no_longer_in_care(files, status):
    patient = files.file(telephone=None)
    run_round()
    files.connection.execute("update patient set status = %s", [status])
    run_round()
    assert files.found_in(patient) == set()


def test_all_failing_files_are_found_however_many(files):
    patients = {files.file(profession=None) for _ in range(130)}
    assert run_round().files == 130
    found = {
        patient for (patient,) in files.all("select patient_id from finding where rule_code = 'profession_present'")
    }
    assert found == patients


def new_rule(expectation, **changes):
    words = {"en": "Something new is missing.", "es": "Falta algo nuevo."}
    return Rule(**{"code": "new_rule", "severity": "minor", "words": words, "expectation": expectation, **changes})


def test_a_new_rule_is_one_entry(files):
    patient = files.file(surname_2=None)
    rule = new_rule(gxe.ExpectColumnValuesToNotBeNull(column="surname_2"), fix="surname_2")
    run_round((*RULES, rule))
    assert files.found_in(patient) == {"new_rule"}
    mirrored = files.all(
        "select severity, words ->> 'es', fix, position, is_active from check_rule where code = %s", rule.code
    )
    assert mirrored == [("minor", "Falta algo nuevo.", "surname_2", len(RULES) + 1, True)]


def test_a_rule_taken_away_retires_and_its_findings_close(files):
    patient = files.file(telephone=None)
    run_round()
    run_round([rule for rule in RULES if rule.code != "telephone_present"])
    assert files.found_in(patient) == set()
    assert files.all("select is_active from check_rule where code = 'telephone_present'") == [(False,)]
    assert files.all("select count(*) from check_result where rule_code = 'telephone_present'") == [(0,)]


@pytest.mark.parametrize(
    "expectation",
    [
        gxe.ExpectColumnValuesToNotBeNull(column="no_such_column"),
        gxe.ExpectColumnValuesToMatchRegex(column="telephone", regex="(unbalanced"),
        gxe.ExpectColumnValuesToBeBetween(column="surname_1", max_value=3),
    ],
    ids=["unknown column", "pattern that cannot be", "number against text"],
)
def test_a_rule_whose_query_breaks_is_an_error_and_touches_no_finding(files, expectation, caplog):
    mended = files.file(telephone=None)
    run_round()
    files.connection.execute("update patient set telephone = '600 123 123'")
    spoiled = files.file(telephone=None, surname_1="Canary")
    with pytest.raises(BrokenRuleError):
        run_round((*RULES, new_rule(expectation)))
    assert (files.found_in(mended), files.found_in(spoiled)) == ({"telephone_present"}, set())
    ((state, reference),) = files.all("select state, error_reference from check_run order by id desc limit 1")
    assert state == "failed"
    assert reference in caplog.text
    assert "new_rule" in caplog.text
    assert "Canary" not in caplog.text


def test_a_round_that_the_database_refuses_to_record_leaves_everything_as_it_was(files):
    patient = files.file(telephone=None)
    run_round()
    files.connection.execute("update patient set telephone = '600 123 123'")
    files.connection.execute("revoke insert on check_result from checker")
    with pytest.raises(DBAPIError):
        run_round()
    assert files.found_in(patient) == {"telephone_present"}
    assert files.all("select state from check_run order by id desc limit 1") == [("failed",)]


def test_results_count_by_site_and_therapist_to_how_many_files_a_rule_applied_and_how_many_failed(files):
    files.file(telephone=None)
    files.file()
    files.file(telephone=None, site_id=2, main_therapist_id=2)
    files.file(telephone=None, site_id=None, main_therapist_id=None)
    files.minor()
    run_round()
    run_round()
    counted = "select site_id, therapist_id, applicable, failed from check_result where rule_code = %s order by 1"
    assert files.all(counted, "telephone_present") == [(1, 1, 3, 1), (2, 2, 1, 1), (None, None, 1, 1)]
    assert files.all(counted, "profession_present") == [(1, 1, 2, 0), (2, 2, 1, 0), (None, None, 1, 0)]
    assert files.all(counted, "guardian_present") == [(1, 1, 1, 1)]
    assert files.all(counted, "coverage_valid") == []


def test_an_empty_practice_can_be_checked(files):
    assert run_round() == findings.Tally(files=0, opened=0, seen=0, closed=0)


def test_a_run_that_was_killed_is_closed_by_the_next(files):
    files.insert("check_run", started_at="2026-01-01")
    run_round()
    assert files.all("select state from check_run order by id") == [("done",), ("failed",), ("done",)]
