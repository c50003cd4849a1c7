"""Letters to visitors: what they say and do not say, each sent at most once, and the token known to nobody else."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from dashboard import clock, mail
from dashboard.access.sessions import hashed
from dashboard.public_booking import sending, visits
from tests.dashboard.billing.conftest import rows
from tests.dashboard.messages.conftest import run
from tests.dashboard.public_booking.conftest import Open, details, state

LINK = re.compile(r"http://127\.0\.0\.1:\d+/(confirm|request)/([A-Za-z0-9_-]{43})")


def fates() -> list[Any]:
    """Return what became of the letters."""
    return [tuple(row) for row in rows("select kind, state, last_error from online_letter order by id")]


def test_the_link_of_the_letter_confirms_and_the_next_letter_leads_to_ones_own_page(practice: Open) -> None:
    visits.ask(practice.hold(), details(), "es", shows=False)
    assert sending.send_round() == 1
    letter = practice.mailbox.letters[0]
    assert (letter["To"], letter["Subject"]) == ("lia@example.org", "Confirme su petición · Consulta Norte")
    plain = letter.get_body(("plain",)).get_content()
    [(place, token)] = LINK.findall(plain)
    assert (place, visits.confirm(token)[0]) == ("confirm", "done")
    assert hashed(token) in {bytes(row.token_sha256) for row in rows("select token_sha256 from online_link")}
    assert sending.send_round() == 1
    own = LINK.findall(practice.mailbox.letters[1].get_body(("plain",)).get_content())[0][1]
    seen = visits.request(own, "own")
    assert seen is not None
    assert seen.state == "asked"
    assert sending.send_round() == 0


@pytest.mark.parametrize("language", ["es", "en"])
def test_no_letter_says_what_the_hour_is_for_nor_with_whom(practice: Open, language: str) -> None:
    run("update service set name = 'Terapia de trauma'")
    visits.ask(practice.hold(), details(), language, shows=False)
    for kind in ("received", "booked", "declined", "changed", "cancelled"):
        run("insert into online_letter (request_id, kind) values (1, :kind)", kind=kind)
    run("update online_request set state = 'asked'")
    assert sending.send_round() == 5  # the letter to confirm lapsed: it was confirmed
    for letter in practice.mailbox.letters:
        bodies = [letter.get_body((kind,)).get_content() for kind in ("plain", "html")]
        said = " ".join([letter["Subject"], *bodies])
        assert not re.search("terap|therap|trauma|psic|psych|Ruiz|Lía", said, re.IGNORECASE)
        assert ("llámenos" if language == "es" else "call us") in said.lower()


def test_a_letter_that_nobody_knows_the_fate_of_is_never_sent_again_by_itself(practice: Open) -> None:
    visits.ask(practice.hold(), details(), "es", shows=False)
    assert sending.claim(clock.now()) is not None  # and here the worker dies
    assert sending.send_round() == 0
    assert fates() == [("confirm", "failed", "unknown_outcome")]
    assert practice.mailbox.letters == []


def test_a_letter_is_tried_again_later_and_given_up_when_it_is_refused(practice: Open) -> None:
    visits.ask(practice.hold(), details(), "es", shows=False)
    practice.mailbox.answers = ["451 later", "550 never"]
    assert sending.send_round() == 0
    assert fates() == [("confirm", "planned", "smtp_451")]
    run("update online_letter set next_attempt_at = now()")
    assert sending.send_round() == 0
    assert fates() == [("confirm", "failed", "smtp_550")]


def test_a_letter_for_an_hour_that_lapsed_is_not_sent(practice: Open) -> None:
    visits.ask(practice.hold(), details(), "es", shows=False)
    run("update appointment set held_until = now() - interval '1 second'")
    assert sending.send_round() == 0
    assert fates() == [("confirm", "lapsed", None)]


def test_an_address_that_is_none_is_not_written_to(practice: Open) -> None:
    visits.ask(practice.hold(), replace(details(), email="lía@example.org"), "es", shows=False)
    assert sending.send_round() == 0
    assert fates() == [("confirm", "failed", "not_written")]


def test_without_a_mail_server_letters_wait(practice: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    visits.ask(practice.hold(), details(), "es", shows=False)
    monkeypatch.setattr(mail, "is_set_up", lambda: False)
    assert sending.send_round() == 0
    assert (fates(), state()) == ([("confirm", "planned", None)], [("sent",)])
