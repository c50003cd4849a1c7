"""Loading our own small export: what is loaded, what is set aside and why, and that repetition changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dashboard.access.actor import Actor, NotAllowedError
from dashboard.imports import queries
from dashboard.imports.codes import SENTENCES, Code
from dashboard.imports.commands import run_import


def replace(file, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def set_aside(rows, run_id: int) -> set[tuple]:
    return set(
        rows(
            "select file, line, code, field from import_set_aside where import_run_id = %s and not is_loaded"
            " and entity <> 'transfer'",
            run_id,
        )
    )


def test_every_row_is_loaded_or_set_aside_with_its_reason(practice, manager, rows):
    report = run_import(manager, practice)
    assert set_aside(rows, report.run_id) == {
        ("payers.csv", 3, "NOT_APPLICABLE", None),
        ("payer_transitions.csv", 4, "NOT_APPLICABLE", "payer"),
        ("payer_transitions.csv", 5, "UNKNOWN_REFERENCE", "patient"),
        ("encounters.csv", 5, "BAD_INTERVAL", "ends_at"),
        ("encounters.csv", 7, "UNKNOWN_REFERENCE", "patient"),
        ("encounters.csv", 8, "DATE", "starts_at"),
        ("encounters.csv", 9, "AMOUNT_SCALE", "fee_cents"),
        ("encounters.csv", 10, "AMOUNT", "fee_cents"),
        ("claims.csv", 4, "NO_TRANSACTIONS", None),
        ("claims_transactions.csv", 9, "UNKNOWN_KIND", None),
    }
    for counts in report.by_entity.values():
        assert counts.read == counts.loaded + counts.updated + counts.unchanged + counts.set_aside
    lines = sum(len(file.read_text(encoding="utf-8").splitlines()) - 1 for file in practice.iterdir())
    assert (report.read, report.state) == (lines, "done")


def test_impossible_history_is_loaded_and_flagged(practice, manager, rows):
    report = run_import(manager, practice)
    flags = dict(
        rows("select external_id, flags from external_ref join appointment on id = local_id and entity = 'appointment'")
    )
    assert flags == {
        "enc-1": ["overlap_therapist"],
        "enc-2": ["overlap_therapist"],
        "enc-3": ["long_duration"],
        "enc-5": None,
    }
    told = rows("select line, code from import_set_aside where is_loaded and import_run_id = %s", report.run_id)
    assert sorted(told) == [
        (2, "OVERLAP_THERAPIST"), (3, "OVERLAP_THERAPIST"), (4, "LONG_DURATION"), (10, "REFERENCE_LEFT_EMPTY")
    ]  # fmt: skip
    assert report.flagged == 4


def test_a_patient_becomes_a_file_as_written(practice, manager, rows):
    run_import(manager, practice)
    found = rows(
        "select given_name, surname_1, birth_date::text, died_on::text, sex, marital_status, status, id_kind, id_value,"
        " address_line, postal_code, country from patient order by id"
    )
    assert found == [
        ("Ana1 Luz2", "Prado3", "1980-02-29", None, "female", "married", "active", "ssn", "999-11-1111",
         "12 Long Lane, Flat 3", "02110", "US"),
        ("Leo4", "Vidal5", "2001-07-15", "2023-01-01", "male", "unknown", "archived", "ssn", "999-22-2222",
         "3 Short Street", None, "US"),
        ("Robert'); DROP TABLE patient;--", "{{7*7}}", "1995-05-05", None, "female", "single", "active", None, None,
         "%s%s", "01970", "US"),
    ]  # fmt: skip


def test_sites_and_therapists_are_tidied(practice, manager, rows):
    run_import(manager, practice)
    assert rows("select name, telephone, postal_code from site order by name") == [
        ("Harbour House", "617-555-0100", None), ("Hill House", None, "01970")
    ]  # fmt: skip
    assert rows("select given_name, surnames, s.name from therapist join site as s on s.id = site_id order by 1") == [
        ("Alba12", "Muñoz34", "Harbour House"), ("Ben", "De La Cruz", "Hill House")
    ]  # fmt: skip


def test_coverage_by_years_includes_the_last_one_and_no_insurance_is_no_coverage(practice, manager, rows):
    run_import(manager, practice)
    assert rows("select policy_number, valid_from::text, valid_until::text from coverage order by 2") == [
        ("mem-1", "2019-01-01", "2021-01-01"),
        ("mem-2", "2021-01-01", "2022-01-01"),
    ]
    assert rows("select name from payer") == [("Harbour Health",)]


def test_a_missing_end_is_the_length_of_the_service(practice, manager, rows):
    run_import(manager, practice)
    assert rows(
        "select ends_at - starts_at = interval '30 minutes', mode, state, is_imported from appointment"
        " join external_ref on local_id = id and entity = 'appointment' where external_id = 'enc-5'"
    ) == [(True, "online", "attended", True)]


def test_money_is_what_the_file_says_and_transfers_count_nowhere(practice, manager, rows):
    run_import(manager, practice)
    assert rows("select sum(amount_cents) from charge") == [(18510,)]
    assert rows("select sum(amount_cents) from payment") == [(11000,)]
    assert rows(
        "select series, number, total_cents, recipient_name, payer_id is null from invoice order by number"
    ) == [
        ("SYNTHEA", 1, 10010, "Harbour Health", False),
        ("SYNTHEA", 2, 8500, "Leo4 Vidal5", True),
    ]


def test_what_is_paid_beyond_the_invoice_stays_credit(practice, manager, rows):
    run_import(manager, practice)
    assert rows("select amount_cents from payment_allocation order by 1") == [(3000,), (7010,)]


def test_a_charge_whose_appointment_is_not_there_is_loaded_without_it(practice, manager, rows):
    run_import(manager, practice)
    assert rows("select amount_cents, appointment_id from charge where description = 'Late fee'") == [(500, None)]


def test_the_same_files_again_change_nothing(practice, manager, digest):
    first = run_import(manager, practice)
    before = digest()
    again = run_import(manager, practice)
    assert (again.already_done, again.run_id, again.loaded, again.updated) == (True, first.run_id, 0, 0)
    assert (again.read, again.unchanged, again.set_aside) == (first.read, first.loaded, first.set_aside)
    assert digest() == before


def test_the_same_rows_in_another_order_under_another_name_change_nothing(practice, manager, digest):
    run_import(manager, practice)
    before = digest()
    header, *lines = (practice / "patients.csv").read_text(encoding="utf-8").splitlines()
    (practice / "patients.csv").unlink()
    (practice / "people.csv").write_text("\r\n".join([header, *reversed(lines)]), encoding="utf-8")
    assert run_import(manager, practice).already_done
    assert digest() == before


def test_a_row_that_changed_at_the_source_is_updated(practice, manager, rows):
    run_import(manager, practice)
    replace(practice / "patients.csv", "12 Long Lane, Flat 3", "1 New Street")
    replace(practice / "encounters.csv", "2022-03-02T10:00:00Z,2022-03-04", "2022-03-02T11:00:00Z,2022-03-04")
    report = run_import(manager, practice)
    assert (report.by_entity["patient"].updated, report.by_entity["appointment"].updated, report.loaded) == (1, 1, 0)
    assert rows("select address_line, version from patient where given_name = 'Ana1 Luz2'") == [("1 New Street", 2)]
    assert rows("select count(*) from appointment_patient where starts_at = '2022-03-02T11:00:00Z'") == [(1,)]


def test_when_it_was_booked_stays_when_the_source_does_not_say(practice, manager, rows):
    run_import(manager, practice)
    booked = "select booked_at from appointment join external_ref on local_id = id where external_id = 'enc-1'"
    before = rows(booked)
    replace(
        practice / "encounters.csv", "2022-03-01T10:00:00Z,2022-03-01T10:50", "2022-03-01T10:10:00Z,2022-03-01T10:50"
    )
    assert run_import(manager, practice).by_entity["appointment"].updated == 1
    assert rows(booked) == before == [(datetime(2022, 3, 1, 10, tzinfo=UTC),)]


def test_a_row_that_a_person_changed_here_is_not_overwritten(practice, manager, rows):
    run_import(manager, practice)
    rows("update patient set city = 'Elsewhere' where given_name = 'Ana1 Luz2' returning id")
    replace(practice / "patients.csv", "12 Long Lane, Flat 3", "1 New Street")
    report = run_import(manager, practice)
    assert report.by_entity["patient"].codes == {"CONFLICT": 1}
    assert rows("select city, address_line from patient where given_name = 'Ana1 Luz2'") == [
        ("Elsewhere", "12 Long Lane, Flat 3")
    ]


def test_a_restricted_file_is_not_changed_whatever_the_source_says(practice, manager, rows):
    run_import(manager, practice)
    rows(
        "insert into processing_restriction (patient_id, reason, by_id) select p.id, 'A dispute', u.id"
        " from patient as p, app_user as u where p.given_name = 'Ana1 Luz2' limit 1 returning id"
    )
    replace(practice / "patients.csv", "12 Long Lane, Flat 3", "1 New Street")
    report = run_import(manager, practice)
    assert report.by_entity["patient"].codes == {"CONFLICT": 1}
    assert rows("select address_line from patient where given_name = 'Ana1 Luz2'") == [("12 Long Lane, Flat 3",)]


@pytest.mark.parametrize(
    ("old", "new"), [("CHARGE,80.00", "CHARGE,81.00"), ("30.00,enc-1", "31.00,enc-1"), ("20.10", "20.11")]
)
def test_money_that_changed_at_the_source_is_a_conflict_for_a_person(practice, manager, rows, old, new):
    run_import(manager, practice)
    before = rows("select sum(amount_cents) from charge"), rows("select sum(amount_cents) from payment")
    replace(practice / "claims_transactions.csv", old, new)
    report = run_import(manager, practice)
    assert report.by_entity["charge"].codes.get("CONFLICT") or report.by_entity["payment"].codes.get("CONFLICT")
    assert (rows("select sum(amount_cents) from charge"), rows("select sum(amount_cents) from payment")) == before


def test_a_charge_that_comes_after_its_invoice_is_a_conflict(practice, manager, rows):
    run_import(manager, practice)
    with (practice / "claims_transactions.csv").open("a", encoding="utf-8") as file:
        file.write("tra-20,cla-1,pat-1,CHARGE,9.00,,2022-04-01T10:00:00Z,Late,,enc-1\n")
    report = run_import(manager, practice)
    assert report.by_entity["charge"].codes["CONFLICT"] == 1
    assert rows("select total_cents from invoice where number = 1") == [(10010,)]


def test_a_payment_that_comes_later_settles_what_is_open(practice, manager, rows):
    run_import(manager, practice)
    with (practice / "claims_transactions.csv").open("a", encoding="utf-8") as file:
        file.write("tra-21,cla-2,pat-2,PAYMENT,,CASH,2022-04-01T10:00:00Z,,90.00,enc-2\n")
    assert run_import(manager, practice).by_entity["payment"].loaded == 1
    assert rows("select amount_cents from payment_allocation where allocated_on = '2022-04-01'") == [(8500,)]


def test_the_same_id_with_the_same_content_is_one_row(practice, manager, rows):
    replace(
        practice / "claims_transactions.csv",
        "tra-3,",
        "tra-3,cla-1,pat-1,PAYMENT,,COPAY,2022-03-01T10:00:00Z,,30.00,enc-1\ntra-3,",
    )
    report = run_import(manager, practice)
    assert (report.by_entity["payment"].loaded, report.by_entity["payment"].unchanged) == (2, 1)


def test_the_same_id_with_another_amount_is_a_conflict_and_neither_is_taken(practice, manager, rows):
    replace(
        practice / "claims_transactions.csv",
        "tra-3,",
        "tra-3,cla-1,pat-1,PAYMENT,,COPAY,2022-03-01T10:00:00Z,,31.00,enc-1\ntra-3,",
    )
    report = run_import(manager, practice)
    assert report.by_entity["payment"].codes == {"CONFLICT": 2}
    assert rows("select sum(amount_cents) from payment") == [(8000,)]


def test_rows_set_aside_for_what_was_missing_are_loaded_when_it_has_come(practice, tmp_path, manager, rows):
    patients = tmp_path / "patients.csv"
    (practice / "patients.csv").rename(patients)
    assert run_import(manager, practice).by_entity["appointment"].loaded == 0
    assert run_import(manager, patients).loaded == 3
    assert run_import(manager, practice).by_entity["appointment"].loaded == 4
    assert run_import(manager, practice).already_done
    assert rows("select count(*) from invoice") == [(2,)]


def test_an_older_export_without_providers_or_ends_is_loaded_with_stand_ins(tmp_path, manager, rows):
    old = tmp_path / "old"
    old.mkdir()
    (old / "patients.csv").write_text(
        'ID,BIRTHDATE,DEATHDATE,SSN,FIRST,LAST,ADDRESS\np1,1980-01-01,,0,Ana,Sol,"1 Quay Street Boston MA 02110"\n'
    )
    (old / "encounters.csv").write_text(
        "ID,DATE,PATIENT,CODE,DESCRIPTION\ne1,2010-05-05,p1,1,x\ne2,2010-05-06,p1,1,x\n"
    )
    report = run_import(manager, old)
    assert (report.read, report.loaded, report.by_entity["therapist_stand_in"].loaded) == (3, 3, 1)
    assert rows("select given_name, surnames from therapist") == [("Therapist", "not in the export")]
    assert rows("select id_value from patient") == [(None,)]


def test_a_stand_in_becomes_the_real_row_when_it_comes(practice, tmp_path, manager, rows):
    (practice / "providers.csv").rename(tmp_path / "providers.csv")
    assert run_import(manager, practice).by_entity["therapist_stand_in"].loaded == 2
    assert run_import(manager, tmp_path / "providers.csv").updated == 2
    assert rows("select given_name from therapist order by 1") == [("Alba12",), ("Ben",)]


def test_two_sources_may_use_the_same_ids(practice, clinica, manager, rows):
    run_import(manager, practice)
    replace(clinica / "pacientes.csv", "H-01", "pat-1")
    run_import(manager, clinica, mapping=str(clinica / "clinica.yaml"))
    assert rows("select count(*) from patient") == [(5,)]


def test_a_second_source_needs_a_mapping_and_no_code(clinica, manager, rows):
    report = run_import(manager, clinica, mapping=str(clinica / "clinica.yaml"))
    assert set_aside(rows, report.run_id) == {
        ("citas.csv", 5, "AMOUNT", "fee_cents"),
        ("citas.csv", 6, "DATE", "starts_at"),
        ("citas.csv", 7, "NOT_APPLICABLE", None),
    }
    assert rows("select given_name, surname_1, surname_2, birth_date::text, sex from patient order by 1") == [
        ("Lucía", "Núñez", "Prieto", "1990-04-03", "female"),
        ("Íñigo", "Sanz", None, None, "unknown"),
    ]
    assert rows(
        "select to_char(a.starts_at at time zone 'Europe/Madrid', 'YYYY-MM-DD HH24:MI'), a.state, a.fee_cents,"
        " t.surnames, extract(minutes from ends_at - starts_at)::int"
        " from appointment as a join therapist as t on t.id = therapist_id order by a.id"
    ) == [
        ("2026-04-03 10:00", "attended", 106050, "Ruiz Gil", 50),
        ("2026-04-10 10:00", "cancelled", 6050, "Ruiz Gil", 50),
        ("2026-04-10 12:00", "no_show", 6000, "Ruiz Gil", 50),
    ]


def test_bookings_ahead_may_not_clash_or_be_of_an_impossible_length(practice, manager, rows):
    (practice / "encounters.csv").write_text(
        "Id,START,STOP,PATIENT,ORGANIZATION,PROVIDER,ENCOUNTERCLASS\n"
        "f1,2190-03-01T10:00:00Z,2190-03-01T11:00:00Z,pat-1,org-1,ther-1,ambulatory\n"
        "f2,2190-03-01T10:30:00Z,2190-03-01T11:30:00Z,pat-2,org-1,ther-1,ambulatory\n"
        "f3,2190-03-01T10:30:00Z,2190-03-01T11:30:00Z,pat-1,org-1,ther-2,ambulatory\n"
        "f4,2190-03-01T11:00:00Z,2190-03-01T12:00:00Z,pat-1,org-1,ther-2,ambulatory\n"
        "f5,2190-03-02T11:00:00Z,2190-03-03T12:00:00Z,pat-1,org-1,ther-2,ambulatory\n"
        "f6,2190-03-03T11:00:00Z,2190-03-03T11:01:00Z,pat-1,org-1,ther-2,ambulatory\n"
    )
    report = run_import(manager, practice)
    assert report.by_entity["appointment"].codes == {"ALREADY_BOOKED": 3, "BOOKING_LENGTH": 2}
    assert rows("select starts_at, state from appointment") == [(datetime(2190, 3, 1, 10, tzinfo=UTC), "booked")]


def test_a_trial_changes_nothing_and_is_written_down(practice, manager, digest, rows):
    run_import(manager, practice / "payers.csv")
    before = digest()
    report = run_import(manager, practice, dry_run=True)
    assert (report.is_dry_run, report.by_entity["patient"].loaded) == (True, 3)
    assert rows("select is_dry_run, loaded from import_run where id = %s", report.run_id) == [(True, report.loaded)]
    assert {**digest(), "runs": ""} == {**before, "runs": ""}
    assert not run_import(manager, practice).already_done


def test_a_refused_file_leaves_nothing_but_its_refusal(practice, manager, digest, rows):
    before = digest()
    with (practice / "claims_transactions.csv").open("a", encoding="utf-8") as file:
        file.write("tra-30,cla-2\n")
    report = run_import(manager, practice)
    assert (report.state, report.refusal_code, report.refusal_file, report.refusal_line) == (
        "refused", Code.COLUMN_COUNT, "claims_transactions.csv", 11
    )  # fmt: skip
    assert rows("select state, refusal_code, loaded from import_run") == [("refused", "COLUMN_COUNT", 0)]
    assert {**digest(), "runs": ""} == {**before, "runs": ""}


def test_a_file_without_a_needed_column_is_refused(practice, manager, database):
    replace(practice / "patients.csv", "BIRTHDATE", "BORN")
    report = run_import(manager, practice)
    assert (report.refusal_code, report.refusal_file) == (Code.MISSING_COLUMN, "patients.csv")


def test_a_header_alone_is_an_import_of_nothing(practice, manager, database):
    header = (practice / "patients.csv").read_text(encoding="utf-8").splitlines()[0]
    (practice / "patients.csv").write_text(header)
    report = run_import(manager, practice / "patients.csv")
    assert (report.state, report.read) == ("done", 0)


def test_nothing_here_is_refused_plainly(tmp_path, manager, database):
    assert run_import(manager, tmp_path).refusal_code == Code.NOT_FOUND
    (tmp_path / "shopping.csv").write_text("milk,eggs\n1,2\n")
    assert run_import(manager, tmp_path).refusal_code == Code.NOTHING_RECOGNISED


@pytest.mark.parametrize("role", ["therapist", "auditor"])
def test_only_those_who_may_import_can(practice, role, database):
    with pytest.raises(NotAllowedError):
        run_import(Actor(1, "somebody", role), practice)


def test_the_ledger_tells_what_ran_and_what_was_set_aside(practice, manager, database):
    report = run_import(manager, practice, label="March")
    run = queries.import_runs(manager)[0]
    assert (run.id, run.label, run.loaded, run.set_aside, run.started_by) == (
        report.run_id, "March", report.loaded, report.set_aside, "manager"
    )  # fmt: skip
    aside = queries.rows_set_aside(manager, report.run_id)
    assert len(aside) == report.set_aside + report.flagged
    assert all(Code(row.code) in SENTENCES for row in aside)


def test_progress_goes_from_nothing_to_done(practice, manager, database):
    told = []
    run_import(manager, practice, progress=lambda stage, share: told.append((stage, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert (told[0], told[-1]) == (("reading", 0.0), ("done", 1.0))


def test_the_report_reads_as_text_and_as_json(practice, manager, database):
    report = run_import(manager, practice)
    assert "loaded" in report.as_text()
    assert report.as_json()["by_entity"]["patient"]["loaded"] == 3


def test_every_code_has_a_sentence():
    assert set(SENTENCES) == set(Code)
