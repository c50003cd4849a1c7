"""Another system's files are imported on the Imports screen, in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import Dashboard, open_as, settled

PATIENTS = (
    "Id,BIRTHDATE,DEATHDATE,SSN,DRIVERS,PASSPORT,PREFIX,FIRST,LAST,SUFFIX,MAIDEN,MARITAL,RACE,ETHNICITY,GENDER,"
    "BIRTHPLACE,ADDRESS,CITY,STATE,COUNTY,ZIP,LAT,LON,HEALTHCARE_EXPENSES,HEALTHCARE_COVERAGE\n"
    "p-1,1980-02-03,,999-11-1111,,,,Rosa1,Lago2,,,M,white,nonhispanic,F,Town,1 Road,Town,State,,01234,1,1,1.00,1.00\n"
    "p-2,1990-02-31,,999-22-2222,,,,Luis1,Prado2,,,S,white,nonhispanic,M,Town,2 Road,Town,State,,01234,1,1,1.00,1.00\n"
)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Return a file of an export with one good row and one whose birth date does not exist."""
    file = tmp_path / "patients.csv"
    file.write_text(PATIENTS, encoding="utf-8")
    return file


def test_files_are_tried_imported_and_recognised_the_second_time(
    page: Page, dashboard: Dashboard, export: Path
) -> None:
    open_as(page, dashboard, "front_desk", "imports")
    before = dashboard.rows("select count(*) from patient")[0][0]
    page.locator('input[type="file"]').set_input_files(export)
    page.get_by_role("button", name="Try without changing anything").click()
    expect(page.get_by_text("A trial: nothing was changed.")).to_be_visible()
    assert dashboard.rows("select count(*) from patient")[0][0] == before

    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("Imported.", exact=True)).to_be_visible()
    assert dashboard.rows("select count(*) from patient")[0][0] == before + 1
    expect(page.get_by_text("1 · Patients")).to_be_visible()

    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("These files were imported before.")).to_be_visible()
    assert dashboard.rows("select count(*) from patient")[0][0] == before + 1


def test_a_file_of_no_known_source_is_refused_by_name(page: Page, dashboard: Dashboard, tmp_path: Path) -> None:
    open_as(page, dashboard, "front_desk", "imports")
    file = tmp_path / "letters.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    page.locator('input[type="file"]').set_input_files(file)
    settled(page)
    expect(page.get_by_text("No file here is one that this mapping knows.")).to_be_visible()
