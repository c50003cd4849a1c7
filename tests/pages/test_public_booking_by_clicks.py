"""Public booking in a real browser: from an hour to its approval, usable by everybody, and naming no patient."""

from __future__ import annotations

import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Response, expect

from dashboard.config import ROOT
from tests.conftest import free_port
from tests.dashboard.test_cli import until
from tests.pages.conftest import WAIT_MS, Dashboard, open_as

pytestmark = pytest.mark.browser

PATIENTS = """
select distinct told from patient
cross join unnest(array[given_name || ' ' || surname_1, email, telephone]) as t (told) where told <> ''
"""
ASKED = "select id, patient_id, appointment_id from online_request where email = %s"


@pytest.fixture(scope="module")
def public(dashboard: Dashboard, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of public booking over the dashboard's database."""
    address = f"http://127.0.0.1:{(port := free_port())}"
    with (tmp_path_factory.mktemp("public") / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "dashboard.public_server", "--port", str(port)],
            env=dashboard.environment,
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )
        try:
            assert until(lambda: is_up(address), 60), Path(log.name).read_text()
            yield address
        finally:
            process.terminate()
            process.wait(15)


def is_up(address: str) -> bool:
    """Return whether public booking answers."""
    try:
        with urllib.request.urlopen(f"{address}/health", timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


def faults(page: Page) -> list[str]:
    """Return what of a page keeps somebody from using it, by axe-core: serious and critical findings."""
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found if each["impact"] in {"serious", "critical"}]


def named(dashboard: Dashboard, traffic: str) -> list[object]:
    """Return the names, addresses and numbers of patients that are in ``traffic``."""
    return [row[0] for row in dashboard.rows(PATIENTS) if str(row[0]) in traffic]


@pytest.fixture
def traffic(page: Page) -> list[str]:
    """Return what the page's servers have answered so far."""
    heard: list[str] = []

    def listen(answer: Response) -> None:
        if not 300 <= answer.status < 400:
            heard.append(answer.text())

    page.on("response", listen)
    return heard


def fill(page: Page, email: str) -> None:
    """Say who the hour is for."""
    page.get_by_label("Name", exact=True).fill("Lía")
    page.get_by_label("Surnames").fill("Prueba Soto")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Telephone").fill("600 123 123")
    page.get_by_label("No, it is the first time").check()
    page.get_by_label("I have read how my data are used.").check()


def test_an_hour_is_asked_for_confirmed_and_accepted_and_no_patient_is_named(
    page: Page, public: str, dashboard: Dashboard, traffic: list[str]
) -> None:
    page.goto(public)
    assert faults(page) == []
    page.get_by_role("link", name="See free hours").first.click()
    assert faults(page) == []
    page.locator(".hours button").first.click()
    expect(page.get_by_role("heading", name="Who is this hour for?")).to_be_visible()
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_role("alert")).to_contain_text("Write your name.")
    assert faults(page) == []
    page.evaluate("document.querySelector('label[for=email]').remove()")
    assert any(each.startswith("label:") for each in faults(page))
    page.goto(page.url)
    fill(page, "lia.prueba@example.org")
    page.get_by_role("button", name="Send the request").click()
    assert faults(page) == []
    page.get_by_role("link", name="Confirm your request").click()
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="We have your request")).to_be_visible()
    assert faults(page) == []
    own = page.url
    heard = "\n".join(traffic)
    assert "We have your request" in heard
    assert named(dashboard, heard) == []
    assert named(dashboard, f"{heard} {dashboard.rows(PATIENTS)[0][0]}") != []

    [(request, _nobody, appointment)] = dashboard.rows(ASKED, "lia.prueba@example.org")
    open_as(page, dashboard, "front_desk", f"online_booking?request={request}")
    expect(page.get_by_text("comes for the first time")).to_be_visible()
    page.get_by_role("button", name="Open a new file and accept").click()
    expect(page.get_by_text("Accepted: it is booked, and the visitor is told.")).to_be_visible()
    [(_request, patient, _slot)] = dashboard.rows(ASKED, "lia.prueba@example.org")
    attending = "select patient_id, state from appointment_patient where appointment_id = %s"
    assert dashboard.rows(attending, appointment) == [(patient, "booked")]
    page.goto(own)
    expect(page.get_by_role("heading", name="Your appointment")).to_be_visible()


def test_on_a_narrow_dark_screen_an_hour_is_asked_for_by_keys_moved_and_given_back(
    browser: Browser, public: str, dashboard: Dashboard
) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="es-ES", color_scheme="dark")
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    page.goto(public)
    page.get_by_role("link", name="Ver horas libres").first.focus()
    page.keyboard.press("Enter")
    page.locator(".hours button").last.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="¿Para quién es esta hora?")).to_be_visible()
    assert faults(page) == []
    page.locator("#given_name").focus()
    for typed in ("Lía", "Prueba", "otra@example.org", "600123124"):
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    for _step in range(2):  # a choice by its arrow, then the box
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
    page.get_by_role("button", name="Enviar la petición").press("Enter")
    page.locator("#letter").click()
    page.get_by_role("button", name="Confirmar").click()
    expect(page.get_by_role("heading", name="Tenemos su petición")).to_be_visible()
    page.get_by_role("link", name="Elegir otra hora").click()
    assert faults(page) == []
    page.locator(".hours button").first.click()
    page.get_by_role("link", name="Anularla").click()
    assert faults(page) == []
    page.get_by_role("button", name="Anular la cita").click()
    expect(page.get_by_role("heading", name="Ha retirado esta petición")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert dashboard.rows("select state from online_request where email = 'otra@example.org'") == [("withdrawn",)]
    context.close()
