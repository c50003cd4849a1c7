"""Attendance lists: patients and appointments from one file that names neither people nor hours."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

import pytest

from dashboard.imports import queries
from dashboard.imports.commands import run_import
from tests.dashboard.imports.conftest import SAMPLES

ROWS = 15


@pytest.fixture
def attendance(tmp_path: Path) -> Path:
    return Path(shutil.copy(SAMPLES / "attendance" / "no_show_sample.csv", tmp_path))


def test_every_row_is_loaded_or_set_aside_with_its_reason(attendance, manager, rows):
    report = run_import(manager, attendance)
    aside = rows("select line, code, field from import_set_aside where not is_loaded order by line")
    assert aside == [
        (8, "BOOKED_AFTER", None),
        (9, "IMPOSSIBLE_AGE", None),
        (10, "IMPOSSIBLE_AGE", None),
        (11, "IMPOSSIBLE_AGE", None),
        (13, "DATE", "starts_at"),
        (14, "DATE", "booked_at"),
        (15, "UNKNOWN_VALUE", "state"),
        (16, "REQUIRED", "state"),
    ]
    assert (report.source, report.read, report.loaded, report.set_aside) == ("no_show", ROWS, 7, len(aside))


def test_what_was_not_loaded_is_told_before_what_was_flagged(attendance, manager, database):
    report = run_import(manager, attendance)
    told = queries.rows_set_aside(manager, report.run_id, limit=report.set_aside + 1)
    assert [row.is_loaded for row in told] == [False] * report.set_aside + [True]


def test_no_means_that_the_person_came(attendance, manager, rows):
    run_import(manager, attendance)
    assert rows("select state, string_agg(external_id, ',' order by external_id) from appointment"
                " join external_ref on local_id = id and entity = 'appointment' group by state order by state") == [
        ("attended", "900001,900004,900005,900006"),
        ("no_show", "900002,900003,900011"),
    ]  # fmt: skip


def test_a_day_without_an_hour_is_noon_of_that_day_and_says_so(attendance, manager, rows):
    report = run_import(manager, attendance)
    assert rows("select distinct flags, to_char(starts_at at time zone s.time_zone, 'HH24:MI'),"
                " extract(minutes from ends_at - starts_at)::int"
                " from appointment join site as s on s.id = site_id") == [(["day_only"], "12:00", 30)]  # fmt: skip
    assert report.by_entity["appointment"].codes["DAY_ONLY"] == report.loaded


def test_nothing_overlaps_what_has_no_hour(attendance, practice, manager, rows):
    run_import(manager, practice)
    run_import(manager, attendance)
    rows(
        "update appointment set therapist_id = (select id from therapist where given_name = 'Alba12')"
        " where 'day_only' = any(flags) returning id"
    )
    with (practice / "encounters.csv").open("a", encoding="utf-8") as file:
        file.write("enc-20,2016-05-10T15:10:00Z,2016-05-10T15:40:00Z,pat-1,org-1,ther-1,ambulatory,80\n")
    assert run_import(manager, practice).by_entity["appointment"].loaded == 1
    assert rows("select flags from appointment where starts_at = '2016-05-10T15:10:00Z'") == [(None,)]


def test_when_it_was_booked_is_read_as_the_hour_of_the_place(attendance, manager, rows):
    run_import(manager, attendance)
    assert rows("select to_char(booked_at at time zone 'America/Sao_Paulo', 'YYYY-MM-DD HH24:MI') from appointment"
                " join external_ref on local_id = id and entity = 'appointment' where external_id = '900004'") == [
        ("2016-05-09 19:40",)
    ]  # fmt: skip


def test_people_are_told_apart_by_their_id_as_written_and_have_no_birth_date(attendance, manager, rows):
    run_import(manager, attendance)
    assert rows("select given_name, surname_1, sex, birth_date, address_line, status from patient order by 2") == [
        ("Patient", "10000000000017", "female", None, "BAIRRO NOVO", "archived"),
        ("Patient", "1234567", "male", None, "PRAIA VELHA", "archived"),
        ("Patient", "30000000000031", "male", None, "ILHA LONGA", "archived"),
        ("Patient", "40000000000043", "female", None, "ILHA LONGA", "archived"),
        ("Patient", "8765432109", "female", None, "ILHA LONGA", "archived"),
        ("Patient", "8765432109E-4", "male", None, "PRAIA VELHA", "archived"),
    ]


def test_therapist_site_and_service_are_plainly_unknown(attendance, manager, rows):
    run_import(manager, attendance)
    assert rows("select t.given_name, t.surnames, s.name, s.country from therapist as t join site as s on true") == [
        ("Therapist", "not in the list", "Site not in the list", "BR")
    ]
    assert rows("select name, minutes from service") == [("Appointment without a service", 30)]


def test_the_same_list_again_changes_nothing(attendance, manager, digest):
    first = run_import(manager, attendance)
    before = digest()
    again = run_import(manager, attendance)
    assert (again.already_done, again.loaded, again.unchanged) == (True, 0, first.loaded)
    assert digest() == before


def test_a_longer_list_adds_what_is_new_only(attendance, manager, rows):
    first = run_import(manager, attendance)
    with attendance.open("a", encoding="utf-8") as file:
        file.write("1234567,900016,M,2016-05-20T10:00:00Z,2016-05-21T00:00:00Z,0,PRAIA VELHA,1,0,0,0,0,0,Yes\n")
    longer = run_import(manager, attendance)
    assert (longer.loaded, longer.updated, longer.unchanged) == (1, 0, first.loaded)
    assert rows("select count(*) from patient where surname_1 = '1234567'") == [(1,)]


@pytest.mark.parametrize("name", ["KaggleV2-of-ours.csv", "whatever.csv"])
def test_the_list_is_known_by_its_name_or_its_columns_also_in_an_archive(attendance, manager, tmp_path, name, database):
    with zipfile.ZipFile(tmp_path / "list.zip", "w") as archive:
        archive.write(attendance, name)
    report = run_import(manager, tmp_path / "list.zip")
    assert (report.source, report.read, report.loaded) == ("no_show", ROWS, 7)
