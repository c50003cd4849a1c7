"""32 people want one hour at once, half of them by the dashboard and half by the public page: exactly one gets it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

from dashboard import db
from dashboard.agenda import booking
from dashboard.agenda.free_hours import NotFreeError, Wish
from dashboard.public_booking import visits
from tests.dashboard.billing.conftest import rows
from tests.dashboard.messages.conftest import run
from tests.dashboard.public_booking.conftest import Open

TAKEN = "select count(*) from appointment where starts_at = :at and therapist_id = :therapist and state <> 'cancelled'"
UNGUARDED = """
alter table appointment drop constraint no_double_booked_therapist;
alter table appointment drop constraint no_double_booked_room;
alter table appointment_patient drop constraint no_double_booked_patient;
create or replace function agenda_lock(begins timestamptz[], finishes timestamptz[]) returns void
language sql as 'select';
create function write_slowly() returns trigger language plpgsql as 'begin perform pg_sleep(2); return new; end';
create trigger slowly before insert on appointment for each row execute function write_slowly();
"""


def at_once(practice: Open, people: int) -> tuple[int, int, float]:
    """Let everybody try; return how many were told that they have it, how many rows there are, and the seconds."""
    therapist = practice.week.therapist
    starts_at = practice.free(therapist=therapist.therapist_id)[0].starts_at
    choice = practice.choice(starts_at, therapist.therapist_id)
    wish = Wish(
        therapist_id=therapist.therapist_id or 0,
        site_id=practice.week.site,
        service_id=practice.week.service,
        patient_ids=(practice.week.patient,),
        starts_at=starts_at,
        ends_at=practice.free(therapist=therapist.therapist_id)[0].ends_at,
        room_id=practice.week.room,
    )
    barrier = Barrier(people)

    def attempt(number: int) -> bool:
        barrier.wait()
        try:
            if number % 2:
                return visits.hold(choice) is not None
            return bool(booking.book(practice.week.front_desk, wish, key=uuid4()))
        except (NotFreeError, db.DatabaseRefusal):
            return False

    begun = time.perf_counter()
    with ThreadPoolExecutor(people) as pool:
        won = sum(pool.map(attempt, range(people)))
    took = time.perf_counter() - begun
    [(written,)] = rows(TAKEN, at=starts_at, therapist=therapist.therapist_id)
    return won, written, took


def test_exactly_one_of_32_gets_the_hour(practice: Open) -> None:
    won, written, took = at_once(practice, 32)
    assert (won, written) == (1, 1)
    assert took < 10


def test_without_locks_and_constraints_several_would_get_it(practice: Open) -> None:
    run(UNGUARDED)
    won, written, _took = at_once(practice, 8)
    assert won > 1
    assert written == won
