"""The week of one therapist, as the agenda asks for it: `DATABASE_URL=… python -m tests.benchmarks.bench_week [weeks]`.

Each question takes another therapist and another week of the year behind and of the weeks ahead, as the therapist
themselves and as the front desk; the control asks the same without naming a therapist, and so without their index.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from datetime import timedelta

from sqlalchemy import text

from dashboard import clock, db
from dashboard.access import sessions
from dashboard.access.actor import Actor
from dashboard.agenda import queries

WEEKS, CONTROLS = 200, 10
PROMISED_MS = 20
BEHIND, AHEAD = 52, 4
PEOPLE = """
select u.id from app_user as u where u.role = 'therapist' and u.is_active and u.therapist_id is not null
order by md5(u.id::text) limit 20
"""
DESK = "select id from app_user where role = 'front_desk' and is_active order by id limit 1"


def acting(statement: str) -> list[Actor]:
    """Open a session for everybody whom ``statement`` finds."""
    with db.administration(read_only=True) as session:
        found = session.scalars(text(statement)).all()
    opened = [sessions.open_chosen(somebody) for somebody in found]
    return [actor for actor in opened if actor is not None]


def seconds(actor: Actor, therapist_id: int | None, weeks: int) -> float:
    """Return how long the question for one week takes, ``weeks`` from this one."""
    since = clock.now().replace(hour=0, minute=0) + timedelta(weeks=weeks)
    begun = time.perf_counter()
    queries.appointments_between(actor, since, since + timedelta(weeks=1), therapist_id=therapist_id)
    return time.perf_counter() - begun


def told(title: str, measured: list[float]) -> float:
    """Print the middle and the 95th of a hundred; return the latter in milliseconds."""
    p95 = statistics.quantiles(measured, n=20)[-1] * 1000
    print(f"{title:<44} median {statistics.median(measured) * 1000:7.1f} ms   p95 {p95:7.1f} ms", flush=True)
    return p95


def main() -> None:
    """Measure as a therapist and as the front desk, and the whole team's week beside it."""
    weeks = int(sys.argv[1]) if len(sys.argv) > 1 else WEEKS
    therapists, [desk] = acting(PEOPLE), acting(DESK)
    drawn = random.Random(7)
    asked = [(drawn.choice(therapists), drawn.randint(-BEHIND, AHEAD)) for _ in range(weeks)]
    for one in (*therapists, desk):  # whose first question opens a connection
        seconds(one, therapists[0].therapist_id, 0)
    own = told("A therapist's own week", [seconds(one, one.therapist_id, week) for one, week in asked])
    office = told("The same for the front desk", [seconds(desk, one.therapist_id, week) for one, week in asked])
    team = told("The whole team's week, for comparison", [seconds(desk, None, week) for _, week in asked[:CONTROLS]])
    print(f"whole team beside one therapist {team / office:.1f}; promised p95 {PROMISED_MS} ms")
    sys.exit(max(own, office) > PROMISED_MS)


if __name__ == "__main__":
    main()
