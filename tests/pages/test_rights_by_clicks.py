"""The patient's rights in a real browser: a copy of everything, a restriction, an erasure that has to be confirmed."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import Dashboard, choose_first_row, open_as, settled, unfold

pytestmark = pytest.mark.browser

CLOSED = "select id, number from patient where status = 'discharged' order by id limit 1"
LONG_AGO = """
update practice.patient set opened_on = '2010-01-01', discharged_on = '2012-01-01' where id = %(id)s;
update practice.care_episode set opened_on = '2010-01-01', discharged_on = '2012-01-01' where patient_id = %(id)s;
"""


def copy(page: Page, folder: Path) -> dict[str, object]:
    """Download the copy of everything and return its record for machines."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the copy").click()
    download.value.save_as(folder / "copy.zip")
    with zipfile.ZipFile(folder / "copy.zip") as files:
        assert files.read("record.pdf").startswith(b"%PDF-")
        return dict(json.loads(files.read("record.json")))


def test_a_manager_hands_out_a_copy_restricts_and_erases(page: Page, dashboard: Dashboard, tmp_path: Path) -> None:
    [(patient, number)] = dashboard.rows(CLOSED)
    address = f"patient_files?patient={patient}&part=rights"
    open_as(page, dashboard, "manager", address)
    record = copy(page, tmp_path)
    assert record["notes"] == []
    assert record["invoices"]

    page.get_by_text("Restrict processing").click()
    page.get_by_label("Why").fill("He disputes what is written here.")
    page.get_by_role("button", name="Restrict", exact=True).click()
    expect(page.get_by_text("Processing is restricted from now on.")).to_be_visible()
    expect(page.get_by_text("this file is kept and read, not changed")).to_be_visible()
    settled(page).get_by_text("Details", exact=True).click()
    expect(page.get_by_label("Profession")).to_be_visible()
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_disabled()
    open_as(page, dashboard, "manager", address)
    page.get_by_role("button", name="Lift the restriction").click()
    expect(page.get_by_text("The restriction was lifted.")).to_be_visible()

    with psycopg.connect(dashboard.database_url, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(LONG_AGO, {"id": patient})
    open_as(page, dashboard, "manager", "patient_files?view=due")
    choose_first_row(page, page.get_by_text("no duty to keep it since"))
    unfold(page, page.get_by_role("button", name=re.compile("Erase: Histories")))
    erase = page.get_by_role("button", name="Erase", exact=True)
    expect(erase).to_be_disabled()
    page.get_by_label("Number of the file").fill(str(number))
    page.keyboard.press("Enter")
    expect(erase).to_be_enabled()
    erase.click()
    expect(page.get_by_text("The clinical record was erased.").first).to_be_visible()
    assert dashboard.rows("select kind from erasure where patient_id = %s", patient) == [("clinical",)]


def test_a_therapist_hands_out_their_own_part(page: Page, dashboard: Dashboard, tmp_path: Path) -> None:
    [(me, who)] = dashboard.rows(
        "select therapist_id, u.display_name from app_user as u join session_note as n using (therapist_id)"
        " where u.role = 'therapist' order by u.display_name limit 1"
    )
    [(patient,)] = dashboard.rows(
        "select n.patient_id from session_note as n join patient as p on p.id = n.patient_id"
        " where n.therapist_id = %s and p.main_therapist_id = n.therapist_id order by n.id limit 1",
        me,
    )
    open_as(page, dashboard, "therapist", f"patient_files?patient={patient}&part=rights", person=str(who))
    record = copy(page, tmp_path)
    assert record["notes"]
    assert "invoices" not in record
