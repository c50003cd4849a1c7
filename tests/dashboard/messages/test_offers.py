"""Offers go out by letter with consent alone, without a clinical word, and are answered by the link in it."""

from __future__ import annotations

import re

import pytest

from dashboard import clock
from dashboard.config import settings
from dashboard.messages import sending
from dashboard.waiting_list import links, queries
from dashboard.waiting_list.commands import Preferences, add_entry, offer_hour
from tests.dashboard.billing.conftest import rows
from tests.dashboard.messages.conftest import House, Mailbox, messages, run
from tests.dashboard.waiting_list.conftest import let_expire, noon, offers, person

LINK = re.compile(r"https://citas\.practice\.example/offer/([\w-]{40,})")


@pytest.fixture
def freed(house: House, monkeypatch: pytest.MonkeyPatch) -> int:
    """Return a freed hour for which a patient waits who consented to be written to, and one who did not."""
    monkeypatch.setenv("INTERSESSION_BOOKING_URL", "https://citas.practice.example")
    settings.cache_clear()
    add_entry(house.week.front_desk, house.patient, Preferences(house.week.service, urgency=2))
    add_entry(house.week.front_desk, person(house.week, "Sin"), Preferences(house.week.service))
    return house.week.book(0, house.week.partner, starts_at=noon(), state="cancelled", cancelled_at=clock.now())


def token_of(box: Mailbox) -> str:
    """Return the token in the last letter."""
    text = box.letters[-1].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    found = LINK.search(text)
    assert found, text
    return found[1]


def test_the_letter_says_when_where_and_until_when_and_its_link_accepts(
    house: House, mailbox: Mailbox, freed: int
) -> None:
    offer_hour(house.week.front_desk, freed)
    assert sending.send_round() == 1
    [letter] = mailbox.letters
    assert mailbox.to == ["eva@example.org"]
    subject = letter["Subject"].strip()  # a long one may be folded at its very beginning
    assert subject.startswith("Ha quedado libre una cita en Consulta Norte: ")
    kinds = [part.get_content_type() for part in letter.walk() if not part.is_multipart()]
    assert kinds == ["text/plain", "text/html"]
    plain = letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "12:00" in plain
    assert "Calle Mayor 1" in plain
    assert "600 100 200" in plain
    for word in ("Individual", "Ana", "Ruiz", "Eva", "Vega", "terap", "psic"):
        assert word not in plain
    token = token_of(mailbox)
    assert rows("select count(*) from waiting_offer where token_sha256 is not null") == [(1,)]
    assert _shown(token) == ("offered", "Consulta Norte")
    assert [_answer(token, "accepted") for _ in range(2)] == ["accepted", "accepted"]
    assert _answer(token, "declined") == "gone"
    assert offers() == [(1, "accepted", "link")]
    assert _shown(token)[0] == "accepted"


def _shown(token: str) -> tuple[str, str]:
    found = links.offer_shown(token)
    assert found is not None
    return found.outcome, found.practice


def _answer(token: str, answer: str) -> str:
    return links.offer_answer(token, answer)  # type: ignore[arg-type]


def test_unknown_and_over_answer_the_same_and_change_nothing(house: House, mailbox: Mailbox, freed: int) -> None:
    offer_hour(house.week.front_desk, freed)
    sending.send_round()
    let_expire()
    token = token_of(mailbox)
    assert _shown(token)[0] == "gone"
    assert links.offer_shown("nobody") is None
    assert [_answer(token, "accepted"), _answer("nobody", "accepted"), _answer(token, "x")] == ["gone"] * 3
    assert rows("select count(*) from appointment where state = 'booked'") == [(0,)]


def test_without_consent_nothing_is_sent_and_the_front_desk_is_told_to_telephone(
    house: House, mailbox: Mailbox, freed: int
) -> None:
    run("update waiting_entry set urgency = 1, since_on = practice_today() - id::integer")
    offer_hour(house.week.front_desk, freed, max(row.id for row in rows("select id from waiting_entry")))
    assert sending.send_round() == 0
    [running] = queries.running_offers(house.week.front_desk)
    assert (running.name, running.letter, running.reason) == ("Sin Lista", "withheld", "no_consent")
    assert mailbox.letters == []


def test_a_letter_that_was_not_sent_in_time_is_not_sent_any_more(house: House, mailbox: Mailbox, freed: int) -> None:
    offer_hour(house.week.front_desk, freed)
    let_expire()
    assert sending.send_round() == 0
    assert ("offer", "lapsed") in messages("kind, state")
