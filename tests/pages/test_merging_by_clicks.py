"""A minor's second file in a real browser: warned of, two guardians added, merged, undone; and a couple made of two."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import Dashboard, choose, open_as, settled, unfold

pytestmark = pytest.mark.browser

MINOR = """
select id, given_name, surname_1, to_char(birth_date, 'DDMMYYYY') from patient
where birth_date > current_date - interval '16 years' and surname_1 is not null and status = 'active'
order by id limit 1
"""


def add_guardian(page: Page, name: str, relation: str) -> None:
    page.get_by_text("Add a guardian").click()
    form = page.get_by_test_id("stExpander").filter(has_text="Add a guardian")
    form.get_by_label("Given name").fill(name)
    choose(page, form, "Relation", relation)
    form.get_by_role("button", name="Save the guardian").click()
    expect(page.get_by_text(f"{name} · {relation}")).to_be_visible()
    expect(settled(page).get_by_text("Saved.")).to_be_visible()


def test_a_second_file_of_a_minor_is_merged_and_the_merge_undone(page: Page, dashboard: Dashboard) -> None:
    [(first, given, surname, born)] = dashboard.rows(MINOR)
    open_as(page, dashboard, "front_desk", "patient_files")
    page.get_by_role("button", name="New file").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("spinbutton", name="day, Birth date").click()
    page.keyboard.type(str(born))
    dialog.get_by_label("Given name").fill(str(given))
    dialog.get_by_label("First surname").fill(str(surname))
    dialog.get_by_label("First surname").press("Tab")
    expect(dialog.get_by_text("A file like this exists")).to_be_visible()
    dialog.get_by_role("button", name="Open a new file all the same").click()
    expect(page.get_by_text("Guardians and family")).to_be_visible()
    [(second,)] = dashboard.rows("select max(id) from patient")
    page.goto(f"{dashboard.url}/patient_files?patient={second}&part=family")
    settled(page)
    add_guardian(page, "Rosalía", "Mother")
    add_guardian(page, "Anselmo", "Father")
    assert dashboard.rows("select count(*) from guardian where patient_id = %s", second) == [(2,)]

    page.goto(f"{dashboard.url}/patient_files?patient={first}&other={second}")
    unfold(page, page.get_by_role("button", name="It is one person: merge"))
    page.get_by_role("button", name="Merge", exact=True).click()
    expect(page.get_by_text("The files were merged.")).to_be_visible()
    assert dashboard.rows("select status from patient where id = %s", second) == [("merged",)]
    page.locator("[class*=st-key-patient_files_merged_open]").get_by_role("button").click()
    expect(page.get_by_text("it can be read, not changed")).to_be_visible()
    expect(settled(page).get_by_role("button", name="Save", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Undo the merge").click()
    expect(page.get_by_text("there are two files again")).to_be_visible()
    assert dashboard.rows("select status from patient where id = %s", second) != [("merged",)]


def test_two_files_are_made_a_couple_and_parted(page: Page, dashboard: Dashboard) -> None:
    [(first, _number), (second, number)] = dashboard.rows(
        "select id, number from patient as p where status = 'active' and not exists"
        " (select from case_member as m where m.patient_id = p.id) order by id limit 2"
    )
    open_as(page, dashboard, "front_desk", f"patient_files?patient={first}&part=family")
    page.get_by_text("Treat together with another file").click()
    page.get_by_label("Number of the other file").fill("999999")
    page.get_by_role("button", name="Treat together", exact=True).click()
    expect(page.get_by_text("Not found, or not available to you.")).to_be_visible()
    page.get_by_label("Number of the other file").fill(str(number))
    page.get_by_role("button", name="Treat together", exact=True).click()
    expect(page.get_by_text("The files are treated together.")).to_be_visible()
    expect(settled(page).get_by_text("Treated together with", exact=True)).to_be_visible()
    of_case = "select m.patient_id from case_member as m join case_member as o using (case_id) where o.patient_id = %s"
    assert sorted(dashboard.rows(of_case, first)) == [(first,), (second,)]
    page.get_by_role("button", name="Take this file out: Couple").click()
    expect(page.get_by_text("The file is treated alone again.")).to_be_visible()
    assert dashboard.rows(of_case, first) == []
