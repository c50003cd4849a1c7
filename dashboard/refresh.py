"""The refresh worker: keeps figures and checks fresh, in a process of its own. The only module that imports dbt."""

from __future__ import annotations

import argparse
import json
import logging
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from types import FrameType
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy import URL, text
from sqlalchemy.exc import DBAPIError

from dashboard import db, logs
from dashboard.config import ROOT, settings

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

LOCK = 7_204_115  # any fixed number: two rounds on one database run one after the other
CHANNEL = "intersession_changed"
STORED = "config.materialized:table"  # views are always live: after a write only these have to be built anew
AFTER_CHECKS = "tag:after_checks"
NO_DATABASE = "no_database"
TICK_SECONDS = 0.2
RETRY_SECONDS = 60
LONGEST_PAUSE_SECONDS = 30
GRACE_SECONDS = 8

log = logging.getLogger("dashboard.refresh")


@dataclass(frozen=True)
class RefreshReport:
    """How a round went: whether each stage succeeded (nothing when it was not reached), and how long it took."""

    figures: bool
    checks: bool | None
    seconds: float

    @property
    def is_done(self) -> bool:
        """Whether both stages succeeded."""
        return self.figures and self.checks is True


class Stop:
    """Whether this process should end: it was told to, or whoever started it is gone."""

    def __init__(self) -> None:
        self._parent = int(os.environ.get("INTERSESSION_PARENT_PID") or os.getppid())
        self._is_told = False

    def tell(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        """Ask for the end; also a signal's handler."""
        self._is_told = True

    def __bool__(self) -> bool:
        return self._is_told or os.getppid() != self._parent


class Schedule:
    """When the next round is due: every few minutes; soon after a write; never put off for ever by more writes."""

    def __init__(self, every: float, quiet: float, now: float) -> None:
        self._every = every
        self._quiet = quiet
        self._patience = 2 * quiet
        self._next_full = now
        self._first_write: float | None = None
        self._last_write = now

    def note_write(self, now: float) -> None:
        """Remember that something was written."""
        self._first_write = now if self._first_write is None else self._first_write
        self._last_write = now

    def is_full_due(self, now: float) -> bool:
        """Whether everything is due, views and tests included."""
        return now >= self._next_full

    def is_due(self, now: float) -> bool:
        """Whether a round is due: writes have paused, or have gone on for long enough."""
        if self.is_full_due(now):
            return True
        if self._first_write is None:
            return False
        return now - self._last_write >= self._quiet or now - self._first_write >= self._patience

    def begin(self) -> None:
        """Forget the writes that the round about to begin will see."""
        self._first_write = None

    def end(self, report: RefreshReport, now: float, *, full: bool) -> None:
        """Plan what comes next. While writes go on, the worker rests as long as it worked."""
        self._patience = max(2 * self._quiet, report.seconds)
        if full:
            self._next_full = now + (self._every if report.is_done else min(self._every, RETRY_SECONDS))


def build_figures(selection: str | None = None) -> bool:
    """Build the models chosen (all when none is named) and run their data tests. Return whether all succeeded.

    dbt's own logs and results repeat the database's messages, which may hold values: they are not written. The names
    of what failed are logged here. Unit tests judge code, not data: they run where the code is tested.
    """
    from dbt.cli.main import dbtRunner  # noqa: PLC0415 - takes seconds, and only the worker needs it

    chosen = ["--select", selection] if selection else []
    runner = dbtRunner(manifest=_manifest())
    outcome = runner.invoke(["build", "--exclude-resource-type", "unit_test", *chosen, *_dbt_options()])
    if not outcome.success:
        results = getattr(outcome.result, "results", ())
        failed = [result.node.name for result in results if result.status in {"error", "fail"}]
        log.error("figures not built: %s", ", ".join(failed) or type(outcome.exception).__name__)
    return bool(outcome.success)


@lru_cache(maxsize=1)
def _manifest() -> Manifest | None:
    """Return the parsed dbt project, kept warm; nothing when it cannot be parsed (the build then says so).

    dbt parses everything anew for another address, and the embedded server's port is another at each start: what it
    keeps between starts is the project at no address, and gets this one's database here.
    """
    from dbt.cli.main import dbtRunner  # noqa: PLC0415 - takes seconds, and only the worker needs it
    from dbt.contracts.graph.manifest import Manifest  # noqa: PLC0415

    _tell_dbt(URL.create("postgresql", host="nowhere", database=NO_DATABASE))
    parsed = dbtRunner().invoke(["parse", *_dbt_options()]).result
    address = db.url("transformer")
    _tell_dbt(address)
    if not isinstance(parsed, Manifest):
        return None
    for node in (*parsed.nodes.values(), *parsed.sources.values()):
        if node.database == NO_DATABASE:
            node.database = address.database or ""
            node.relation_name = node.relation_name and node.relation_name.replace(NO_DATABASE, node.database, 1)
    return parsed


def _tell_dbt(address: URL) -> None:
    """Set what the profile of the dbt project reads."""
    os.environ.update(
        DO_NOT_TRACK="1",
        INTERSESSION_DBT_HOST=address.host or "",
        INTERSESSION_DBT_PORT=str(address.port or 5432),
        INTERSESSION_DBT_USER=address.username or "",
        INTERSESSION_DBT_PASSWORD=str(address.password or ""),
        INTERSESSION_DBT_DBNAME=address.database or "",
    )


def _dbt_options() -> list[str]:
    work = settings().data_dir / "dbt"
    return [
        "--quiet",
        "--log-level=none",
        "--log-level-file=none",
        "--no-write-json",
        "--no-version-check",
        "--no-send-anonymous-usage-stats",
        "--project-dir", str(settings().dbt_dir),
        "--profiles-dir", str(settings().dbt_dir),
        "--target-path", str(work / "target"),
        "--log-path", str(work / "logs"),
        "--vars", json.dumps({"practice_schema": settings().db_schema}),
    ]  # fmt: skip


class Checks:
    """The process of the checks: made ready early, because loading Great Expectations takes longer than checking.

    Its memory goes with it after each round. It is given one address, the checks' own.
    """

    def __init__(self) -> None:
        self._child: subprocess.Popen[str] | None = None

    def prepare(self) -> None:
        """Start the process, unless it is there; it loads what it needs and waits to be told."""
        if self._child is None or self._child.poll() is not None:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "expectations", "--wait"],
                env=_environment_of_checks(),
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                text=True,
            )

    def run(self, stop: Stop) -> bool:
        """Check all files; return whether that could be done."""
        self.prepare()
        child = self._child
        if child is None or child.stdin is None:
            return False
        try:
            child.stdin.write("\n")
            child.stdin.flush()
        except BrokenPipeError:
            return False
        while child.poll() is None and not stop:
            time.sleep(TICK_SECONDS / 4)
        return child.poll() == 0

    def close(self) -> None:
        """End the process, whatever it is doing: what it had not committed is as if never done."""
        if self._child is not None:
            self._child.terminate()
            self._child.communicate()
            self._child = None


def _environment_of_checks() -> dict[str, str]:
    hidden = {"DATABASE_URL", "INTERSESSION_LOGIN_SECRET", "INTERSESSION_DBT_PASSWORD"}
    hidden |= {f"INTERSESSION_{login.upper()}_URL" for login in db.LOGINS}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    environment["DATABASE_URL"] = ""  # an address in a file .env is not read either
    environment["INTERSESSION_CHECKER_URL"] = db.url("checker").render_as_string(hide_password=False)
    return environment


def refresh_once(*, full: bool = True, stop: Stop | None = None, checks: Checks | None = None) -> RefreshReport:
    """Build the figures, run the checks, build what stands on them; alone, after whoever is at it.

    Not ``full``: only what is stored, with its tests; views are live by themselves.
    """
    stop, checks = stop or Stop(), checks or Checks()
    checks.prepare()
    try:
        with _alone(stop) as is_alone:
            begun = time.monotonic()
            figures = is_alone and _run_stage("figures", lambda: build_figures(None if full else STORED))
            checked = None
            if figures and not stop:
                checked = _run_stage("checks", lambda: checks.run(stop) and build_figures(AFTER_CHECKS))
            return RefreshReport(figures, checked, time.monotonic() - begun)
    finally:
        checks.close()


@contextmanager
def _alone(stop: Stop) -> Iterator[bool]:
    """Hold the lock of rounds; say whether we have it (not when told to stop while waiting)."""
    with psycopg.connect(_address(), autocommit=True) as connection:
        while connection.execute("select pg_try_advisory_lock(%s)", (LOCK,)).fetchone() != (True,):
            if stop:
                yield False
                return
            time.sleep(TICK_SECONDS)
        with db.transaction("checker") as session:
            session.execute(
                text("update refresh_run set state = 'failed', finished_at = now() where state = 'running'")
            )
        yield True


def _run_stage(name: str, work: Callable[[], bool]) -> bool:
    """Do one stage of a round and log it in the database: running, then done, or failed with a reference."""
    with db.transaction("checker") as session:
        run = session.scalar(text("insert into refresh_run (stage) values (:name) returning id"), {"name": name})
    is_done = work()
    reference = None if is_done else secrets.token_hex(4)
    if reference:
        log.error("stage %s failed: reference=%s", name, reference)
    with db.transaction("checker") as session:
        session.execute(
            text(
                "update refresh_run set state = :state, finished_at = clock_timestamp(),"
                " error_reference = :reference where id = :run"
            ),
            {"state": "done" if is_done else "failed", "reference": reference, "run": run},
        )
    return is_done


def _address() -> str:
    return db.url("checker").set(drivername="postgresql").render_as_string(hide_password=False)


def keep_fresh(stop: Stop) -> None:
    """Refresh at the start, every few minutes and soon after writes, until told to stop; outlive the database."""
    pause = 0.5
    while not stop:
        begun = time.monotonic()
        try:
            _watch(stop)
        except (psycopg.Error, DBAPIError, db.DatabaseRefusal, db.NoDatabaseError) as error:
            pause = 0.5 if time.monotonic() - begun > LONGEST_PAUSE_SECONDS else min(2 * pause, LONGEST_PAUSE_SECONDS)
            log.warning("no database (%s): trying again in %.0f s", type(error).__name__, pause)
            _sleep(pause, stop)


def _watch(stop: Stop) -> None:
    """Listen on one connection for as long as it lives. What was written before is covered by the first round."""
    schedule = Schedule(settings().refresh_minutes * 60, settings().refresh_debounce_seconds, time.monotonic())
    checks = Checks()
    try:
        with psycopg.connect(_address(), autocommit=True) as connection:
            connection.execute(f"listen {CHANNEL}")
            while not stop:
                if list(connection.notifies(timeout=TICK_SECONDS, stop_after=1)):
                    schedule.note_write(time.monotonic())
                    checks.prepare()
                if schedule.is_due(time.monotonic()):
                    _refresh_as_due(schedule, stop, checks)
    finally:
        checks.close()


def _refresh_as_due(schedule: Schedule, stop: Stop, checks: Checks) -> None:
    full = schedule.is_full_due(time.monotonic())
    schedule.begin()
    report = refresh_once(full=full, stop=stop, checks=checks)
    log.info("refreshed: %s in %.1f s", "all" if full else "what is stored", report.seconds)
    schedule.end(report, time.monotonic(), full=full)


def _sleep(seconds: float, stop: Stop) -> None:
    until = time.monotonic() + seconds
    while not stop and time.monotonic() < until:
        time.sleep(TICK_SECONDS)


def _end_anyway(stop: Stop) -> None:
    """End this process soon after ``stop``: a build under way does not look at it, and the database undoes its rest."""
    while not stop:
        time.sleep(TICK_SECONDS)
    time.sleep(GRACE_SECONDS)
    os._exit(1)


def main() -> int:
    """Keep figures and checks fresh until told to stop, or refresh once. Return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m dashboard.refresh", description=__doc__)
    parser.add_argument("--once", action="store_true", help="refresh once and end")
    arguments = parser.parse_args()
    logs.keep_values_out()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    stop = Stop()
    signal.signal(signal.SIGTERM, stop.tell)
    signal.signal(signal.SIGINT, stop.tell)
    threading.Thread(target=_end_anyway, args=(stop,), daemon=True).start()
    if not arguments.once:
        keep_fresh(stop)
        return 0
    try:
        return 0 if refresh_once(stop=stop).is_done else 1
    except (psycopg.Error, DBAPIError, db.DatabaseRefusal, db.NoDatabaseError) as error:
        log.error("no database (%s)", type(error).__name__)  # noqa: TRY400 - the text may hold values
        return 1


if __name__ == "__main__":
    sys.exit(main())
