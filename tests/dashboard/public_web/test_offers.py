"""The link of an offer on the pages of visitors: looking takes nothing, a form takes the hour or leaves it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from dashboard.public_server import application
from dashboard.waiting_list.commands import offer_hour
from tests.dashboard.billing.conftest import rows
from tests.dashboard.messages.conftest import run
from tests.dashboard.waiting_list.conftest import Queue, let_expire, offers
from tests.dashboard.waiting_list.conftest import queue as queue  # noqa: PLC0414 - a fixture

FORM = re.compile(r'name="form" value="([0-9a-f]{64})"')
LINK = "/offer/a-token-of-the-letter"
HOURS = "select state from appointment where state in ('held', 'booked') order by id"


@pytest.fixture
def visitor(queue: Queue) -> Iterator[TestClient]:
    """Return the browser of somebody who has the link of the first offer; the public pages themselves are closed."""
    offer_hour(queue.week.front_desk, queue.freed)
    run("update waiting_offer set token_sha256 = sha256('a-token-of-the-letter')")
    with TestClient(application(), follow_redirects=False, headers={"Accept-Language": "en"}) as client:
        yield client


def answered(visitor: TestClient, answer: str) -> str:
    """Answer by the form of the page and return what the page says then."""
    form = FORM.search(visitor.get(LINK).text)
    assert form
    assert visitor.post(LINK, data={"form": form[1], "answer": answer}).headers["location"] == LINK
    return visitor.get(LINK).text


def test_looking_takes_nothing_and_names_nobody_and_taking_books(visitor: TestClient, queue: Queue) -> None:
    shown = visitor.get(LINK).text
    assert "An hour is free for you" in shown
    for name in ("Uno", "Lista", "Ana", "Ruiz", "Individual"):
        assert name not in shown
    assert rows(HOURS) == [("held",)]
    assert "The hour is yours" in answered(visitor, "accepted")
    assert rows(HOURS) == [("booked",)]
    assert offers() == [(1, "accepted", "link")]


def test_leaving_it_offers_the_hour_to_the_next(visitor: TestClient, queue: Queue) -> None:
    assert "You left this hour to somebody else" in answered(visitor, "declined")
    assert offers("turn, state") == [(1, "declined"), (2, "offered")]


def test_without_the_form_too_late_or_with_another_link_nothing_is_taken(visitor: TestClient, queue: Queue) -> None:
    assert visitor.post(LINK, data={"answer": "accepted"}).status_code == 403
    assert visitor.get("/offer/a-token-of-nobody").status_code == 404
    form = FORM.search(visitor.get(LINK).text)
    assert form
    for neither in ({}, {"answer": "perhaps"}):
        assert visitor.post(LINK, data={"form": form[1], **neither}).status_code == 303
    assert offers("turn, state") == [(1, "offered")]
    let_expire()
    assert visitor.post(LINK, data={"form": form[1], "answer": "accepted"}).status_code == 303
    assert "not to be had any more" in visitor.get(LINK).text
    assert rows("select count(*) from appointment where state = 'booked'") == [(0,)]
