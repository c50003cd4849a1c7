"""Synthea's CSV export in five vintages: every row is accounted for and every cent is there."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from dashboard.access.actor import Administrator
from dashboard.imports.commands import run_import
from dashboard.imports.detection import detect
from dashboard.imports.report import Report

pytestmark = pytest.mark.foreign

FOLDERS = ["dverma_16p", "fstreet_1214p", "hedical_50p", "ohdsi_27p", "swall_109p"]
MANAGER = Administrator()
TABLES = ("site", "therapist", "service", "payer", "patient", "coverage", "appointment", "invoice", "charge", "payment")


@pytest.fixture
def synthea(shared) -> Path:
    return shared / "synthea_csv"


@pytest.fixture
def rows(database):
    def ask(question: str, *values: object) -> list[tuple]:
        with psycopg.connect(database.url, options="-c search_path=practice") as connection:
            return connection.execute(question, values or None).fetchall()

    return ask


@pytest.fixture
def everything(rows):
    """Return a function that gives the hash of each table's rows, whole."""

    def everything(before: int | None = None) -> dict[str, tuple]:
        return {
            table: rows(f"select count(*), md5(string_agg(t::text, '|' order by id)) from {table} as t")[0]
            for table in TABLES
        }

    return everything


def read(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def accounted(report: Report, folder: Path) -> None:
    """Hold that every row of every file that was read is loaded, unchanged or set aside with a reason."""
    assert report.state == "done"
    assert report.read == sum(len(read(known.path)) for known in detect(folder).files)
    assert report.read == report.loaded + report.updated + report.unchanged + report.set_aside
    for counts in report.by_entity.values():
        assert counts.set_aside + counts.flagged == sum(counts.codes.values())


@pytest.mark.parametrize("name", FOLDERS)
def test_every_row_is_loaded_or_set_aside_and_again_changes_nothing(synthea, name, everything):
    accounted(run_import(MANAGER, synthea / name), synthea / name)
    before = everything()
    again = run_import(MANAGER, synthea / name)
    assert (again.loaded, again.updated) == (0, 0)
    assert everything() == before


def test_the_money_is_the_files_money_to_the_cent(synthea, rows):
    folder = synthea / "ohdsi_27p"
    report = run_import(MANAGER, folder)
    transactions = read(folder / "claims_transactions.csv")
    charged = sum(Decimal(row["AMOUNT"]) for row in transactions if row["TYPE"] == "CHARGE")
    paid = sum(Decimal(row["PAYMENTS"]) for row in transactions if row["TYPE"] == "PAYMENT")
    assert rows("select count(*), sum(amount_cents) from charge") == [(1545, charged * 100)]
    assert rows("select count(*), sum(amount_cents) from payment") == [(1843, paid * 100)]
    assert (charged, paid) == (Decimal("1092402.73"), Decimal("1103503.95"))
    assert (report.by_entity["patient"].loaded, report.by_entity["appointment"].read) == (27, 604)
    assert rows("select count(*), max(number), sum(total_cents) from invoice") == [(1267, 1267, charged * 100)]


def test_overpayment_stays_credit_and_no_invoice_is_settled_beyond_its_total(synthea, rows):
    run_import(MANAGER, synthea / "ohdsi_27p")
    assert rows(
        "select (select sum(amount_cents) from payment) - (select sum(amount_cents) from payment_allocation)"
    ) == [(1_110_122,)]
    assert rows(
        "select count(*) from (select sum(amount_cents) as settled, total_cents from payment_allocation"
        " join invoice as i on i.id = invoice_id group by i.id) as each where settled > total_cents"
    ) == [(0,)]


def test_each_class_of_encounter_is_one_service_whatever_its_case(synthea, rows):
    run_import(MANAGER, synthea / "hedical_50p")
    run_import(MANAGER, synthea / "swall_109p")
    assert rows("select count(*) from service where name ilike 'ambulatory'") == [(1,)]


def test_another_folder_leaves_the_first_ones_rows_untouched(synthea, rows):
    run_import(MANAGER, synthea / "ohdsi_27p")
    hashes = {
        table: rows(f"select max(id), md5(string_agg(t::text, '|' order by id)) from {table} as t")[0]
        for table in TABLES
    }
    run_import(MANAGER, synthea / "hedical_50p")
    for table, (last, digest) in hashes.items():
        assert rows(f"select md5(string_agg(t::text, '|' order by id)) from {table} as t where id <= {last}") == [
            (digest,)
        ]
    assert rows("select count(*) from patient") == [(77,)]


def test_a_copy_with_the_word_null_is_the_same_people(synthea, rows):
    run_import(MANAGER, synthea / "fstreet_1214p")
    report = run_import(MANAGER, synthea / "fstreet_1214p" / "patients-with-nulls.csv")
    assert (report.read, report.unchanged, report.loaded) == (1214, 1214, 0)
    assert rows("select count(*) from patient") == [(1214,)]


def test_encounters_of_a_hundred_days_and_double_bookings_are_history_with_flags(synthea, rows):
    report = run_import(MANAGER, synthea / "swall_109p")
    codes = report.by_entity["appointment"].codes
    assert codes["LONG_DURATION"] == 112
    assert codes["OVERLAP_THERAPIST"] >= 38
    assert rows("select count(*) from appointment where is_imported") == [(5941,)]
