"""The link reaches the patient: by a message of its own, in reminders; with consent, once, and never an old one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dashboard import clock
from dashboard.messages import queries as messages
from dashboard.messages.planning import plan_due
from dashboard.messages.sending import send_round
from dashboard.video import commands, queries, rules
from tests.dashboard.billing.conftest import rows
from tests.dashboard.messages.conftest import Family, House, Mailbox, run, withdraws
from tests.dashboard.video.conftest import link_of, links


def of_links(columns: str = "state") -> list[tuple[object, ...]]:
    return [tuple(row) for row in rows(f"select {columns} from message where kind = 'video_link' order by id")]


def text_of(letter) -> str:
    return letter.get_body(("plain",)).get_content() + letter.get_body(("html",)).get_content()


def test_a_link_is_planned_three_days_before_and_once(calls: House) -> None:
    calls.old(24 * 5, mode="online", booked_at="2026-01-01")
    calls.old(24 * 6)
    run("update video_link set made_at = now() - interval '9 days'")
    for _turn in range(2):
        plan_due(clock.now())
    assert of_links("state, starts_at - due_at, step") == [("planned", timedelta(days=3), str(links(1)[0].id))]


def test_the_link_is_sent_once_with_instructions_and_read_as_sent(calls: House, mailbox: Mailbox) -> None:
    session = calls.old(40, mode="online")
    assert send_round() == 1
    [letter] = mailbox.letters
    assert letter["Subject"].strip().startswith("Enlace para su videollamada con Consulta Norte")
    assert text_of(letter).count(link_of(session) or "-") == 3  # as text, as an address, and the words of it
    assert "auriculares" in text_of(letter)
    assert "sent" not in rules.missing(queries.session_ahead(calls.week.therapist, session))
    assert send_round() == 0
    run("update appointment set starts_at = starts_at + interval '3 hours', ends_at = ends_at + interval '3 hours'")
    send_round(clock.now() + timedelta(minutes=1))
    assert [letter["Subject"].split()[0] for letter in mailbox.letters] == ["Enlace", "Cambio"]
    assert link_of(session) in text_of(mailbox.letters[1])


def test_who_was_sent_a_link_is_sent_the_next_one_and_never_the_old_one(calls: House, mailbox: Mailbox) -> None:
    session = calls.old(40, mode="online")
    first = link_of(session)
    send_round()
    for _turn in range(2):
        commands.renew_link(calls.week.therapist, session)
        assert "sent" in rules.missing(queries.session_ahead(calls.week.therapist, session))
        plan_due(clock.now())
    assert of_links() == [("sent",), ("lapsed",), ("planned",)]
    send_round()
    assert len(mailbox.letters) == 2
    assert link_of(session) in text_of(mailbox.letters[1])
    assert first not in text_of(mailbox.letters[1])
    assert "sent" not in rules.missing(queries.session_ahead(calls.week.therapist, session))


def test_reminders_of_online_sessions_carry_the_link_and_count_as_sent(calls: House, mailbox: Mailbox) -> None:
    session, in_person = calls.old(50, mode="online"), calls.old(51)
    run("update message_rule set steps = '{48}'")
    plan_due(clock.now())
    run("update message set state = 'cancelled' where kind = 'video_link'")
    assert "sent" in rules.missing(queries.session_ahead(calls.week.therapist, session))
    assert send_round(clock.now() + timedelta(hours=4)) == 2
    link = link_of(session)
    assert [link in text_of(letter) for letter in mailbox.letters] == [True, False]
    assert link_of(in_person) is None
    assert "sent" not in rules.missing(queries.session_ahead(calls.week.therapist, session))


def test_without_consent_to_be_contacted_the_link_is_withheld_and_can_be_given(calls: House, mailbox: Mailbox) -> None:
    session = calls.old(40, mode="online")
    withdraws(calls.consent)
    assert send_round() == 0
    assert of_links("state, withheld_reason") == [("withheld", "no_consent")]
    found = queries.session_ahead(calls.week.therapist, session)
    assert (found.participants[0].message, found.participants[0].withheld_reason) == ("withheld", "no_consent")
    assert "sent" in rules.missing(found)
    commands.tick(calls.week.front_desk, session, calls.patient, "link_given", is_done=True)
    assert "sent" not in rules.missing(queries.session_ahead(calls.week.therapist, session))
    assert mailbox.letters == []


def test_the_link_of_a_minor_goes_to_the_guardian_with_authority(
    calls: House, family: Family, mailbox: Mailbox
) -> None:
    calls.old(40, family.child, mode="online")
    send_round()
    assert mailbox.to == ["mother@example.org"]


@pytest.mark.parametrize("change", ["mode = 'in_person'", "state = 'cancelled', cancelled_at = now()"])
def test_no_link_is_sent_for_what_is_no_call_any_more(calls: House, mailbox: Mailbox, change: str) -> None:
    calls.old(40, mode="online")
    plan_due(clock.now())
    run(f"update appointment set {change}, version = version + 1")
    send_round()
    assert of_links() == [("lapsed",)]
    assert not [letter for letter in mailbox.letters if "Enlace" in letter["Subject"]]


def test_the_office_reads_what_would_be_sent(calls: House) -> None:
    session = calls.old(40, mode="online")
    plan_due(clock.now())
    [(number,)] = of_links("id")
    assert messages.message(calls.week.front_desk, number).content.link == link_of(session)
