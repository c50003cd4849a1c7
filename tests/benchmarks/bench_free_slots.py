"""Free hours of the public page: 30 days for 50 therapists, over a history of very many sessions.

`BENCH_SESSIONS=10000000 python -m pytest -m benchmark -s tests/benchmarks/bench_free_slots.py`

Asked as the visitors' login, through the function that the page calls, of anybody and of one therapist.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest

from dashboard import clock
from dashboard.public_booking import visits
from tests.conftest import Database

SESSIONS = int(os.environ.get("BENCH_SESSIONS", "1000000"))
THERAPISTS, SITES, ROOMS, DAYS, ROUNDS = 50, 5, 10, 30, 40
PROMISED = 0.150

PRACTICE = """
set search_path to practice;
set session_replication_role = replica;
insert into practice_profile (id, name) values (1, 'Practice');
insert into site (name) select 'S' || i from generate_series(1, %(sites)s) as i;
insert into service (name, kind, minutes, price_cents, buffer_minutes) values ('Session', 'individual', 50, 5000, 10);
insert into therapist (given_name, site_id)
select 'T' || i, 1 + i %% %(sites)s from generate_series(1, %(therapists)s) as i;
insert into room (site_id, name)
select 1 + i %% %(sites)s, 'R' || i from generate_series(1, %(sites)s * %(rooms)s) as i;
insert into working_hours (therapist_id, site_id, weekday, starts_at, ends_at, valid_from)
select t.id, t.site_id, d.day, h.begins, h.ends, '2000-01-01' from therapist as t
cross join generate_series(0, 4) as d (day)
cross join (values (time '09:00', time '14:00'), (time '15:00', time '20:00')) as h (begins, ends);
insert into online_service (service_id, modes, notice_hours) values (1, 'both', 0);
insert into online_therapist (therapist_id) select id from therapist;
update online_booking set is_on = true;
insert into appointment (therapist_id, site_id, service_id, starts_at, ends_at, state)
select s.therapist, 1 + s.therapist %% %(sites)s, 1, s.begins, s.begins + interval '50 minutes', 'attended'
from generate_series(0, %(sessions)s - 1) as i
cross join lateral (
    select 1 + i %% %(therapists)s as therapist,
        now() - make_interval(hours => 2 + (i / %(therapists)s)::integer) as begins
) as s;
insert into appointment (therapist_id, site_id, room_id, service_id, starts_at, ends_at, state)
select t.id, t.site_id, r.id, 1, d.begins, d.begins + interval '50 minutes', 'booked'
from therapist as t
join lateral (
    select r.id from room as r where r.site_id = t.site_id order by r.id offset (t.id / %(sites)s) %% %(rooms)s limit 1
) as r on true
cross join lateral (
    select day + make_interval(hours => hour) as begins
    from generate_series(date_trunc('day', now()), now() + interval '30 days', interval '1 day') as day
    cross join generate_series(8, 18) as hour
    where extract(isodow from day) < 6 and (t.id * 7 + hour * 5 + extract(day from day)::integer) %% 11 < 6
) as d;
"""


@pytest.fixture
def practice(database: Database) -> Database:
    values = {"therapists": THERAPISTS, "sites": SITES, "rooms": ROOMS, "sessions": SESSIONS}
    with psycopg.connect(database.url, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(PRACTICE, values)
        connection.execute("vacuum analyze")
    return database


def timed(question: Callable[[], int]) -> tuple[float, float, int]:
    """Return the median and the 95th percentile in seconds, and how much was found."""
    found, took = question(), []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        question()
        took.append(time.perf_counter() - begun)
    return statistics.median(took), sorted(took)[int(0.95 * ROUNDS)], found


@pytest.mark.benchmark
def test_how_long_the_free_hours_of_a_month_take(practice: Database) -> None:
    now = clock.now()
    slowest = 0.0
    for who, therapist in (("anybody", None), ("one therapist", 7)):
        for mode in ("in_person", "online"):

            def asked(therapist: int | None = therapist, mode: str = mode) -> int:
                return len(visits.free_hours(1, therapist, mode, now, now + timedelta(days=DAYS)))

            p50, p95, found = timed(asked)
            slowest = max(slowest, p95)
            print(
                f"\n{who}, {mode}: {found} hours of {THERAPISTS} therapists in {DAYS} days, {SESSIONS:,} sessions:"
                f" p50 {p50 * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms"
            )
    assert slowest <= PROMISED
