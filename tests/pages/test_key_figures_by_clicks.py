"""A key figure is read, followed to its definition and to the rows behind it, in a real browser."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.pages.conftest import Dashboard, address_with, open_as, settled


def test_a_figure_opens_with_its_definition_and_the_rows_behind_it(page: Page, dashboard: Dashboard) -> None:
    open_as(page, dashboard, "manager", "key_figures")
    card = page.get_by_test_id("stColumn").filter(has=page.get_by_text("Show rate", exact=True))
    card.get_by_role("link", name="See in full").click()
    settled(page)
    expect(page.get_by_text("Appointments attended, out of")).to_be_visible()
    expect(page.get_by_text("As of").first).to_be_visible()
    expect(page.get_by_text("The rows behind")).to_be_visible()
    address_with(page, "figure=kpi_show_rate")


def test_a_shared_address_opens_the_same_figure_of_the_same_site(page: Page, dashboard: Dashboard) -> None:
    (site_id, name), *_ = dashboard.rows("select id, name from site order by id limit 1")
    open_as(page, dashboard, "manager", f"key_figures?figure=kpi_show_rate&site={site_id}")
    expect(page.get_by_role("combobox", name="Site")).to_have_value(str(name))
    expect(page.get_by_role("heading", name="Show rate")).to_be_visible()


def test_a_therapist_reads_their_own_figures_and_no_revenue(page: Page, dashboard: Dashboard) -> None:
    open_as(page, dashboard, "therapist", "key_figures")
    expect(page.get_by_text("Delivered sessions", exact=True)).to_be_visible()
    expect(page.get_by_text("Revenue invoiced")).to_have_count(0)
    expect(page.get_by_role("combobox", name="Therapist")).to_have_count(0)


def test_a_manager_reads_revenue_and_no_name_where_few_people_are_counted(page: Page, dashboard: Dashboard) -> None:
    open_as(page, dashboard, "manager", "key_figures")
    expect(page.get_by_text("Revenue invoiced", exact=True)).to_be_visible()
    [(figure, therapist)] = dashboard.rows(
        "select 'kpi_new_patients', therapist_id from marts.kpi_new_patients"
        " where grain = 'therapist' and is_suppressed order by month desc limit 1"
    )
    page.goto(f"{dashboard.url}/key_figures?figure={figure}&therapist={therapist}")
    expect(settled(page).get_by_text("Fewer than 5 patients: not shown").first).to_be_visible()
    shown = page.content()
    names = dashboard.rows(
        "select concat_ws(' ', given_name, surname_1, surname_2) from patient where main_therapist_id = %s", therapist
    )
    assert len(names) > 5
    assert [name for (name,) in names if str(name) in shown] == []
