"""What people decide about messages, and who may."""

from __future__ import annotations

from datetime import time

import pytest

from dashboard import clock
from dashboard.access.actor import NotAllowedError, NotFoundError, RuleBrokenError, transaction
from dashboard.messages import commands, queries, sending
from dashboard.messages.models import Message
from dashboard.messages.queries import Filter
from tests.dashboard.billing.conftest import rows
from tests.dashboard.messages.conftest import House, Mailbox, messages, run


@pytest.fixture
def waiting(house: House) -> int:
    """Return a message that waits."""
    house.old(30)
    sending.plan_due(clock.now())
    [(number,)] = messages("id")
    return number


def failed(number: int, error: str = "unknown_outcome") -> None:
    run("update message set state = 'failed', last_error = :error, attempts = 1 where id = :id", error=error, id=number)


def test_what_is_not_to_be_sent_is_not(house: House, waiting: int, mailbox: Mailbox) -> None:
    commands.cancel(house.week.front_desk, waiting)
    run("update message set due_at = now() - interval '1 minute'")
    assert sending.send_round() == 0
    assert messages("state, settled_by_id") == [("cancelled", house.week.front_desk.user_id)]
    with pytest.raises(RuleBrokenError, match="no longer waits"):
        commands.cancel(house.week.front_desk, waiting)


def test_a_person_may_send_again_what_failed_under_the_same_number(
    house: House, waiting: int, mailbox: Mailbox
) -> None:
    run("update message set message_id = '<same@practice.example>'")
    with pytest.raises(RuleBrokenError, match="Only what failed"):
        commands.send_again(house.week.front_desk, waiting)
    failed(waiting)
    assert sending.send_round() == 0
    commands.send_again(house.week.front_desk, waiting)
    assert sending.send_round() == 1
    assert [letter["Message-ID"] for letter in mailbox.letters] == ["<same@practice.example>"]
    assert messages("state, last_error") == [("sent", None)]


def test_what_would_come_too_late_is_not_sent_again(house: House, waiting: int) -> None:
    failed(waiting)
    run("update message set lapses_at = now()")
    with pytest.raises(RuleBrokenError, match="too late"):
        commands.send_again(house.week.front_desk, waiting)


def test_what_was_told_by_telephone_is_not_sent_and_is_known_to_be_told(
    house: House, waiting: int, mailbox: Mailbox
) -> None:
    commands.tell_by_telephone(house.week.manager, waiting)
    run("update message set due_at = now() - interval '1 minute'")
    assert sending.send_round() == 0
    [found] = queries.messages(house.week.manager, "sent", Filter()).to_dict("records")
    assert (found["message_id"], found["state"]) == (waiting, "told")
    with pytest.raises(RuleBrokenError, match="sent already"):
        commands.tell_by_telephone(house.week.manager, waiting)


def test_only_the_office_decides_and_reads(house: House, waiting: int) -> None:
    for actor in (house.week.therapist, house.week.auditor):
        for decide in (commands.cancel, commands.send_again, commands.tell_by_telephone, queries.message):
            with pytest.raises(NotAllowedError):
                decide(actor, waiting)
        with pytest.raises(NotAllowedError):
            queries.messages(actor, "outbox", Filter())
    with pytest.raises(NotFoundError):
        commands.cancel(house.week.front_desk, 10**9)


def test_a_therapist_reads_in_the_database_the_messages_of_their_own_appointments_only(
    house: House, waiting: int
) -> None:
    house.old(40, therapist=house.week.colleague)
    sending.plan_due(clock.now())
    with transaction(house.week.therapist) as session:
        assert [found.id for found in session.query(Message)] == [waiting]


def test_only_the_manager_sets_the_rule(house: House) -> None:
    commands.set_rule(house.week.manager, [24, 72, 24], time(22), time(7, 30), is_on=True)
    found = queries.rule(house.week.front_desk)
    assert (found.steps, found.quiet_from, found.quiet_until, found.is_on) == ((72, 24), time(22), time(7, 30), True)
    with pytest.raises(NotAllowedError):
        commands.set_rule(house.week.front_desk, [24], time(22), time(7), is_on=True)
    for steps in ([0], [721], range(1, 8)):
        with pytest.raises(RuleBrokenError):
            commands.set_rule(house.week.manager, steps, time(22), time(7), is_on=True)


def test_without_steps_nobody_is_reminded(house: House) -> None:
    commands.set_rule(house.week.manager, [], time(0), time(0), is_on=True)
    house.old(30)
    sending.plan_due(clock.now())
    assert messages() == []


def test_every_step_of_a_message_is_on_record_without_values(house: House, waiting: int, mailbox: Mailbox) -> None:
    run("update message set due_at = now() - interval '1 minute'")
    assert sending.send_round() == 1
    found = rows("select operation, changed, patient_id from audit_log where table_name = 'message' order by id")
    assert [row.operation for row in found] == ["insert", "update", "update", "update"]
    assert {row.patient_id for row in found} == {house.patient}
    assert "sent_at" in found[-1].changed


def test_the_lists_are_filtered_by_kind_and_site(house: House, waiting: int) -> None:
    actor = house.week.front_desk
    assert queries.messages_number(actor, "outbox", Filter("reminder", house.week.site)) == 1
    assert queries.messages_number(actor, "outbox", Filter("change")) == 0
    assert queries.messages_number(actor, "outbox", Filter(None, 10**6)) == 0
    assert queries.messages_number(actor, "unsent", Filter()) == 0
