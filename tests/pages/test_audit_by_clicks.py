"""The audit log in a real browser: who opened a file stands on it, and before the auditor; nobody else has the log."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import Dashboard, open_as, settled

pytestmark = pytest.mark.browser

SHOWN = "(words) => document.querySelector('[data-testid=stDataFrame] table')?.textContent.includes(words)"


def test_who_opens_a_file_is_on_record_on_the_file_and_before_the_auditor(page: Page, dashboard: Dashboard) -> None:
    [(patient,)] = dashboard.rows("select id from patient where status = 'active' order by id limit 1")
    open_as(page, dashboard, "front_desk", f"patient_files?patient={patient}&part=openings")
    [(name,)] = dashboard.rows(
        "select u.display_name from audit_log as l join app_user as u on u.id = l.user_id"
        " where l.operation = 'opened' and l.patient_id = %s",
        patient,
    )
    page.wait_for_function(SHOWN, arg=name)

    open_as(page, dashboard, "auditor", "audit")
    page.wait_for_function(SHOWN, arg="Patient file")
    page.get_by_label("File (its internal number)").fill("999999999")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nothing is on record here. Take a filter away to see more.")).to_be_visible()


def test_who_has_no_log_is_refused_and_that_is_on_record(page: Page, dashboard: Dashboard) -> None:
    open_as(page, dashboard, "manager", "audit")
    expect(settled(page).get_by_text("This screen is not available to you.")).to_be_visible()
    asked = "select role from audit_log where operation = 'refused' and table_name = 'audit' order by id"
    assert dashboard.rows(asked)[-2:] == [(None,), ("manager",)]  # before and after they said who they are
