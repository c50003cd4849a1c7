"""The care team in a real browser: a file opened in an emergency, seen by the manager, handed over."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import Dashboard, choose_first_row, open_as, settled

pytestmark = pytest.mark.browser

REASON = "In a crisis at the door, and her therapist is away."
NOT_THEIRS = """
select p.id, p.number, concat_ws(' ', p.given_name, p.surname_1, p.surname_2) from patient as p
where p.status = 'active' and p.main_therapist_id <> %s and not exists (
    select from appointment_patient as a where a.patient_id = p.id and a.therapist_id = %s
)
order by p.id limit 1
"""


def test_a_file_opened_in_an_emergency_is_on_the_managers_list_and_can_be_handed_over(
    page: Page, dashboard: Dashboard
) -> None:
    [(me, who)] = dashboard.rows(
        "select therapist_id, display_name from app_user where role = 'therapist' order by display_name limit 1"
    )
    [(patient, number, name)] = dashboard.rows(NOT_THEIRS, me, me)
    open_as(page, dashboard, "therapist", f"patient_files?patient={patient}", person=str(who))
    expect(page.get_by_text("Not found, or not available to you.")).to_be_visible()
    open_as(page, dashboard, "therapist", "patient_files", person=str(who))
    page.get_by_role("button", name="Open a file in an emergency").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Number of the file").fill(str(number))
    dialog.get_by_role("button", name="Open the file").click()
    expect(dialog.get_by_text("Say why in a sentence.")).to_be_visible()
    dialog.get_by_label("Why").fill(REASON)
    dialog.get_by_role("button", name="Open the file").click()
    expect(page.get_by_role("heading", name=str(name))).to_be_visible()

    open_as(page, dashboard, "manager")
    page.get_by_text("file open in an emergency").click()
    choose_first_row(page, page.get_by_text(REASON).and_(page.locator(":not(td)")))
    page.get_by_role("button", name="End").click()
    expect(page.get_by_text("The file is closed to them from now on.")).to_be_visible()
    open_as(page, dashboard, "therapist", f"patient_files?patient={patient}", person=str(who))
    expect(page.get_by_text("Not found, or not available to you.")).to_be_visible()

    open_as(page, dashboard, "manager", f"patient_files?patient={patient}&part=team")
    page.get_by_text("Hand the file over").click()
    settled(page).get_by_role("button", name="Hand over", exact=True).click()
    expect(page.get_by_text("The file was handed over.")).to_be_visible()
    [(before, kind)] = dashboard.rows(
        "select therapist_id, kind from care_team where patient_id = %s and kind <> 'break_glass'", patient
    )
    assert kind == "co_therapist"
    assert dashboard.rows("select main_therapist_id from patient where id = %s", patient) != [(before,)]
