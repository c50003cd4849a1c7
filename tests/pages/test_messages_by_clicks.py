"""Messages in a real browser: what would be sent, why one is withheld, what is decided, and the rule of the manager."""

from __future__ import annotations

import subprocess
import sys

import pytest
from playwright.sync_api import Page, expect

from dashboard.config import ROOT
from tests.pages.conftest import Dashboard, open_as, settled

pytestmark = pytest.mark.browser

ONE = """
select id, patient_id from message where state = %s and coalesce(withheld_reason, '') = %s order by due_at, id limit 1
"""
STATE = "select state from message where id = %s"


@pytest.fixture(scope="module", autouse=True)
def planned(dashboard: Dashboard) -> None:
    """Let the worker plan once, as it does each minute."""
    subprocess.run(
        [sys.executable, "-m", "dashboard.messenger", "--once"], env=dashboard.environment, cwd=ROOT, check=True
    )


def test_without_a_mail_server_the_outbox_says_what_would_be_sent(page: Page, dashboard: Dashboard) -> None:
    [(number,)] = dashboard.rows("select count(*) from message where state in ('planned', 'withheld')")
    assert int(str(number)) > 10
    open_as(page, dashboard, "front_desk", "messages")
    expect(page.get_by_text("No mail server is set up: nothing is sent.")).to_be_visible()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    [(waiting, _patient)] = dashboard.rows(ONE, "planned", "")
    open_as(page, dashboard, "front_desk", f"messages?message={waiting}")
    expect(page.get_by_text("Waits for its hour")).to_be_visible()
    page.get_by_role("button", name="Do not send it").click()
    expect(page.get_by_text("It will not be sent.")).to_be_visible()
    assert dashboard.rows(STATE, waiting) == [("cancelled",)]


def test_what_is_withheld_for_want_of_consent_leads_to_the_consents_of_the_file(
    page: Page, dashboard: Dashboard
) -> None:
    [(withheld, patient)] = dashboard.rows(ONE, "withheld", "no_consent")
    open_as(page, dashboard, "front_desk", f"messages?message={withheld}")
    expect(page.get_by_text("Withheld: No valid consent to be contacted")).to_be_visible()
    page.get_by_text("Request or record the consent").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Consents")
    assert f"patient={patient}" in page.url


def test_what_failed_is_told_by_telephone(page: Page, dashboard: Dashboard) -> None:
    [(number, _patient)] = dashboard.rows(ONE, "planned", "")
    dashboard.rows(
        "update message set state = 'failed', last_error = 'unknown_outcome', message_id = '<1@x>' where id = %s"
        " returning id",
        number,
    )
    open_as(page, dashboard, "front_desk", "messages?view=unsent")
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    open_as(page, dashboard, "front_desk", f"messages?message={number}")
    expect(page.get_by_text("Nobody knows whether it arrived")).to_be_visible()
    expect(page.get_by_role("button", name="Send it again")).to_be_visible()
    page.get_by_role("button", name="Told by telephone").click()
    expect(page.get_by_text("Recorded.")).to_be_visible()
    assert dashboard.rows(STATE, number) == [("told",)]


def test_the_manager_sets_the_rule_and_reception_reads_it(page: Page, dashboard: Dashboard) -> None:
    open_as(page, dashboard, "front_desk", "messages?view=rule")
    expect(page.get_by_role("button", name="Save")).to_be_disabled()
    open_as(page, dashboard, "manager", "messages?view=rule")
    page.get_by_text("Send messages").click()
    settled(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("It holds for what is planned from now on.")).to_be_visible()
    assert dashboard.rows("select is_on, steps from message_rule") == [(True, [168, 48, 24])]
