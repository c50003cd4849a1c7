"""Every line of Today leads to the screen where the work is done."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import Dashboard, open_as, settled


@pytest.mark.parametrize(
    ("role", "words", "title"),
    [
        ("manager", "not marked", "Agenda"),
        ("front_desk", "not invoiced yet", "Billing"),
        ("therapist", "urgent gap", "Incomplete files"),
    ],
)
def test_a_task_opens_its_screen(page: Page, dashboard: Dashboard, role: str, words: str, title: str) -> None:
    open_as(page, dashboard, role, "today")
    page.locator('[data-testid="stMain"]').get_by_role("link").filter(has_text=words).first.click()
    settled(page)
    expect(page.get_by_role("heading", name=title, level=1)).to_be_visible()


def test_who_is_behind_is_counted_for_the_manager_by_the_last_refresh(page: Page, dashboard: Dashboard) -> None:
    counted = "update marts.waiting_work set waiting = 3 where task = 'training_behind' returning grain"
    assert dashboard.rows(counted) == [("practice",)]
    open_as(page, dashboard, "manager", "today")
    page.get_by_role("link").filter(has_text="3 training requirements behind pace").click()
    settled(page)
    expect(page.get_by_role("heading", name="Training", level=1)).to_be_visible()


def test_the_auditor_sees_how_fresh_the_figures_are_and_nobody_s_name(page: Page, dashboard: Dashboard) -> None:
    open_as(page, dashboard, "auditor", "today")
    expect(page.get_by_text("Checks of patient files")).to_be_visible()
    expect(page.get_by_text("Still to come today")).to_have_count(0)
