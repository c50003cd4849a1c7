"""Every rule: a file that breaks it, and a complete file that breaks none."""

import re
from datetime import timedelta

import pytest

from dashboard import clock
from dashboard.findings.models import SEVERITIES
from expectations.__main__ import run_round
from expectations.suites import RULES

BROKEN_BY_ONE_FIELD = {
    "surname_present": {"surname_1": None},
    "birth_date_present": {"birth_date": None},
    "birth_date_plausible": {"birth_date": "1900-01-01"},
    "sex_known": {"sex": "unknown"},
    "identity_present": {"id_kind": None, "id_value": None},
    "identity_kind_known": {"id_kind": None},
    "identity_well_formed": {"id_kind": "nif", "id_value": "12345678A"},
    "profession_present": {"profession": None},
    "marital_status_known": {"marital_status": "unknown"},
    "telephone_present": {"telephone": "  "},
    "telephone_well_formed": {"telephone": "600 12"},
    "email_present": {"email": None},
    "email_well_formed": {"email": "clara at example"},
    "address_present": {"address_line": ""},
    "postal_code_present": {"postal_code": None},
    "postal_code_well_formed": {"postal_code": "53001"},
    "city_present": {"city": None},
    "emergency_contact_present": {"emergency_name": None},
    "emergency_telephone_present": {"emergency_telephone": None},
    "main_therapist_present": {"main_therapist_id": None},
    "site_present": {"site_id": None},
    "first_session_soon": {"status": "waiting", "opened_on": clock.today() - timedelta(days=40)},
    "referral_source_present": {"referral_source": None},
    "coverage_valid": {"pays": "insurer"},
}


def duplicate_identity(files):
    files.file(id_value="PAB777777")
    return files.file(id_value="pab 777777")


def minor_without_guardian(files):
    return files.minor()


def guardian_of_unknown_authority(files):
    patient = files.minor()
    files.guardian(patient, has_authority=None)
    return patient


def guardian_without_authority(files):
    patient = files.minor()
    files.guardian(patient, has_authority=False)
    return patient


def one_guardian_of_unknown_custody(files):
    patient = files.minor()
    files.guardian(patient, custody="unknown")
    return patient


def guardian_out_of_reach(files):
    patient = files.minor()
    files.guardian(patient, telephone=None)
    return patient


def coverage_without_policy(files):
    patient = files.file(pays="insurer")
    payer = files.insert("payer", name="Insurer")
    files.insert("coverage", patient_id=patient, payer_id=payer, valid_from="2020-01-01")
    return patient


def session_ahead_without_consent(files):
    patient = files.file()
    files.session(patient, 3, "booked")
    files.consent(patient, "data_protection")
    return patient


def session_ahead_without_information(files):
    patient = files.file()
    files.session(patient, 4, "booked")
    files.consent(patient, "treatment")
    return patient


def video_ahead_without_consent(files):
    patient = files.file()
    files.session(patient, 5, "booked", mode="online")
    files.consent(patient, "treatment")
    files.consent(patient, "data_protection")
    return patient


def three_sessions_without_history(files):
    patient = files.file()
    files.consent(patient, "treatment")
    files.consent(patient, "data_protection")
    for days in (-21, -14, -7):
        files.session(patient, days, "attended")
    return patient


BROKEN_BY_SEVERAL_ROWS = {
    "identity_unique": duplicate_identity,
    "guardian_present": minor_without_guardian,
    "authority_known": guardian_of_unknown_authority,
    "authority_held": guardian_without_authority,
    "second_guardian_or_custody_known": one_guardian_of_unknown_custody,
    "guardian_contact_present": guardian_out_of_reach,
    "policy_number_present": coverage_without_policy,
    "treatment_consent_valid": session_ahead_without_consent,
    "data_protection_informed": session_ahead_without_information,
    "telehealth_consent_valid": video_ahead_without_consent,
    "history_opened": three_sessions_without_history,
}


def complete_in_care(files):
    patient = files.file(id_kind="nif", id_value="12345678Z")
    for kind in ("treatment", "data_protection", "telehealth"):
        files.consent(patient, kind)
    for days in (-30, -23, -16):
        files.session(patient, days, "attended")
    files.session(patient, 10, "confirmed", mode="online")
    files.insert("clinical_history", patient_id=patient, opened_on=clock.today())
    return patient


def complete_minor(files):
    patient = files.minor(id_kind=None, id_value=None, profession=None, marital_status="unknown")
    files.guardian(patient)
    files.guardian(patient, relation="father")
    return patient


def complete_insured(files):
    patient = files.file(pays="insurer")
    payer = files.insert("payer", name="Insurer")
    known = {"valid_from": "2020-01-01", "policy_number": "P-1"}
    files.insert("coverage", patient_id=patient, payer_id=payer, **known)
    return patient


def test_every_rule_finds_the_file_that_breaks_it_and_no_other_rule_does(files):
    expected = {files.file(**changes): {code} for code, changes in BROKEN_BY_ONE_FIELD.items()}
    expected |= {spoil(files): {code} for code, spoil in BROKEN_BY_SEVERAL_ROWS.items()}
    expected |= {files.file(): set(), complete_in_care(files): set()}
    expected |= {complete_minor(files): set(), complete_insured(files): set()}
    run_round()
    found = {patient: files.found_in(patient) for patient in expected}
    assert found == expected


def test_every_rule_has_a_file_that_breaks_it():
    assert {rule.code for rule in RULES} == {*BROKEN_BY_ONE_FIELD, *BROKEN_BY_SEVERAL_ROWS}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_speaks_english_and_spanish(rule):
    assert set(rule.words) == {"en", "es"}
    assert all(re.fullmatch(r"[A-ZÁÉÍÓÚÑ¿].{10,110}\.", words) for words in rule.words.values())
    assert rule.words["en"] != rule.words["es"]


def test_rules_have_codes_of_their_own_and_known_severities():
    codes = [rule.code for rule in RULES]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]{2,59}", code) for code in codes)
    assert {rule.severity for rule in RULES} == set(SEVERITIES)
