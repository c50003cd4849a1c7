"""Consents in a real browser: a signature changes what holds, and one guardian of two is not enough."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import Dashboard, open_as, settled, unfold

pytestmark = pytest.mark.browser

STATUS = "select status from marts.consent_status where patient_id = %s and kind = %s"
OPEN = """
select patient_id, kind, consent_id from marts.consent_status
where status in ('requested', 'viewed') and missing_signers = 'patient' order by patient_id limit 1
"""
CONFLICT = """
select consent_status.patient_id, kind, consent_id, guardian.given_name || ' ' || guardian.surnames
from marts.consent_status join guardian on 'guardian:' || guardian.id = missing_signers
where status = 'conflict' and kind = 'treatment' and 1 = (
    select count(*) from marts.consent_status as o
    where o.patient_id = consent_status.patient_id and o.status = 'conflict'
) order by consent_id limit 1
"""
VALID = """
select patient_id, kind, consent_id from marts.consent_status
where status = 'valid' and kind = 'treatment' order by patient_id limit 1
"""


def sign_on_screen(page: Page) -> None:
    page.get_by_text("Present now: has read the text above and accepts it").click()
    page.get_by_role("button", name="Record the signature").click()


def test_a_signature_makes_a_consent_valid_at_once(page: Page, dashboard: Dashboard) -> None:
    [(patient, kind, consent)] = dashboard.rows(OPEN)
    open_as(page, dashboard, "front_desk", f"consents?patient={patient}&consent={consent}")
    expect(page.get_by_role("button", name="Record the signature")).to_be_disabled()
    sign_on_screen(page)
    expect(page.get_by_text("Everybody has signed: the consent is valid.")).to_be_visible()
    assert dashboard.rows(STATUS, patient, kind) == [("valid",)]
    expect(page.get_by_role("button", name="Record the signature")).to_have_count(0)


def test_under_joint_authority_the_signature_of_one_guardian_does_not_start_anything(
    page: Page, dashboard: Dashboard
) -> None:
    [(patient, kind, consent, guardian)] = dashboard.rows(CONFLICT)
    open_as(page, dashboard, "front_desk", f"consents?patient={patient}&consent={consent}")
    expect(page.get_by_text("One guardian has not signed: do not start")).to_be_visible()
    expect(page.get_by_text(f"Must sign: {guardian}").first).to_be_visible()
    sign_on_screen(page)
    expect(page.get_by_text("Everybody has signed: the consent is valid.")).to_be_visible()
    assert dashboard.rows(STATUS, patient, kind) == [("valid",)]
    expect(page.get_by_text("One guardian has not signed: do not start")).to_have_count(0)


def test_a_consent_is_withdrawn_after_a_second_look_and_can_be_requested_again(
    page: Page, dashboard: Dashboard
) -> None:
    [(patient, kind, consent)] = dashboard.rows(VALID)
    open_as(page, dashboard, "manager", f"consents?patient={patient}&consent={consent}")
    unfold(page, page.get_by_role("button", name="Withdraw this consent"))
    assert dashboard.rows(STATUS, patient, kind) == [("valid",)]
    page.get_by_role("button", name="Withdraw it").click()
    expect(page.get_by_text("The consent is withdrawn.")).to_be_visible()
    assert dashboard.rows(STATUS, patient, kind) == [("withdrawn",)]
    page.get_by_role("button", name="Request", exact=True).first.click()
    expect(page.get_by_text("Requested. Record here who signs.")).to_be_visible()
    assert dashboard.rows(STATUS, patient, kind) == [("requested",)]


def test_an_attempt_is_noted(page: Page, dashboard: Dashboard) -> None:
    [(patient, _kind, _consent)] = dashboard.rows(VALID.replace("limit 1", "offset 1 limit 1"))
    count = "select count(*) from consent_attempt where patient_id = %s"
    [(before,)] = dashboard.rows(count, patient)
    open_as(page, dashboard, "front_desk", f"consents?patient={patient}")
    unfold(page, page.get_by_role("button", name="Note an attempt"))
    page.get_by_role("button", name="Save the attempt").click()
    expect(page.get_by_text("The attempt is noted.")).to_be_visible()
    assert dashboard.rows(count, patient) == [(int(str(before)) + 1,)]


def test_coverage_is_the_figure_that_was_computed(page: Page, dashboard: Dashboard) -> None:
    [(value,)] = dashboard.rows(
        "select value from marts.kpi_consent_coverage where grain = 'practice' and item is null"
    )
    open_as(page, dashboard, "front_desk", "consents?view=coverage")
    shown = settled(page).locator(".st-key-consents_coverage").inner_text()
    assert f"{round(float(str(value)), 1):g}".replace(".", ",") in shown.replace(".", ",")
    expect(page.get_by_text("As of").first).to_be_visible()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
