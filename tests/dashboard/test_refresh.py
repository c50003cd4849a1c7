"""The refresh worker: when it works, that it works alone, and that it outlives what can be outlived."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import psycopg
import pytest

from dashboard.config import ROOT
from dashboard.refresh import RefreshReport, Schedule

DONE = RefreshReport(figures=True, checks=True, seconds=1.0)
WORKER = [sys.executable, "-m", "dashboard.refresh"]


def schedule_after_a_full_round():
    schedule = Schedule(every=900, quiet=2, now=0)
    schedule.begin()
    schedule.end(DONE, 10, full=True)
    return schedule


def test_a_full_round_is_due_at_the_start_and_every_few_minutes():
    assert Schedule(every=900, quiet=2, now=0).is_full_due(0)
    schedule = schedule_after_a_full_round()
    assert not schedule.is_due(909)
    assert schedule.is_full_due(910)


def test_a_round_is_due_once_writes_have_paused():
    schedule = schedule_after_a_full_round()
    schedule.note_write(20)
    assert not schedule.is_due(21.9)
    assert schedule.is_due(22)
    assert not schedule.is_full_due(22)


def test_writes_that_never_pause_do_not_put_a_round_off_for_ever():
    schedule = schedule_after_a_full_round()
    for tenth in range(200, 240):
        schedule.note_write(tenth / 10)
    assert schedule.is_due(24)


def test_while_writes_go_on_the_worker_rests_as_long_as_it_worked():
    schedule = schedule_after_a_full_round()
    schedule.end(RefreshReport(figures=True, checks=True, seconds=30.0), 20, full=False)
    for second in range(21, 51):
        schedule.note_write(second)
        assert not schedule.is_due(second)
    assert schedule.is_due(51)


def test_writes_during_a_round_make_another_one_due():
    schedule = schedule_after_a_full_round()
    schedule.note_write(20)
    schedule.begin()
    schedule.note_write(23)
    schedule.end(DONE, 24, full=False)
    assert schedule.is_due(25)


def test_after_a_failure_the_worker_tries_again_within_a_minute():
    schedule = Schedule(every=900, quiet=2, now=0)
    schedule.end(RefreshReport(figures=False, checks=None, seconds=1.0), 10, full=True)
    assert schedule.is_full_due(70)


@pytest.fixture
def practice(figures_database):
    """Return a connection to this test's practice."""
    with psycopg.connect(figures_database.url, autocommit=True) as connection:
        connection.execute("set search_path to practice")
        yield connection


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return where the workers of these tests keep what dbt parsed."""
    return tmp_path_factory.mktemp("worker")


def environment(database, folder):
    """Return the environment of a worker that keeps its files in ``folder``."""
    return {**database.environment, "INTERSESSION_DATA_DIR": str(folder), "INTERSESSION_PARENT_PID": str(os.getpid())}


def once(database, folder):
    return subprocess.run(
        [*WORKER, "--once"], env=environment(database, folder), cwd=ROOT, capture_output=True, text=True, check=False
    )


@contextmanager
def worker(database, folder):
    """Run a worker; it must end by itself when told."""
    process = subprocess.Popen(WORKER, env=environment(database, folder), cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=40)
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate()


def rounds(practice, stage="checks", since="-infinity"):
    """Return how many rounds began and were done since a moment."""
    counted = "select count(*) from refresh_run where stage = %s and state = 'done' and started_at > %s"
    return practice.execute(counted, [stage, since]).fetchone()[0]


def wait_for(condition, seconds=90):
    """Return how long it took until ``condition`` held."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, "waited too long"
        time.sleep(0.1)
    return time.monotonic() - begun


def now(practice):
    return practice.execute("select clock_timestamp()").fetchone()[0]


def test_a_write_is_seen_soon_and_lost_connections_are_outlived(practice, figures_database, folder):
    practice.execute("truncate refresh_run")
    with worker(figures_database, folder) as process:
        wait_for(lambda: rounds(practice))
        before = now(practice)
        ((patient,),) = practice.execute(
            "update patient set telephone = null, status = 'active'"
            " where id = (select min(id) from patient) returning id"
        ).fetchall()
        figures = wait_for(lambda: rounds(practice, "figures", before), 30)
        checks = wait_for(lambda: rounds(practice, "checks", before), 30)
        print(f"figures {figures:.1f} s, checks {figures + checks:.1f} s after the write")
        found = "select rule_code from finding where patient_id = %s and closed_at is null"
        assert ("telephone_present",) in practice.execute(found, [patient]).fetchall()
        quiet = now(practice)
        time.sleep(4)
        assert rounds(practice, "figures", quiet) == 0, "its own writes must not wake it"
        practice.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
        quiet = now(practice)
        wait_for(lambda: rounds(practice, "checks", quiet))
        assert process.poll() is None


def test_the_worker_ends_when_whoever_started_it_is_gone(figures_database, folder):
    starter = (
        "import os, subprocess, sys, time\n"
        "known = {**os.environ, 'INTERSESSION_PARENT_PID': str(os.getpid())}\n"
        f"print(subprocess.Popen({WORKER!r}, env=known, stderr=subprocess.DEVNULL).pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    known = environment(figures_database, folder)
    with subprocess.Popen(
        [sys.executable, "-c", starter], env=known, cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        number = int(parent.stdout.readline())
        time.sleep(3)
        parent.kill()
    wait_for(lambda: not is_running(number), 40)


def is_running(number):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{number}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"


def test_two_refreshes_at_once_run_one_after_the_other_and_close_what_was_killed(practice, figures_database, folder):
    practice.execute("truncate refresh_run")
    practice.execute("insert into refresh_run (stage, started_at) values ('figures', '2026-01-01')")
    started = [
        subprocess.Popen([*WORKER, "--once"], env=environment(figures_database, folder), cwd=ROOT) for _ in range(2)
    ]
    assert [process.wait(180) for process in started] == [0, 0]
    killed, *spans = practice.execute("select stage, started_at, finished_at from refresh_run order by 2").fetchall()
    assert killed[2] is not None
    assert [stage for stage, _, _ in spans] == ["figures", "checks"] * 2
    assert all(earlier[2] <= later[1] for earlier, later in pairwise(spans))


def test_figures_that_cannot_be_built_are_a_failed_stage_with_a_reference(practice, figures_database, folder):
    practice.execute("truncate refresh_run")
    practice.execute("revoke usage on schema practice from transformer")
    done = once(figures_database, folder)
    ((stage, state, reference),) = practice.execute("select stage, state, error_reference from refresh_run").fetchall()
    assert (done.returncode, stage, state) == (1, "figures", "failed")
    assert reference in done.stderr


def test_checks_that_cannot_run_are_a_failed_stage_and_figures_stay(practice, figures_database, folder):
    practice.execute("truncate refresh_run")
    practice.execute("revoke insert on finding from checker")
    practice.execute("update patient set telephone = null")
    done = once(figures_database, folder)
    states = practice.execute("select stage, state from refresh_run order by id").fetchall()
    assert done.returncode == 1
    assert states == [("figures", "done"), ("checks", "failed")]
