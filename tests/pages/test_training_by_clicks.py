"""Training in a real browser: hours logged count once they are approved, and the progress says so at once."""

from __future__ import annotations

from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import Dashboard, open_as, settled

pytestmark = pytest.mark.browser

BEHIND = """
select therapist_id, display_name, counting_hours, logged_hours
from marts.training_progress join app_user using (therapist_id)
where remaining_hours > 10 and requirement_code not in (
    select requirement_code from training_requirement_part where subject = 'course'
) and 1 = (select count(*) from marts.training_progress as every where every.therapist_id = app_user.therapist_id)
order by therapist_id limit 1
"""
PROGRESS = (
    "select counting_hours, logged_hours from marts.training_progress where therapist_id = %s and remaining_hours > 0"
)


# Nobody has done all of it, whatever day it is.
MORE = """
update training_requirement set hours_per_cycle = hours_per_cycle + 100
where code not in (select requirement_code from training_requirement_part) returning code
"""


def test_logged_hours_count_once_the_manager_approved_them(page: Page, dashboard: Dashboard) -> None:
    assert dashboard.rows(MORE)
    [(therapist, name, counting, logged)] = dashboard.rows(BEHIND)
    open_as(page, dashboard, "therapist", "training", str(name))
    page.locator(".st-key-training_log button").click()
    page.locator(".st-key-training_log_title input").fill("Seminar by clicks")
    page.locator(".st-key-training_log_hours input").fill("2")
    page.get_by_role("dialog").get_by_test_id("stFormSubmitButton").get_by_role("button").click()
    expect(page.get_by_text("Seminar by clicks").first).to_be_visible()
    settled(page)
    [(entry,)] = dashboard.rows("select id from training_entry where title = 'Seminar by clicks'")
    assert dashboard.rows(PROGRESS, therapist) == [(counting, Decimal(str(logged)) + 2)]

    open_as(page, dashboard, "manager", f"training?therapist={therapist}")
    progress = page.get_by_test_id("stProgress").first
    words = progress.inner_text()
    page.locator(f".st-key-training_approve_{entry} button").click()
    expect(page.locator(f".st-key-training_row_{entry}")).to_have_count(0)
    assert dashboard.rows(PROGRESS, therapist) == [(Decimal(str(counting)) + 2, Decimal(str(logged)) + 2)]
    expect(progress).not_to_have_text(words)


def test_a_therapist_sees_their_own_training_only(page: Page, dashboard: Dashboard) -> None:
    names = [str(name) for (name,) in dashboard.rows("select display_name from app_user where role = 'therapist'")]
    open_as(page, dashboard, "therapist", "training?therapist=1", names[0])
    for name in names[1:]:
        expect(page.get_by_test_id("stMain").get_by_text(name)).to_have_count(0)
    expect(page.locator(".st-key-training_therapist")).to_have_count(0)
