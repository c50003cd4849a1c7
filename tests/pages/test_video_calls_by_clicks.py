"""Video calls in a real browser: a session is prepared and gets another link; devices are tried with false ones."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.pages import outside
from tests.pages.conftest import FLAGS, WAIT_MS, Dashboard, chromium, open_as, settled, unfold

pytestmark = pytest.mark.browser

FALSE_DEVICES = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
MOVED_ONLINE = """
update appointment set mode = 'online', room_id = null, version = version + 1 where id = (
    select a.id from appointment as a join app_user as u on u.therapist_id = a.therapist_id and u.is_active
    where a.state = 'booked' and a.starts_at > now() + interval '1 day'
        and a.mode = 'in_person' and a.series_id is not null
        and not exists (select from video_provider as p where p.therapist_id = a.therapist_id)
    order by a.starts_at, a.id limit 1
) returning id, (select display_name from app_user as u where u.therapist_id = appointment.therapist_id)
"""
LINK = "select address from video_link where appointment_id = %s and ended_at is null"
TICKS = """
select t.item, t.is_done, u.display_name from video_tick as t join app_user as u on u.id = t.by_id
where t.appointment_id = %s order by t.id
"""


def test_a_therapist_prepares_a_session_and_gives_it_another_link(page: Page, dashboard: Dashboard) -> None:
    [(session, therapist)] = dashboard.rows(MOVED_ONLINE)
    [(link,)] = dashboard.rows(LINK, session)
    open_as(page, dashboard, "therapist", "video_calls?within=30", str(therapist))
    expect(page.get_by_text(re.compile(r"^\d+ online sessions?"))).to_be_visible()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    page.goto(f"{dashboard.url}/video_calls?appointment={session}")
    join = page.get_by_role("link", name="Join the call")
    expect(join).to_have_attribute("href", str(link))
    page.get_by_text("Asked where they are now").click()
    expect(page.get_by_text(str(therapist)).last).to_be_visible()
    settled(page)
    assert dashboard.rows(TICKS, session) == [("place", True, therapist)]
    unfold(page, page.get_by_role("button", name="Another link"))
    page.get_by_role("button", name="Make another link").click()
    expect(page.get_by_text("The session has another link.")).to_be_visible()
    [(other,)] = dashboard.rows(LINK, session)
    assert other != link
    expect(join).to_have_attribute("href", str(other))


@pytest.fixture(scope="module")
def with_devices(browser: Browser) -> Iterator[Browser]:
    """Return a browser with a camera and a microphone that are none, which it gives without asking."""
    with outside.noted() as proxy:
        arguments = [*FLAGS, *FALSE_DEVICES, f"--proxy-server={proxy}"]
        opened = browser.browser_type.launch(executable_path=chromium(), args=arguments)
        yield opened
        opened.close()


ALLOWED = "document.featurePolicy.allowsFeature('camera') && document.featurePolicy.allowsFeature('microphone')"
WORDS = {
    "en": (
        ("Test the camera", "The camera works."),
        ("Test the microphone", "The microphone works"),
        ("Play a tone", "Did you hear the tone?"),
        ("I heard it", "You hear what is said."),
        ("Test the connection", "Fast enough for picture and sound"),
    ),
    "es": (
        ("Probar la cámara", "La cámara funciona."),
        ("Probar el micrófono", "El micrófono funciona"),
        ("Reproducir un tono", "¿Ha oído el tono?"),
        ("Lo he oído", "Oye lo que se dice."),
        ("Probar la conexión", "Suficiente para imagen y sonido"),
    ),
}
READY = {"en": "Everything works: this device is ready for a call.", "es": "Todo funciona"}


@pytest.mark.parametrize(("width", "language"), [(1440, "en"), (390, "es")])
def test_camera_microphone_loudspeaker_and_connection_are_tried_within_our_own_server(
    with_devices: Browser, dashboard: Dashboard, width: int, language: str
) -> None:
    context = with_devices.new_context(viewport={"width": width, "height": 900}, locale="en-GB")
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    open_as(page, dashboard, "therapist", "today")
    assert not page.evaluate(ALLOWED)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(f"{request.method} {request.url}"))
    page.goto(f"{dashboard.url}/call_check?lang={language}")
    assert page.evaluate(ALLOWED)
    for button, outcome in WORDS[language]:
        page.get_by_role("button", name=button).focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text(outcome)).to_be_visible()
    expect(page.get_by_text(READY[language])).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate("document.querySelector('video').srcObject.active")
    page.locator("#stop").click()
    assert not page.evaluate("document.querySelector('video').srcObject.active")
    assert {each.removeprefix("GET ").removeprefix("POST ").partition("?")[0] for each in asked} == {
        *(f"{dashboard.url}/call_check{part}" for part in ("", "/script.js", "/style.css", "/bytes")),
        f"{dashboard.url}/sign-in/style.css",
    }
    assert [each for each in asked if each.startswith("POST")] == [f"POST {dashboard.url}/call_check/bytes"]
    context.close()


def test_what_is_not_there_is_told_and_nothing_is_measured_without_a_session(page: Page, dashboard: Dashboard) -> None:
    measured = f"{dashboard.url}/call_check/bytes"
    assert [page.request.get(measured).status, page.request.post(measured, data=b"1").status] == [401, 401]
    page.goto(f"{dashboard.url}/call_check")
    expect(page).to_have_url(re.compile("/sign-in"))
    open_as(page, dashboard, "front_desk", "today")
    assert len(page.request.get(measured).body()) == 400_000
    assert page.request.post(measured, data=b"1" * 400_000).json() == {"taken": 400_000}
    assert page.request.post(measured, data=b"1" * 400_001).status == 413
    foreign = page.request.post(measured, data=b"1", headers={"Sec-Fetch-Site": "cross-site"})
    assert foreign.status == 403
    page.goto(f"{dashboard.url}/call_check?lang=en")
    page.get_by_role("button", name="Test the camera").click()
    told = page.get_by_text("None was found.").or_(page.get_by_text("The browser refused it."))
    expect(told.locator("visible=true").first).to_be_visible()
    expect(page.get_by_text("The camera works.")).to_be_hidden()
    page.get_by_role("button", name="Play a tone").click()
    page.get_by_role("button", name="I heard nothing").click()
    expect(page.get_by_text("Turn the volume up")).to_be_visible()
