"""Patient files in a real browser: a file is found, opened, edited, and a new one is opened."""

from __future__ import annotations

import unicodedata

import pytest
from playwright.sync_api import Page, expect

from tests.pages.conftest import Dashboard, address_with, choose_first_row, open_as, settled

pytestmark = pytest.mark.browser

ACCENTED = """
select id, given_name || ' ' || surname_1 || ' ' || surname_2, version from patient as p
where surname_1 ~ '[áéíóúñ]' and status = 'active' and surname_2 is not null and not exists (
    select from patient as other where other.id <> p.id and other.given_name = p.given_name
    and p.surname_1 in (other.surname_1, other.surname_2)
)
order by id limit 1
"""


def without_accents(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))


def test_a_file_found_without_accents_is_edited_and_keeps_what_was_saved(page: Page, dashboard: Dashboard) -> None:
    [(patient, name, _version)] = dashboard.rows(ACCENTED)
    open_as(page, dashboard, "front_desk", "patient_files")
    search = page.locator(".st-key-patient_files_search input")
    search.fill(without_accents(str(name)).lower())
    search.press("Enter")
    settled(page)
    page.wait_for_function("() => document.querySelectorAll('[data-testid=\"stDataFrame\"] tbody tr').length === 1")
    choose_first_row(page, page.get_by_role("heading", name=str(name)))
    address_with(page, f"patient={patient}")

    page.get_by_label("Profession").fill("Lighthouse keeper")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert dashboard.rows("select profession from patient where id = %s", patient) == [("Lighthouse keeper",)]
    page.get_by_role("button", name="Back to the list").click()
    expect(search).to_have_value(without_accents(str(name)).lower())


def test_who_saves_after_a_colleague_reads_both_and_chooses(page: Page, dashboard: Dashboard) -> None:
    [(patient,)] = dashboard.rows("select id from patient where status = 'active' order by id desc limit 1")
    other = page.context.browser.new_context(locale="en-GB")  # type: ignore[union-attr]
    second = other.new_page()
    open_as(page, dashboard, "manager", f"patient_files?patient={patient}")
    open_as(second, dashboard, "front_desk", f"patient_files?patient={patient}")
    page.get_by_label("Profession").fill("Sailor")
    page.get_by_label("Gender").fill("Woman")
    second.get_by_label("Profession").fill("Carpenter")
    second.get_by_role("button", name="Save").click()
    expect(second.get_by_text("Saved.")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("since you opened it")).to_be_visible()
    expect(page.get_by_text("Theirs: Carpenter")).to_be_visible()
    expect(page.get_by_text("Gender · Mine: Woman")).to_be_visible()
    assert dashboard.rows("select profession, gender from patient where id = %s", patient)[0][0] == "Carpenter"
    page.get_by_role("button", name="Save again").click()
    expect(page.get_by_text("Choose for each field first.")).to_be_visible()
    page.get_by_text("Mine: Sailor").click()
    page.get_by_role("button", name="Save again").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert dashboard.rows("select profession, gender from patient where id = %s", patient) == [("Sailor", "Woman")]
    other.close()


def test_a_file_like_the_one_being_opened_is_named_and_can_be_opened(page: Page, dashboard: Dashboard) -> None:
    [(patient, given, surname, born)] = dashboard.rows(
        "select id, given_name, surname_1, to_char(birth_date, 'DDMMYYYY') from patient"
        " where birth_date is not null and surname_1 is not null and status = 'active' order by id limit 1"
    )
    open_as(page, dashboard, "front_desk", "patient_files")
    page.get_by_role("button", name="New file").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("spinbutton", name="day, Birth date").click()
    page.keyboard.type(str(born))
    dialog.get_by_label("Given name").fill(without_accents(str(given)).upper())
    dialog.get_by_label("First surname").fill(str(surname))
    dialog.get_by_label("First surname").press("Tab")
    expect(dialog.get_by_text("A file like this exists")).to_be_visible()
    expect(dialog.get_by_role("button", name="Open a new file all the same")).to_be_visible()
    dialog.get_by_role("button", name="Open that file").click()
    address_with(page, f"patient={patient}")


def test_a_new_file_is_opened_and_its_therapist_is_who_opened_it(page: Page, dashboard: Dashboard) -> None:
    open_as(page, dashboard, "therapist", "patient_files")
    page.get_by_role("button", name="New file").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Given name").fill("Zoraida")
    dialog.get_by_label("Telephone").fill("12")
    dialog.get_by_role("button", name="Open the file").click()
    expect(dialog.get_by_text("This is not a telephone number.")).to_be_visible()
    dialog.get_by_label("Telephone").fill("600 321 321")
    dialog.get_by_role("button", name="Open the file").click()
    expect(page.get_by_role("heading", name="Zoraida")).to_be_visible()
    assert dashboard.rows(
        "select telephone, status, main_therapist_id is not null from patient where given_name = 'Zoraida'"
    ) == [("+34600321321", "waiting", True)]


def test_a_guardian_is_added_to_a_file(page: Page, dashboard: Dashboard) -> None:
    [(patient,)] = dashboard.rows("select id from patient where birth_date > now() - interval '10 years' limit 1")
    open_as(page, dashboard, "front_desk", f"patient_files?patient={patient}&part=family")
    page.get_by_text("Add a guardian").click()
    settled(page).locator(f".st-key-patient_files_guardian_{patient}_new_name input").fill("Rosalinda")
    page.get_by_role("button", name="Save the guardian").last.click()
    expect(page.get_by_text("Rosalinda · ")).to_be_visible()
    assert dashboard.rows("select patient_id from guardian where given_name = 'Rosalinda'") == [(patient,)]
