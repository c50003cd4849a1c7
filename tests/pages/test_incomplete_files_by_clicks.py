"""Incomplete files in a real browser: what is completed in place is gone at the next check."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import Dashboard, address_with, open_as

pytestmark = pytest.mark.browser

MISSING = """
select patient_id, rule_code, count(*) over () from finding
join check_rule on code = rule_code join patient on patient.id = patient_id
where closed_at is null and fix = 'telephone' and telephone is null and check_rule.is_active
order by finding.id limit 1
"""
CLOSED = "select closed_at is not null from finding where patient_id = %s and rule_code = %s order by id desc limit 1"


def test_a_telephone_completed_in_place_closes_its_finding_at_the_next_check(page: Page, dashboard: Dashboard) -> None:
    [(patient, rule, number)] = dashboard.rows(MISSING)
    open_as(page, dashboard, "front_desk", f"incomplete_files?rule={rule}")
    expect(page.get_by_text(f"{number} thing")).to_be_visible()

    open_as(page, dashboard, "front_desk", f"incomplete_files?rule={rule}&patient={patient}&finding={rule}")
    page.get_by_label("Telephone").fill("12")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("This is not a telephone number.")).to_be_visible()
    page.get_by_label("Telephone").fill("600 123 123")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("It leaves this list when the files are checked next.")).to_be_visible()
    assert dashboard.rows("select telephone from patient where id = %s", patient) == [("+34600123123",)]

    dashboard.check()
    assert dashboard.rows(CLOSED, patient, rule) == [(True,)]
    open_as(page, dashboard, "front_desk", f"incomplete_files?patient={patient}&finding={rule}")
    expect(page.get_by_text("This is no longer missing.")).to_be_visible()


def test_the_queue_shows_the_most_urgent_and_pages_keep_the_filters(page: Page, dashboard: Dashboard) -> None:
    open_as(page, dashboard, "manager", "incomplete_files?severity=important")
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("Page 2 of")).to_be_visible()
    address_with(page, "severity=important")


def test_a_therapist_reads_nothing_of_a_colleagues_file(page: Page, dashboard: Dashboard) -> None:
    open_as(page, dashboard, "therapist", "incomplete_files")
    name = page.locator('[data-testid="stSidebar"] strong').inner_text()
    [(patient, rule)] = dashboard.rows(
        "select patient_id, rule_code from finding join patient on patient.id = patient_id where closed_at is null"
        " and main_therapist_id <> (select therapist_id from app_user where display_name = %s) limit 1",
        name,
    )
    open_as(page, dashboard, "therapist", f"incomplete_files?patient={patient}&finding={rule}", name)
    expect(page.get_by_text("Not found, or not available to you.")).to_be_visible()
    expect(page.get_by_role("button", name="Save")).to_have_count(0)
