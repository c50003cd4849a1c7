"""The pages of visitors: looking changes nothing, forms come from here, answers are alike, the door keeps measure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from starlette.testclient import TestClient

from dashboard import clock
from dashboard.public_server import application
from dashboard.public_web.door import LARGEST_FORM, Pace, whose
from dashboard.public_web.routes import ROUTES
from tests.dashboard.messages.conftest import run
from tests.dashboard.public_booking.conftest import Open, everything, letters, state

FORM = re.compile(r'name="form" value="([0-9a-f]{64})"')
SLOT = re.compile(r'name="slot" value="([^"]+)"')
PERSON = {
    "given_name": "Lía",
    "surnames": "Prueba Soto",
    "email": "lia@example.org",
    "telephone": "600 123 123",
    "is_known": "no",
    "has_read": "yes",
}


@pytest.fixture
def visitor(practice: Open) -> Iterator[TestClient]:
    """Return a visitor's browser, which speaks English."""
    with TestClient(application(), follow_redirects=False, headers={"Accept-Language": "en"}) as client:
        yield client


def send(visitor: TestClient, page: str, path: str, **fields: str) -> tuple[int, str]:
    """Send a form of ``page`` to ``path``; return the status and where it leads, or else what it says."""
    form = FORM.search(visitor.get(page).text)
    answer = visitor.post(path, data={"form": form[1] if form else "", **fields})
    return answer.status_code, answer.headers.get("location", answer.text)


def hold(visitor: TestClient) -> str:
    """Hold the first hour that the page offers; return the address of the form that follows."""
    slots = SLOT.findall(visitor.get("/service/1").text)
    status, address = send(visitor, "/service/1", "/hold", service="1", mode="in_person", slot=slots[0])
    assert status == 303
    return address


def test_a_visitor_comes_from_the_first_page_to_an_appointment_and_cancels_it(
    visitor: TestClient, practice: Open
) -> None:
    assert "Individual" in visitor.get("/").text
    details = hold(visitor)
    assert "Kept for you until" in visitor.get(details).text
    status, said = send(visitor, details, details, **{**PERSON, "email": "no address", "has_read": ""})
    assert status == 422
    assert 'aria-invalid="true" aria-describedby="email_wrong' in said
    assert 'value="Prueba Soto"' in said
    assert send(visitor, details, details, **PERSON) == (303, "/sent")
    assert visitor.get(details).headers["location"] == "/sent"
    link = f"/confirm/{practice.link('confirm')}"
    assert "Confirm your request" in visitor.get(link).text
    status, own = send(visitor, link, link)
    assert (status, state()) == (303, [("asked",)])
    assert visitor.get(link).status_code == 404
    slot = SLOT.findall(visitor.get(f"{own}/move").text)[-1]
    assert send(visitor, f"{own}/move", f"{own}/move", slot=slot) == (303, own)
    assert "It costs you nothing" in visitor.get(f"{own}/cancel").text
    assert send(visitor, f"{own}/cancel", f"{own}/cancel") == (303, own)
    assert "You withdrew this request" in visitor.get(own).text
    assert letters() == ["confirm", "received", "changed", "cancelled"]


def test_who_names_no_week_sees_the_first_that_has_a_free_hour(visitor: TestClient) -> None:
    run("update working_hours set valid_from = practice_today() + 21")
    today = clock.today("Europe/Madrid")
    slots = SLOT.findall(visitor.get("/service/1").text)
    assert min(date.fromisoformat(slot[:10]) for slot in slots) >= today + timedelta(days=21)
    asked = visitor.get(f"/service/1?week={today}").text
    assert "No hour is free in this week." in asked
    assert "Go to the next free hour" in asked


def test_no_page_that_is_looked_at_changes_anything(visitor: TestClient, practice: Open) -> None:
    confirm = practice.asked(practice.free()[2].starts_at)
    own = practice.confirmed(practice.free()[4].starts_at, email="other@example.org", telephone="+34600000009")
    held = practice.hold(practice.free()[6].starts_at)
    before = everything()
    looked_at = [route.path for route in ROUTES if "GET" in (getattr(route, "methods", None) or ())]
    assert len(looked_at) > 10
    for path in looked_at:
        for token in (confirm, own, held, "a-token-of-nobody"):
            asked = path.replace("{token}", token).replace("{service}", "1").replace("{path:path}", "nowhere")
            for method in (visitor.get, visitor.head):
                assert method(asked).status_code < 500
            assert everything() == before, path
    send(visitor, f"/confirm/{confirm}", f"/confirm/{confirm}")
    assert everything() != before


def test_a_form_that_does_not_come_from_here_is_not_taken(visitor: TestClient, practice: Open) -> None:
    link = f"/confirm/{practice.asked()}"
    before = everything()
    form = FORM.search(visitor.get(link).text)
    assert form
    refused = [
        visitor.post(link),
        visitor.post(link, data={"form": "0" * 64}),
        visitor.post(link, data={"form": form[1]}, headers={"Sec-Fetch-Site": "cross-site"}),
        visitor.post(link, data={"form": form[1]}, headers={"Cookie": "booking_form=another"}),
    ]
    assert [answer.status_code for answer in refused] == [403] * 4
    assert everything() == before
    assert visitor.post(link, data={"form": form[1]}, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303


def test_known_and_unknown_people_and_programs_read_the_same(visitor: TestClient, practice: Open) -> None:
    run("update patient set email = 'eva@example.org'")
    said = []
    for fields in ({"email": "eva@example.org"}, {"email": "nobody@example.org"}, {"website": "https://spam.example"}):
        details = hold(visitor)
        said.append(send(visitor, details, details, **{**PERSON, "telephone": f"60012312{len(said)}", **fields}))
    assert said == [(303, "/sent")] * 3
    assert state() == [("sent",), ("sent",), ("chosen",)]


def test_who_comes_too_late_is_offered_the_next_free_hours(visitor: TestClient, practice: Open) -> None:
    link = f"/confirm/{practice.asked()}"
    run("update appointment set held_until = now() - interval '1 second'")
    answer = visitor.get(link)
    assert answer.status_code == 409
    assert "This hour is not free any more" in answer.text
    assert len(SLOT.findall(answer.text)) == 8
    status, said = send(visitor, "/service/1", link)
    assert (status, "Nothing was booked." in said) == (409, True)


def test_late_cancellation_says_what_it_means(visitor: TestClient, practice: Open) -> None:
    run("update online_service set is_approved_at_once = true, change_hours = 2")
    own = practice.confirmed()
    run("update appointment set starts_at = now() + interval '9 hours', ends_at = now() + interval '10 hours'")
    said = visitor.get(f"/request/{own}/cancel").text
    assert "This is a late cancellation" in said
    assert re.search("30[.,]00", said)
    run("update appointment set starts_at = now() + interval '1 hour', ends_at = now() + interval '2 hours'")
    assert "It is too late to change it here" in visitor.get(f"/request/{own}").text
    assert visitor.get(f"/request/{own}/cancel").headers["location"] == f"/request/{own}"


def test_every_answer_has_the_headers_and_nothing_from_elsewhere(visitor: TestClient, practice: Open) -> None:
    own = practice.confirmed()
    for path in ("/", "/service/1", "/nowhere", f"/request/{own}", "/hold"):
        answer = visitor.get(path)
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert not re.search(r"<script|style=|https?://", answer.text)
    cookie = visitor.get("/", headers={"Cookie": ""}).headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert 'lang="es"' in visitor.get("/?language=es").text
    assert "Pedir una cita" in visitor.get("/").text


def test_the_door_refuses_what_is_too_much_and_too_often(visitor: TestClient, practice: Open) -> None:
    assert visitor.post("/hold", data={"form": "x" * (LARGEST_FORM + 1)}).status_code == 413
    assert visitor.post("/hold", content=iter([b"form=x"])).status_code == 411
    assert visitor.get("/?" + "x" * 2_000).status_code == 414
    assert visitor.put("/hold").status_code == 405
    answers = [visitor.post("/hold", data={"form": "x"}).status_code for _ in range(12)]
    assert answers[-1] == 429
    assert visitor.get("/").status_code == 200
    assert 429 in {visitor.get("/style.css").status_code for _ in range(260)}


def test_an_address_is_counted_by_itself_and_a_house_of_ipv6_as_one() -> None:
    pace = Pace(2, 60)
    assert [pace.is_too_fast(who) for who in ("a", "a", "a", "b")] == [False, False, True, False]
    one, other = ({"client": (f"2001:db8::{end}", 1)} for end in (1, 2))
    assert whose(one) == whose(other) == "2001:db8::/64"
    assert whose({"client": ("192.0.2.7", 1)}) == "192.0.2.7"


def test_a_practice_that_cannot_write_letters_is_closed(
    visitor: TestClient, practice: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dashboard import mail

    monkeypatch.setattr(mail, "is_set_up", lambda: False)
    assert "Online booking is closed" in visitor.get("/").text
    run("update practice_profile set is_synthetic = true")
    details = hold(visitor)
    status, said = send(visitor, details, details, **PERSON)
    assert (status, "The letter would hold this link" in said) == (200, True)
    assert clock.today("Europe/Madrid").isoformat() not in said
