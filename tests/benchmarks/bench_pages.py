"""How long each screen's run takes for each role: `DATABASE_URL=… python -m tests.benchmarks.bench_pages [runs]`.

A run is what a click costs on the server: the whole script with its queries, caches warm. Beside it stands the time
that its statements alone took in the database; the ratio says what the screen adds to its SQL.
"""

from __future__ import annotations

import logging
import statistics
import sys
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, event, text
from streamlit.testing.v1 import AppTest

from dashboard import db
from dashboard.access import sessions
from dashboard.config import ROOT
from dashboard.ui.navigation import SCREENS
from dashboard.ui.session import STATE_KEY

ROLES = ("manager", "therapist", "front_desk", "auditor")
RUNS, WARM_UPS = 30, 2
LONGEST_SECONDS = 120


@dataclass
class InDatabase:
    """Counts the statements of this process and the seconds they take."""

    statements: int = 0
    seconds: float = 0.0
    _begun: float = 0.0

    def listen(self) -> None:
        """Begin to count."""
        event.listen(Engine, "before_cursor_execute", self._before)
        event.listen(Engine, "after_cursor_execute", self._after)

    def reset(self) -> None:
        """Count from nothing."""
        self.statements, self.seconds = 0, 0.0

    def _before(self, *_told: Any) -> None:
        self._begun = time.perf_counter()

    def _after(self, *_told: Any) -> None:
        self.statements += 1
        self.seconds += time.perf_counter() - self._begun


def signed_in(role: str) -> str:
    """Open a session as somebody of ``role``, of the therapists the one with most files; return its token."""
    statement = text(
        "select u.id from app_user as u left join patient as p on p.main_therapist_id = u.therapist_id"
        " where u.role = :role and u.is_active group by u.id order by count(p.id) desc, u.id limit 1"
    )
    with db.administration(read_only=True) as session:
        somebody = session.execute(statement, {"role": role}).scalar_one()
    actor = sessions.open_chosen(somebody)
    assert actor is not None
    return actor.token


def measure(app: AppTest, slug: str, runs: int, counted: InDatabase) -> dict[str, Any]:
    """Run one screen many times; return its percentiles in milliseconds."""
    app.switch_page(f"../pages/{slug}.py")
    for _ in range(WARM_UPS):
        app.run()
    assert not app.exception, app.exception
    whole, in_database = [], []
    for _ in range(runs):
        counted.reset()
        begun = time.perf_counter()
        app.run()
        whole.append(time.perf_counter() - begun)
        in_database.append(counted.seconds)
    sql = statistics.median(in_database)
    return {
        "p50": statistics.median(whole) * 1000,
        "p95": sorted(whole)[int(0.95 * (len(whole) - 1))] * 1000,
        "sql": sql * 1000,
        "statements": counted.statements,
        "ratio": statistics.median(whole) / sql if sql else 0.0,
    }


def run(runs: int = RUNS) -> list[dict[str, Any]]:
    """Measure every screen for every role that has it."""
    logging.disable(logging.WARNING)  # Streamlit warns outside its server
    counted = InDatabase()
    counted.listen()
    found = []
    for role in ROLES:
        app = AppTest.from_file(str(ROOT / "dashboard" / "app.py"), default_timeout=LONGEST_SECONDS)
        app.session_state[STATE_KEY] = signed_in(role)
        app.run()
        for screen in SCREENS:
            if role in screen.roles:
                found.append({"role": role, "screen": screen.slug, **measure(app, screen.slug, runs, counted)})
                print_row(found[-1])
    return found


def print_row(row: dict[str, Any]) -> None:
    """Print one line of the table."""
    print(
        f"{row['role']:12}{row['screen']:18}{row['p50']:8.0f} ms{row['p95']:8.0f} ms{row['sql']:8.0f} ms"
        f"{row['statements']:5}{row['ratio']:8.1f}",
        flush=True,
    )


def main() -> None:
    """Measure and print."""
    print(f"{'role':12}{'screen':18}{'p50':>11}{'p95':>11}{'SQL alone':>11}{'n':>5}{'ratio':>8}")
    run(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS)


if __name__ == "__main__":
    main()
