"""Booking under load: 32 writers on ten therapists and eight rooms, beside what others do instead.

`python -m pytest -m benchmark -s tests/benchmarks/bench_booking.py`

The variants, in one run: with the locks of days; with the exclusion constraints alone; with a look before writing and
nothing else, which is what double-books; and, for the measure of the machine, transactions of the same person in which
nothing is asked. Each writer is a process' thread with a connection of its own.
"""

from __future__ import annotations

import multiprocessing
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from dashboard.access.actor import Actor, transaction
from dashboard.agenda import booking
from dashboard.agenda.free_hours import NotFreeError, Wish
from dashboard.db import DatabaseRefusal
from tests.acting import newcomer
from tests.conftest import Database

WRITERS, EACH = 32, 400
FEWER = 60
"""Of the variants: constraints alone let writers wait for each other, a second a time."""
PROCESSES = 2
THERAPISTS, ROOMS, PATIENTS, DAYS = 10, 8, 2_000, 20
PROMISED_A_SECOND, PROMISED_SLOWEST = 500, 1.0

PRACTICE = """
set search_path to practice;
insert into practice_profile (id, name) values (1, 'Practice');
insert into site (name) values ('Centre');
insert into service (name, kind, minutes, price_cents) values ('Session', 'individual', 60, 5000);
insert into therapist (given_name, site_id) select 'T' || i, 1 from generate_series(1, 10) as i;
insert into room (site_id, name) select 1, 'R' || i from generate_series(1, 8) as i;
insert into patient (given_name) select 'P' || i from generate_series(1, 2000) as i;
analyze
"""
OVERLAPS = """
select count(*) from {table} as a
join {table} as b on a.{whom} = b.{whom} and a.{key} < b.{key} and a.during && b.during
where a.state = 'booked' and b.state = 'booked'
"""
LOOK = """
select from appointment
where state = 'booked' and (therapist_id = %s or room_id = %s) and starts_at < %s and ends_at > %s
"""
WRITE = """
insert into appointment (therapist_id, site_id, room_id, service_id, starts_at, ends_at)
values (%s, 1, %s, 1, %s, %s) returning id
"""
ATTEND = "insert into appointment_patient (appointment_id, patient_id, therapist_id) values (%s, %s, %s)"


@dataclass
class Tally:
    """What the writers were answered, and how long each answer took."""

    answers: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)


def drawn(number: int) -> tuple[Wish, UUID]:
    """Return one of the wishes, the same in every variant."""
    chance = random.Random(number)
    monday = datetime(2027, 3, 1, tzinfo=UTC)
    begins = monday + timedelta(days=chance.randrange(DAYS), minutes=30 * chance.randrange(16, 40))
    wish = Wish(
        therapist_id=1 + chance.randrange(THERAPISTS),
        site_id=1,
        service_id=1,
        patient_ids=(1 + chance.randrange(PATIENTS),),
        starts_at=begins,
        ends_at=begins + timedelta(hours=1),
        room_id=1 + chance.randrange(ROOMS),
    )
    return wish, UUID(int=chance.getrandbits(128), version=4)


def by_command(actor: Actor, number: int) -> str:
    """Book as the dashboard does."""
    wish, key = drawn(number)
    try:
        booking.book(actor, wish, key=key)
    except NotFreeError:
        return "busy"
    except DatabaseRefusal as error:
        return error.code
    return "booked"


def by_nothing(actor: Actor, _number: int) -> str:
    """Open the transaction of a booking and ask nothing in it."""
    with transaction(actor, "front_desk"):
        return "nothing"


def directly(url: str, number: int, *, looks: bool) -> str:
    """Book with statements of one's own, past the locks; ``looks`` asks first whether the hour is free."""
    wish, _key = drawn(number)
    who, where, when = wish.therapist_id, wish.room_id, (wish.starts_at, wish.ends_at)
    try:
        with psycopg.connect(url, options="-c search_path=practice") as connection:
            if looks and connection.execute(LOOK, (who, where, *reversed(when))).fetchone() is not None:
                return "busy"
            made = connection.execute(WRITE, (who, where, *when)).fetchone()
            connection.execute(ATTEND, ((made or (0,))[0], wish.patient_ids[0], who))
    except psycopg.errors.ExclusionViolation:
        return "busy"
    except psycopg.errors.DeadlockDetected:
        return "deadlock"
    return "booked"


def write(book: Callable[[int], str], first: int, writers: int, each: int = EACH) -> Tally:
    """Let ``writers`` threads book their share and return what they were answered."""

    def work(writer: int) -> Tally:
        own = Tally()
        for turn in range(each):
            begun = time.perf_counter()
            own.answers[book((first + writer) * each + turn)] += 1
            own.seconds.append(time.perf_counter() - begun)
        return own

    whole = Tally()
    with ThreadPoolExecutor(writers) as pool:
        for part in pool.map(work, range(writers)):
            whole.answers += part.answers
            whole.seconds += part.seconds
    return whole


def commands_in_process(
    command: Callable[[Actor, int], str], actor: Actor, first: int, ready: Any, answers: multiprocessing.Queue[Tally]
) -> None:
    """Be one process of the dashboard, and begin when the others do."""
    ready.wait()
    answers.put(write(lambda number: command(actor, number), first, WRITERS // PROCESSES))


def in_processes(command: Callable[[Actor, int], str], actor: Actor) -> tuple[Tally, float]:
    """Give a command of the dashboard to two processes."""
    context = multiprocessing.get_context("spawn")
    answers: multiprocessing.Queue[Tally] = context.Queue()
    ready = context.Barrier(PROCESSES + 1)
    each = WRITERS // PROCESSES
    started = [
        context.Process(target=commands_in_process, args=(command, actor, turn * each, ready, answers))
        for turn in range(PROCESSES)
    ]
    for process in started:
        process.start()
    ready.wait()
    begun = time.perf_counter()
    whole = Tally()
    for _ in started:
        part = answers.get()
        whole.answers += part.answers
        whole.seconds += part.seconds
    took = time.perf_counter() - begun
    for process in started:
        process.join()
    return whole, took


def overlaps(url: str) -> dict[str, int]:
    """Return how many pairs share a therapist, a room or a patient at one time."""
    asked = {
        "therapist": ("appointment", "therapist_id", "id"),
        "room": ("appointment", "room_id", "id"),
        "patient": ("appointment_patient", "patient_id", "appointment_id"),
    }
    found = {}
    with psycopg.connect(url, options="-c search_path=practice") as connection:
        for name, (table, whom, key) in asked.items():
            row = connection.execute(OVERLAPS.format(table=table, whom=whom, key=key)).fetchone()
            found[name] = (row or (0,))[0]
    return found


def emptied(url: str, *, constrained: bool) -> None:
    """Take every appointment away, and the constraints too unless ``constrained``."""
    with psycopg.connect(url, autocommit=True, options="-c search_path=practice") as connection:
        connection.execute("truncate appointment, appointment_patient cascade")
        if not constrained:
            connection.execute(
                "alter table appointment drop constraint no_double_booked_therapist,"
                " drop constraint no_double_booked_room"
            )
            connection.execute("alter table appointment_patient drop constraint no_double_booked_patient")


def report(name: str, tally: Tally, took: float, found: dict[str, int]) -> float:
    """Print a variant's figures and return how many bookings it answered a second."""
    rate = sum(tally.answers.values()) / took
    ordered = sorted(tally.seconds)
    print(
        f"\n{name}: {rate:,.0f}/s, p50 {statistics.median(ordered) * 1000:.0f} ms,"
        f" p99 {ordered[int(len(ordered) * 0.99)] * 1000:.0f} ms, slowest {ordered[-1]:.2f} s,"
        f" {dict(tally.answers)}, overlaps {found}"
    )
    return rate


@pytest.mark.benchmark
def test_32_writers_book_without_an_overlap(database: Database) -> None:
    with psycopg.connect(database.url, autocommit=True) as connection:
        for statement in PRACTICE.split(";\n"):
            connection.execute(statement)
    actor = newcomer("front_desk")
    report("a transaction in which nothing is asked", *in_processes(by_nothing, actor), {})
    tally, took = in_processes(by_command, actor)
    rate = report("locks, rules and constraints (the command)", tally, took, overlaps(database.url))
    assert sum(tally.answers.values()) == WRITERS * EACH
    assert set(tally.answers) == {"booked", "busy"}
    assert overlaps(database.url) == {"therapist": 0, "room": 0, "patient": 0}
    with psycopg.connect(database.url, options="-c search_path=practice") as connection:
        assert connection.execute("select count(*) from appointment").fetchone() == (tally.answers["booked"],)
    for name, constrained in (("constraints alone", True), ("a look, no constraint", False)):
        emptied(database.url, constrained=constrained)
        begun = time.perf_counter()
        other = write(
            lambda number, looks=not constrained: directly(database.url, number, looks=looks), 0, WRITERS, FEWER
        )
        report(name, other, time.perf_counter() - begun, overlaps(database.url))
    assert sum(overlaps(database.url).values()) > 0
    assert rate >= PROMISED_A_SECOND
    assert max(tally.seconds) <= PROMISED_SLOWEST
