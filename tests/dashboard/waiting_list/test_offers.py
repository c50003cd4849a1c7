"""Freed hours go to one person after the other, and never to two at once; each guard is shown to be what holds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, time, timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from dashboard import clock, db
from dashboard.access.actor import NotAllowedError, RuleBrokenError
from dashboard.agenda import commands as agenda
from dashboard.agenda.booking import Target, book, move
from dashboard.agenda.free_hours import NotFreeError, Wish
from dashboard.waiting_list import commands, queries, turns
from dashboard.waiting_list.commands import answer_offer, offer_hour
from tests.dashboard.billing.conftest import owner, rows
from tests.dashboard.messages.conftest import run
from tests.dashboard.waiting_list.conftest import Queue, events, let_expire, noon, offers, person

INSERT = """
insert into waiting_offer (freed_hour_id, entry_id, turn, mode, ends_at, expires_at)
select freed_hour_id, :entry, 9, mode, ends_at, now() + interval '1 hour' from waiting_offer limit 1
"""


def offered_to() -> int:
    """Return the patient who is offered the hour."""
    [(patient,)] = rows(
        "select e.patient_id from waiting_offer as o join waiting_entry as e on e.id = o.entry_id"
        " where o.state = 'offered'"
    )
    return int(patient)


def booked() -> list[tuple[int, ...]]:
    """Return the patients who have the freed hour."""
    return [
        tuple(row)
        for row in rows("select patient_id from appointment_patient where state = 'booked' order by patient_id")
    ]


def test_an_hour_is_offered_to_who_has_waited_longest_and_kept_free_for_them(queue: Queue) -> None:
    offer = offer_hour(queue.week.front_desk, queue.freed)
    assert offer is not None
    assert offered_to() == queue.people[0]
    [(state, room)] = rows("select state, room_id from appointment where id <> :freed", freed=queue.freed)
    assert (state, room) == ("held", queue.week.room)
    [running] = queries.running_offers(queue.week.front_desk)
    assert (running.id, running.turn, running.letter) == (offer, 1, "withheld")
    assert timedelta(hours=3, minutes=59) < running.expires_at - clock.now() <= timedelta(hours=4)


def test_while_it_is_offered_nobody_else_can_be_booked_into_it(queue: Queue) -> None:
    offer_hour(queue.week.front_desk, queue.freed)
    week = queue.week
    wish = Wish(
        therapist_id=week.therapist.therapist_id or 0, site_id=week.site, service_id=week.service,
        patient_ids=(week.partner,), starts_at=noon(), ends_at=noon() + timedelta(hours=1), room_id=week.room,
    )  # fmt: skip
    with pytest.raises(NotFreeError):
        book(week.front_desk, wish, key=uuid4())


def test_accepted_it_is_booked_at_the_price_of_the_service_and_the_entry_is_served(queue: Queue) -> None:
    offer = offer_hour(queue.week.front_desk, queue.freed) or 0
    answer_offer(queue.week.front_desk, offer, "accepted")
    assert booked() == [(queue.people[0],)]
    [(state, held, fee)] = rows(
        "select state, held_until, fee_cents from appointment where id <> :freed", freed=queue.freed
    )
    assert (state, held, fee) == ("booked", None, 6_000)
    assert offers() == [(1, "accepted", "desk")]
    assert rows("select state from waiting_entry order by id")[0] == ("served",)
    assert rows("select state from freed_hour") == [("filled",)]
    assert events() == ["added"] * 3 + ["offered", "accepted", "served"]
    with pytest.raises(RuleBrokenError, match="no longer open"):
        answer_offer(queue.week.front_desk, offer, "declined")


def test_declined_or_not_answered_in_time_it_is_the_next_ones_turn_until_nobody_is_left(queue: Queue) -> None:
    first = offer_hour(queue.week.front_desk, queue.freed) or 0
    answer_offer(queue.week.front_desk, first, "declined")
    assert offered_to() == queue.people[1]
    assert turns.take_turns() == 0  # nothing has expired
    let_expire()
    assert turns.take_turns() == 1
    assert offered_to() == queue.people[2]
    let_expire()
    turns.take_turns()
    assert offers() == [(1, "declined", "desk"), (2, "expired", "clock"), (3, "expired", "clock")]
    assert rows("select state from freed_hour") == [("unfilled",)]
    assert rows("select count(*) from appointment where id <> :freed", freed=queue.freed) == [(0,)]
    assert {row.state for row in rows("select state from waiting_entry")} == {"waiting"}


def test_what_has_expired_can_no_longer_be_accepted_also_before_the_clock_comes_by(queue: Queue) -> None:
    offer = offer_hour(queue.week.front_desk, queue.freed) or 0
    let_expire()
    with pytest.raises(RuleBrokenError, match="no longer open"):
        answer_offer(queue.week.front_desk, offer, "accepted")
    assert booked() == []
    assert offered_to() == queue.people[1]


def test_no_more_are_asked_than_the_rule_says(queue: Queue) -> None:
    commands.set_rule(queue.week.manager, turns=2, answer_hours=2, notice_hours=3, days_ahead=20, is_automatic=False)
    for _turn in range(2):
        offer = rows("select id from waiting_offer where state = 'offered'")
        one = offer[0].id if offer else offer_hour(queue.week.front_desk, queue.freed)
        answer_offer(queue.week.front_desk, one, "declined")
    assert [state for _, state, _ in offers()] == ["declined", "declined"]
    assert rows("select state from freed_hour") == [("unfilled",)]


def test_an_hour_with_too_little_notice_is_offered_to_nobody(queue: Queue) -> None:
    freed = queue.week.book(11, state="cancelled")
    assert offer_hour(queue.week.front_desk, freed) is None
    assert offers() == []


def test_taken_back_the_hour_is_free_and_may_be_offered_again(queue: Queue) -> None:
    offer = offer_hour(queue.week.front_desk, queue.freed) or 0
    answer_offer(queue.week.front_desk, offer, "withdrawn")
    assert rows("select count(*) from appointment where id <> :freed", freed=queue.freed) == [(0,)]
    assert offer_hour(queue.week.front_desk, queue.freed, queue.entries[2]) is not None
    assert offered_to() == queue.people[2]


def test_urgency_comes_before_waiting_and_waiting_before_wishes(queue: Queue) -> None:
    urgent, fitting = person(queue.week, "Urgente"), person(queue.week, "Justo")
    queue.waits(urgent, urgency=3)
    queue.waits(fitting, weekdays=(noon().weekday(),), mode="in_person")
    run("update waiting_entry set since_on = practice_today() - 9 where id = :id", id=queue.entries[2])
    found = queries.fitting(queue.week.front_desk, queue.freed)
    assert list(found["patient_id"]) == [urgent, queue.people[2], fitting, queue.people[0], queue.people[1]]


def test_who_cannot_come_then_does_not_fit(queue: Queue) -> None:
    unfit: list[dict[str, Any]] = [
        {"weekdays": ((noon().weekday() + 1) % 7,)},
        {"not_before": time(13)},
        {"not_after": time(12, 30)},
        {"therapist_ids": (10**6,)},
        {"site_ids": (10**6,)},
        {"until_on": noon().date() - timedelta(days=1)},
    ]
    people = {person(queue.week, "Otra"): wish for wish in unfit}
    for patient, wish in people.items():
        queue.waits(patient, **wish)
    found = set(queries.fitting(queue.week.front_desk, queue.freed)["patient_id"])
    assert found == set(queue.people), [people[patient] for patient in found - set(queue.people)]


def test_neither_who_cancelled_nor_who_is_elsewhere_then_nor_whose_file_is_closed_fits(queue: Queue) -> None:
    queue.waits(queue.week.patient)  # who cancelled
    queue.week.book(0, queue.people[0], therapist=queue.week.colleague, starts_at=noon())
    run("update patient set died_on = practice_today() where id = :id", id=queue.people[1])
    assert list(queries.fitting(queue.week.front_desk, queue.freed)["patient_id"]) == [queue.people[2]]


def test_somebody_who_wishes_a_video_call_takes_the_hour_without_its_room(queue: Queue) -> None:
    patient = person(queue.week, "Lejos")
    entry = queue.waits(patient, mode="online", urgency=3)
    offer_hour(queue.week.front_desk, queue.freed, entry)
    assert rows("select mode, room_id from appointment where state = 'held'") == [("online", None)]


def test_a_freed_hour_is_listed_until_it_is_taken(queue: Queue) -> None:
    [found] = queries.freed_hours(queue.week.front_desk).to_dict("records")
    assert (found["appointment_id"], found["fitting"], found["outcome"]) == (queue.freed, 3, None)
    queue.week.book(0, queue.week.partner, starts_at=noon())
    assert queries.freed_hours(queue.week.front_desk).empty


def test_of_16_clerks_at_once_one_offers_the_hour(queue: Queue) -> None:
    def offer(_: int) -> str:
        try:
            return "offered" if offer_hour(queue.week.front_desk, queue.freed) else "nobody"
        except RuleBrokenError:
            return "refused"

    with ThreadPoolExecutor(16) as pool:
        answers = sorted(pool.map(offer, range(16)))
    assert answers == ["offered", *["refused"] * 15]
    assert offers("turn, state") == [(1, "offered")]


def test_of_16_acceptances_at_once_by_link_and_by_desk_one_books_the_hour(queue: Queue) -> None:
    offer = offer_hour(queue.week.front_desk, queue.freed) or 0
    run("update waiting_offer set token_sha256 = :hash", hash=sha256(b"token").digest())

    def by_desk() -> str:
        try:
            answer_offer(queue.week.front_desk, offer, "accepted")
        except RuleBrokenError:
            return "gone"
        return "accepted"

    def by_link() -> str:
        with db.administration() as session:
            return str(session.scalar(text("select offer_answer('token', 'accepted')")))

    with ThreadPoolExecutor(16) as pool:
        answers = set(pool.map(lambda turn: by_desk() if turn % 2 else by_link(), range(16)))
    assert answers == {"accepted"}  # the same answer again is the same answer
    assert booked() == [(queue.people[0],)]
    assert events().count("accepted") == events().count("served") == 1


def test_accepting_against_declining_at_once_has_one_outcome(queue: Queue) -> None:
    offer = offer_hour(queue.week.front_desk, queue.freed) or 0

    def say(answer: str) -> str:
        try:
            answer_offer(queue.week.front_desk, offer, answer)
        except RuleBrokenError:
            return "gone"
        return answer

    with ThreadPoolExecutor(16) as pool:
        said = set(pool.map(say, ["accepted", "declined"] * 8))
    assert said in ({"accepted", "gone"}, {"declined", "gone"})
    assert len(booked()) == (1 if "accepted" in said else 0)


def test_the_database_takes_no_second_offer_of_an_hour(queue: Queue) -> None:
    offer_hour(queue.week.front_desk, queue.freed)
    with pytest.raises(IntegrityError, match="one_offer_of_an_hour"):
        run(INSERT, entry=queue.entries[1])


def test_without_its_index_a_second_person_is_offered_the_same_hour(queue: Queue) -> None:
    offer_hour(queue.week.front_desk, queue.freed)
    run("drop index one_offer_of_an_hour")
    run(INSERT, entry=queue.entries[1])
    assert [state for _, state, _ in offers()] == ["offered", "offered"]


def test_nobody_is_offered_two_hours_at_once(queue: Queue) -> None:
    other = queue.week.book(0, starts_at=noon(4), state="cancelled")
    for entry in queue.entries[1:]:
        commands.close_entry(queue.week.front_desk, entry, "other", version=1)
    assert offer_hour(queue.week.front_desk, queue.freed) is not None
    assert offer_hour(queue.week.front_desk, other) is None


def test_a_request_accepted_in_the_agenda_accepts_the_offer_it_stands_for(queue: Queue) -> None:
    offer_hour(queue.week.front_desk, queue.freed)
    [held] = rows("select id, version from appointment where state = 'held'")
    with pytest.raises(RuleBrokenError, match="Take the offer back first"):
        move(queue.week.front_desk, held.id, Target(noon(4), noon(4) + timedelta(hours=1)), version=held.version)
    agenda.confirm_appointment(queue.week.front_desk, held.id, version=held.version)
    assert offers() == [(1, "accepted", "desk")]
    assert rows("select state from freed_hour") == [("filled",)]


def test_hours_are_offered_by_themselves_when_the_practice_wishes_so_and_only_from_then_on(queue: Queue) -> None:
    assert turns.take_turns() == 0
    commands.set_rule(queue.week.manager, turns=5, answer_hours=4, notice_hours=12, days_ahead=28, is_automatic=True)
    run("update appointment set cancelled_at = now() - interval '1 hour'")
    assert turns.take_turns() == 0
    run("update appointment set cancelled_at = now() + interval '1 second'")
    assert turns.take_turns() == 1
    assert offered_to() == queue.people[0]


def test_only_the_office_offers_and_answers(queue: Queue) -> None:
    for actor in (queue.week.therapist, queue.week.auditor):
        with pytest.raises(NotAllowedError):
            offer_hour(actor, queue.freed)
    offer = offer_hour(queue.week.front_desk, queue.freed)
    with owner() as connection, pytest.raises(Exception, match="not for everybody"):
        connection.exec_driver_sql(f"select waiting_answer({offer}, 'accepted')")


def test_entries_are_one_a_service_change_and_close_and_come_back(queue: Queue) -> None:
    desk, entry = queue.week.front_desk, queue.entries[0]
    with pytest.raises(RuleBrokenError, match="already"):
        queue.waits(queue.people[0])
    wanted = commands.Preferences(queue.week.service, weekdays=(2, 0), note="  Mejor por la tarde ", urgency=2)
    commands.change_entry(desk, entry, wanted, version=1)
    found = queries.entry(desk, entry)
    assert (found.weekdays, found.note, found.urgency, found.version) == ((0, 2), "Mejor por la tarde", 2, 2)
    commands.close_entry(desk, entry, "no_longer_wanted", version=2)
    assert queries.entries_number(desk, queries.Filter()) == 2
    commands.reopen_entry(desk, entry, version=3)
    assert queries.entries(desk, queries.Filter())["entry_id"].iloc[0] == entry
    assert events()[3:] == ["changed", "closed", "reopened"]
    run("update waiting_entry set since_on = :day where id = :id", day=date(2026, 1, 1), id=entry)
    with pytest.raises(RuleBrokenError, match="last day"):
        commands.change_entry(
            desk, entry, commands.Preferences(queue.week.service, until_on=date(2025, 1, 1)), version=4
        )
