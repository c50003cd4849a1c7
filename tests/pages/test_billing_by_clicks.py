"""Billing in a real browser: what is delivered is invoiced, what is paid is closed, and the ageing follows."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import Dashboard, open_as, settled, unfold

pytestmark = pytest.mark.browser

LATE = """
select invoice_id, open_amount, bucket from marts.open_invoices
where bucket = 'd90_plus' and (patient_id, coalesce(payer_id, 0)) not in (
    select patient_id, coalesce(payer_id, 0) from marts.patient_credit
)
order by invoice_id limit 1
"""
AGEING = "select value from marts.kpi_ageing where grain = 'practice' and item = 'd90_plus'"
STILL_OPEN = "select count(*) from marts.open_invoices where invoice_id = %s"


def test_a_payment_closes_its_invoice_at_once_and_the_ageing_at_the_next_refresh(
    page: Page, dashboard: Dashboard
) -> None:
    [(invoice, amount, _bucket)] = dashboard.rows(LATE)
    [(before,)] = dashboard.rows(AGEING)
    open_as(page, dashboard, "front_desk", "billing?view=invoices")
    sums = page.locator(".st-key-billing_ageing").inner_text()

    open_as(page, dashboard, "front_desk", f"billing?view=invoices&invoice={invoice}")
    page.get_by_role("button", name="Save the payment").click()
    expect(page.get_by_text("is recorded")).to_be_visible()
    expect(page.get_by_text("Paid", exact=True)).to_be_visible()
    assert dashboard.rows(STILL_OPEN, invoice) == [(0,)]

    page.get_by_role("button", name="Back to the list").click()
    expect(page.locator(".st-key-billing_ageing")).to_be_visible()
    assert settled(page).locator(".st-key-billing_ageing").inner_text() == sums

    dashboard.refresh_figure("kpi_ageing")
    assert dashboard.rows(AGEING) == [(before - amount,)]
    open_as(page, dashboard, "front_desk", "billing?view=invoices")
    assert page.locator(".st-key-billing_ageing").inner_text() != sums


def test_what_is_delivered_is_invoiced_after_a_look_at_how_much_it_is(page: Page, dashboard: Dashboard) -> None:
    count = "select count(*) from invoice"
    [(before,)] = dashboard.rows(count)
    open_as(page, dashboard, "front_desk", "billing")
    page.get_by_role("button", name="Invoice what is delivered").click()
    page.get_by_role("button", name="Issue").click()
    expect(page.get_by_text("issued.")).to_be_visible()
    assert dashboard.rows(count)[0][0] > before
    settled(page).get_by_role("button", name="Invoice what is delivered").click()
    expect(page.get_by_role("button", name="Issue")).to_have_count(0)


def test_a_payment_taken_back_opens_its_invoice_again(page: Page, dashboard: Dashboard) -> None:
    [(payment, invoice)] = dashboard.rows(
        "select payment_id, invoice_id from payment_allocation join invoice on invoice.id = invoice_id"
        " group by payment_id, invoice_id having count(*) = 1 and sum(amount_cents) = max(total_cents)"
        " order by payment_id desc limit 1"
    )
    assert dashboard.rows(STILL_OPEN, invoice) == [(0,)]
    open_as(page, dashboard, "front_desk", f"billing?view=payments&payment={payment}")
    unfold(page, page.get_by_role("button", name="Take this payment back"))
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_text("The payment is taken back.")).to_be_visible()
    assert dashboard.rows(STILL_OPEN, invoice) == [(1,)]


@pytest.mark.parametrize("role", ["therapist", "auditor"])
def test_who_sees_no_money_sees_no_billing(page: Page, dashboard: Dashboard, role: str) -> None:
    open_as(page, dashboard, role, "billing?view=payments")
    expect(page.locator(".st-key-billing_view")).to_have_count(0)
    expect(page.get_by_test_id("stDataFrame")).to_have_count(0)
