"""Every screen opens for every role, wide and narrow, light and dark, full and empty; nobody reads a traceback."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect
from playwright.sync_api import TimeoutError as TooLateError

from dashboard.ui.navigation import SCREENS, Screen
from tests.pages.conftest import WAIT_MS, Dashboard, arrived, go, open_as

UNAVAILABLE = "This screen is not available to you."
ROLES = ("manager", "therapist", "front_desk", "auditor")
WIDE, NARROW = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=900)
DARK = "() => getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor === 'rgb(18, 24, 26)'"
WIDER = (
    "() => Math.max(...[document.documentElement, document.querySelector('[data-testid=stMain]')]"
    ".map(box => box.scrollWidth - box.clientWidth))"
)
PEOPLE = """
insert into practice_profile (id, name, is_synthetic) values (1, 'A new practice', true) on conflict do nothing;
insert into site (id, name) overriding system value values (1, 'Centre') on conflict do nothing;
insert into therapist (id, given_name, site_id) overriding system value values (1, 'Nuria', 1) on conflict do nothing;
insert into app_user (display_name, email, role, therapist_id) values
    ('Marta', 'marta@example.org', 'manager', null), ('Nuria', 'nuria@example.org', 'therapist', 1),
    ('Rosa', 'rosa@example.org', 'front_desk', null), ('Ana', 'ana@example.org', 'auditor', null)
on conflict do nothing
"""


@pytest.fixture
def looked_at(browser: Browser) -> Iterator[Page]:
    """Return a page that can be touched, as narrow ones are."""
    context = browser.new_context(viewport=WIDE, locale="en-GB", has_touch=True)
    context.set_default_timeout(WAIT_MS)
    expect.set_options(timeout=WAIT_MS)
    yield context.new_page()
    context.close()


def complaints(page: Page, screen: Screen, *, has_it: bool) -> list[str]:
    """Return what is wrong with the screen that is open."""
    found = []
    for selector in ("stException", "stAlertContentError"):
        found += [f"{screen.slug}: {box.inner_text()}" for box in page.get_by_test_id(selector).all()]
    if page.get_by_text("Something went wrong").count():
        found.append(f"{screen.slug}: something went wrong")
    if (page.get_by_text(UNAVAILABLE).count() == 0) != has_it:
        found.append(f"{screen.slug}: available to the wrong role")
    return found


def too_wide(page: Page, screen: Screen, size: ViewportSize) -> list[str]:
    """Return how far the screen that is open is wider than a window of ``size``."""
    page.set_viewport_size(size)
    with suppress(TooLateError):  # tables and the menu follow a new size a moment later
        page.wait_for_function(f"() => ({WIDER})() <= 0", timeout=2_000)
    wider = page.evaluate(WIDER)
    return [f"{screen.slug}: {wider} px too wide at {size['width']} px"] if wider > 0 else []


def in_each_scheme(page: Page, screen: Screen) -> list[str]:
    """Return what is wrong with the screen that is open, wide and then narrow, light and dark."""
    found = []
    for size, scheme in ((WIDE, "light"), (WIDE, "dark"), (NARROW, "dark"), (NARROW, "light")):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(DARK if scheme == "dark" else f"() => !({DARK})()")
        found += [f"{fault} ({scheme})" for fault in too_wide(page, screen, size)]
    found += complaints(page, screen, has_it=True)
    page.set_viewport_size(WIDE)
    return found


def tour(page: Page, role: str) -> list[str]:
    """Open every screen as ``role``, who is signed in, by the menu where that has it; return what is wrong with any."""
    found = []
    links = page.get_by_test_id("stSidebarNavLink")
    in_menu = [screen for screen in SCREENS if role in screen.roles]
    expect(links).to_have_count(len(in_menu))
    for screen in SCREENS:
        if screen in in_menu:
            links.nth(in_menu.index(screen)).click()
            expect(page).to_have_url(re.compile(rf"^[^?]*/{screen.slug}(\?|$)"))
            arrived(page, screen.slug)
            found += in_each_scheme(page, screen)
        else:
            go(page, screen.slug)
            found += complaints(page, screen, has_it=False)
    return found


def short_tour(page: Page, role: str) -> list[str]:
    """Open the screens that ``role`` has, on a narrow screen, and return what is wrong with any."""
    found = []
    page.set_viewport_size(NARROW)
    for screen in (each for each in SCREENS if role in each.roles):
        go(page, screen.slug)
        found += [*complaints(page, screen, has_it=True), *too_wide(page, screen, NARROW)]
    page.set_viewport_size(WIDE)
    return found


@pytest.mark.browser
@pytest.mark.parametrize("role", ROLES)
def test_every_screen_opens_for_who_has_it_and_says_the_same_to_who_has_not(
    looked_at: Page, dashboard: Dashboard, role: str
) -> None:
    open_as(looked_at, dashboard, role)
    assert tour(looked_at, role) == []


@pytest.mark.browser
def test_an_empty_database_offers_nobody_and_says_what_to_do(page: Page, empty_dashboard: Dashboard) -> None:
    for slug in ("", *(screen.slug for screen in SCREENS)):
        page.goto(f"{empty_dashboard.url}/{slug}")
        expect(page.get_by_text("Nobody uses this dashboard yet.")).to_be_visible()
        expect(page.get_by_role("combobox", name="Person")).to_have_count(0)


@pytest.mark.browser
def test_a_practice_without_rows_opens_on_every_screen_before_and_after_its_first_figures(
    page: Page, empty_dashboard: Dashboard
) -> None:
    with psycopg.connect(empty_dashboard.database_url, options="-c search_path=practice") as connection:
        connection.execute(PEOPLE)
    found = []
    for roles in (ROLES[:1], ROLES):
        for role in roles:
            open_as(page, empty_dashboard, role)
            found += [f"{role}: {complaint}" for complaint in short_tour(page, role)]
            if role == "manager":
                # Files that nobody checked are not complete files, and who comes today needs no figures.
                go(page, "incomplete_files")
                unknown = page.get_by_text("have not been checked yet")
                expect(unknown).to_have_count(0 if roles == ROLES else 1)
                expect(page.get_by_text("Nothing is missing here")).to_have_count(1 if roles == ROLES else 0)
                go(page, "today")
                expect(page.get_by_text("Still to come today")).to_be_visible()
        if roles != ROLES:
            empty_dashboard.refresh()
    assert found == []


@pytest.mark.browser
def test_a_fault_is_told_by_a_sentence_and_a_reference_without_values(page: Page, dashboard: Dashboard) -> None:
    open_as(page, dashboard, "manager")
    with psycopg.connect(dashboard.database_url, options="-c search_path=practice") as connection:
        connection.execute("alter table service rename to service_of_former_times")
    try:
        go(page, "agenda")
        box = page.get_by_test_id("stAlertContentError").or_(page.get_by_test_id("stAlertContentInfo")).first
        expect(box).to_be_visible()
        expect(page.get_by_test_id("stException")).to_have_count(0)
        for word in ("relation", "psycopg", "Traceback", "SELECT", "service_of_former_times"):
            assert word not in page.locator("body").inner_text()
    finally:
        with psycopg.connect(dashboard.database_url, options="-c search_path=practice") as connection:
            connection.execute("alter table service_of_former_times rename to service")
