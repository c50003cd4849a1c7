"""Discharge, archive and return in a real browser, and the timeline that tells of them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import Dashboard, open_as, settled

pytestmark = pytest.mark.browser


def test_a_patient_is_discharged_archived_and_comes_back(page: Page, dashboard: Dashboard) -> None:
    [(patient,)] = dashboard.rows("select id from patient where status = 'active' order by id limit 1")
    open_as(page, dashboard, "front_desk", f"patient_files?patient={patient}")
    page.get_by_role("button", name="Active", exact=True).click()
    page.get_by_role("button", name="Discharge", exact=True).click()
    expect(page.get_by_text("The patient was discharged.")).to_be_visible()
    settled(page).get_by_role("button", name="Discharged", exact=True).click()
    page.get_by_role("button", name="Put into the archive").click()
    expect(page.get_by_text("The file is in the archive.")).to_be_visible()
    settled(page).get_by_role("button", name="Archived", exact=True).click()
    page.get_by_role("button", name="Take up care again").click()
    expect(page.get_by_text("The file is active again.")).to_be_visible()
    assert dashboard.rows("select count(*) from care_episode where patient_id = %s", patient) == [(2,)]
    settled(page).get_by_test_id("stButtonGroup").get_by_text("Timeline").click()
    expect(page.get_by_test_id("stDataFrame").get_by_text("End of care")).to_be_attached()
