"""The clinical record in a real browser: a history and a note are written, a note signed; a colleague sees neither."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import Dashboard, open_as, settled

pytestmark = pytest.mark.browser

# A therapist, a patient of theirs and a session that has no note yet; and a colleague who does not know the patient.
WHO = """
select u.display_name, p.id, p.given_name, other.display_name
from app_user as u
join patient as p on p.main_therapist_id = u.therapist_id
join appointment_patient as a on a.patient_id = p.id and a.therapist_id = u.therapist_id and a.state = 'attended'
join app_user as other on other.role = 'therapist' and other.id <> u.id and not exists (
    select from appointment_patient as seen where seen.patient_id = p.id and seen.therapist_id = other.therapist_id
)
where a.starts_at > now() - interval '13 days' and not exists (
    select from session_note as n where n.appointment_id = a.appointment_id
)
order by a.starts_at desc, other.id limit 1
"""
NOTE = "Zebra-4410 speaks of the storm"
ADDENDUM = "Zebra-4411 rang in the evening"
HISTORY = "Zebra-4412 since the winter"


def test_a_therapist_writes_and_signs_and_a_colleague_finds_nothing(page: Page, dashboard: Dashboard) -> None:
    [(therapist, patient, _name, colleague)] = dashboard.rows(WHO)
    open_as(page, dashboard, "therapist", f"clinical_history?patient={patient}", str(therapist))
    page.get_by_label("Medication").fill(HISTORY)
    page.locator(".st-key-clinical_history_save button").click()
    expect(page.get_by_text("The history is saved as a new version.")).to_be_visible()

    session = dashboard.rows(
        "select a.appointment_id from appointment_patient as a join app_user as u using (therapist_id)"
        " where a.patient_id = %s and u.display_name = %s and a.state = 'attended'"
        " and not exists (select from session_note as n where n.appointment_id = a.appointment_id)"
        " order by a.starts_at desc limit 1",
        patient,
        therapist,
    )[0][0]
    open_as(page, dashboard, "therapist", f"notes?appointment={session}", str(therapist))
    page.locator(f".st-key-notes_session_{patient} button").click()
    page.get_by_label("Assessment").fill(NOTE)
    page.get_by_label("Plan").click()
    expect(page.get_by_text("Saved by itself")).to_be_visible()
    settled(page)
    [(note, version)] = dashboard.rows("select id, version from session_note where appointment_id = %s", session)
    assert version == 2
    page.locator(".st-key-notes_sign button").click()
    settled(page)
    page.locator(".st-key-notes_sign_confirmed button").click()
    expect(page.get_by_text("The note is signed.")).to_be_visible()
    expect(page.get_by_text(NOTE)).to_be_visible()
    page.get_by_label("Addendum", exact=True).fill(ADDENDUM)
    page.locator(".st-key-notes_addendum_save button").click()
    expect(page.get_by_text(ADDENDUM)).to_be_visible()
    assert re.search(r"Zebra", page.url) is None
    stored = dashboard.rows("select status, sealed from session_note where id = %s", note)
    assert stored[0][0] == "signed"
    assert b"Zebra" not in bytes(stored[0][1])  # type: ignore[arg-type]

    for slug in (f"notes?note={note}", f"clinical_history?patient={patient}"):
        open_as(page, dashboard, "therapist", slug, str(colleague))
        expect(page.get_by_text("Not found, or not available to you.")).to_be_visible()
        assert "Zebra" not in page.content()
    open_as(page, dashboard, "therapist", "notes", str(colleague))
    page.get_by_label("Search in my notes of the last 12 months").fill("Zebra")
    page.get_by_label("Search in my notes of the last 12 months").press("Enter")
    expect(page.get_by_text("No note has these words.")).to_be_visible()
    open_as(page, dashboard, "manager", f"notes?note={note}")
    expect(page.get_by_text("This screen is not available to you.")).to_be_visible()
