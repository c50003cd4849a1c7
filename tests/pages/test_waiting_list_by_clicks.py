"""The waiting list in a real browser: a freed hour is offered from the agenda and accepted; an entry is made."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.pages.conftest import WAIT_MS, Dashboard, address_with, open_as, settled

pytestmark = pytest.mark.browser

CANCELLED = """
update appointment set state = 'cancelled', cancelled_at = now(), cancelled_by = 'patient', held_until = null
where id = (
    select a.id from appointment as a join service as s on s.id = a.service_id and s.kind = 'individual'
    where a.state in ('booked', 'confirmed') and a.starts_at > now() + interval '2 days'
        and a.starts_at < now() + interval '20 days' order by a.starts_at, a.id limit 1
) returning id, service_id, starts_at
"""
WAITS = """
insert into waiting_entry (patient_id, service_id, urgency, since_on)
select p.id, %s, 3, practice_today() - 300 from patient as p where p.status = 'active' and not exists (
    select from appointment_patient as a where a.patient_id = p.id and a.starts_at > now()
) and not exists (select from waiting_entry as e where e.patient_id = p.id and e.state = 'waiting')
order by p.id limit 1 returning patient_id, (select concat_ws(' ', given_name, surname_1, surname_2) from patient
    where id = patient_id)
"""
TAKEN = """
select a.state, o.state, h.state, e.state from freed_hour as h join waiting_offer as o on o.freed_hour_id = h.id
join appointment as a on a.id = o.appointment_id join waiting_entry as e on e.id = o.entry_id
where h.appointment_id = %s
"""


def narrow(browser: Browser, width: int) -> Page:
    """Return a page of one width."""
    context = browser.new_context(viewport={"width": width, "height": 900}, locale="en-GB", has_touch=width < 600)
    context.set_default_timeout(WAIT_MS)
    return context.new_page()


@pytest.mark.parametrize("width", [1440, 390])
def test_a_freed_hour_is_offered_from_the_agenda_and_accepted_by_the_front_desk(
    browser: Browser, dashboard: Dashboard, width: int
) -> None:
    [(freed, service, _starts)] = dashboard.rows(CANCELLED)
    [(_patient, name)] = dashboard.rows(WAITS, service)
    page = narrow(browser, width)
    open_as(page, dashboard, "front_desk", f"agenda?appointment={freed}")
    page.get_by_text("Offer this hour to the waiting list").click()
    address_with(page, f"hour={freed}")
    expect(page.get_by_text(f"1 · {name}")).to_be_visible()
    settled(page).get_by_role("button", name="Offer it, beginning with the first").click()
    expect(page.get_by_text("Offered. The hour is kept free until the answer.")).to_be_visible()
    expect(page.get_by_test_id("stPageLink").filter(has_text=str(name))).to_be_visible()
    assert dashboard.rows(TAKEN, freed) == [("held", "offered", "open", "waiting")]
    settled(page).get_by_role("button", name="Accepted").click()
    expect(page.get_by_text("Nothing is offered just now.")).to_be_visible()
    assert dashboard.rows(TAKEN, freed) == [("booked", "accepted", "filled", "served")]
    page.context.close()


def test_a_therapist_puts_a_patient_of_their_own_on_the_list_and_sees_no_others(
    page: Page, dashboard: Dashboard
) -> None:
    open_as(page, dashboard, "therapist", "waiting_list")
    expect(page.get_by_text("Freed hours")).to_be_hidden()
    [(therapist, number)] = dashboard.rows(
        "select u.therapist_id, (select min(p.number) from patient as p where p.main_therapist_id = u.therapist_id"
        " and p.status = 'active' and not exists (select from waiting_entry as e where e.patient_id = p.id))"
        " from app_user as u where u.role = 'therapist' order by u.display_name limit 1"
    )
    page.get_by_role("button", name="Put on the list").click()
    settled(page).get_by_role("textbox", name="Search").fill(str(number))
    page.keyboard.press("Enter")
    settled(page).get_by_role("dialog").get_by_role("button", name="Put on the list").click()
    expect(page.get_by_text("On the list, as of today.")).to_be_visible()
    assert dashboard.rows(
        "select therapist_ids, state from waiting_entry as e join patient as p on p.id = e.patient_id"
        " where p.number = %s",
        number,
    ) == [([therapist], "waiting")]
