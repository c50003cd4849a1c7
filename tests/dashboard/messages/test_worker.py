"""The worker as a process: it sends by itself, with its own login alone, and ends with whoever started it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from dashboard import clock, db, messenger, schema, supervise
from dashboard.config import ROOT
from dashboard.messages import sending
from tests.conftest import Database
from tests.dashboard.billing.conftest import owner, rows
from tests.dashboard.messages.conftest import House, Mailbox, messages, run, unbuild

WORKER = [sys.executable, "-m", "dashboard.messenger"]


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until ``condition`` holds; return whether it came to."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return condition()


def environment(database: Database) -> dict[str, str]:
    """Return the environment in which ``intersession up`` starts the worker."""
    return supervise.environment("messenger") | {"INTERSESSION_DATA_DIR": database.environment["INTERSESSION_DATA_DIR"]}


def test_the_worker_is_given_its_own_login_what_opens_its_servers_and_no_other_secret(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in supervise.SECRETS_OF_THE_DASHBOARD:
        monkeypatch.setenv(name, "s" * 40)
    given = supervise.environment("messenger")
    known = [name for name in supervise.SECRETS_OF_THE_DASHBOARD if name in given]
    assert known == ["INTERSESSION_SMTP_PASSWORD", "INTERSESSION_CALENDAR_KEY"]
    assert [name for name in given if re.fullmatch(r"INTERSESSION_\w+_URL", name)] == ["INTERSESSION_MESSENGER_URL"]
    assert given["DATABASE_URL"] == ""
    assert "INTERSESSION_SMTP_PASSWORD" not in supervise.environment("transformer", "checker")


def test_the_worker_sends_what_is_due_at_its_start_and_then_each_minute_and_ends_when_told(
    house: House, mailbox: Mailbox, database: Database
) -> None:
    house.old(25)
    sending.plan_due(clock.now())
    run("update message set due_at = now() - interval '1 minute'")
    process = subprocess.Popen(WORKER, env=environment(database), cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        assert until(lambda: messages("state") == [("sent",)], 20)
        house.week.book(24 * 20)  # is confirmed at the next tick, which the queue gives
        assert until(lambda: len(mailbox.letters) == 2, 80)
        assert until(lambda: rows("select count(*) from jobs.procrastinate_jobs")[0][0] == 0, 10)
    finally:
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=40)[1]
    assert process.returncode == 0
    assert "eva" not in said.lower()


def test_the_worker_ends_when_who_started_it_is_gone(database: Database) -> None:
    code = (
        "import os, subprocess, sys; os.environ['INTERSESSION_PARENT_PID'] = str(os.getpid());"
        " print(subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL).pid, flush=True); input()"
    )
    given = environment(database)
    parent = subprocess.Popen(
        [sys.executable, "-c", code, *WORKER], env=given, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert parent.stdout
    worker = int(parent.stdout.readline())
    time.sleep(3)
    parent.kill()
    parent.communicate()

    def is_gone() -> bool:
        try:
            os.kill(worker, 0)
        except ProcessLookupError:
            return True
        with open(f"/proc/{worker}/stat") as status:  # noqa: PTH123 - nobody may wait for it here
            return status.read().rsplit(")", 1)[1].split()[0] == "Z"

    assert until(is_gone, 30)


def test_without_a_database_or_figures_the_worker_says_so_and_goes_on(
    house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    unbuild()
    assert messenger.send_once() is False
    assert "no round: not_built" in caplog.text
    monkeypatch.setenv("INTERSESSION_MESSENGER_URL", "postgresql://messenger:x@127.0.0.1:1/none")
    db.forget_engines()
    assert messenger.send_once() is False


def test_the_queue_is_made_anew_for_another_version_of_it_and_left_alone_otherwise(database: Database) -> None:
    with owner() as connection:
        connection.exec_driver_sql("set local search_path = jobs")  # as its worker's is: its triggers need it
        connection.exec_driver_sql(
            "insert into procrastinate_jobs (task_name, queue_name, args) values ('tick', 'default', '{}')"
        )
    assert schema.upgrade() is False
    assert rows("select count(*) from jobs.procrastinate_jobs")[0][0] == 1
    with db.admin_engine().begin() as connection:
        connection.exec_driver_sql("comment on schema jobs is 'procrastinate 3.0.0'")
    schema.upgrade()
    assert rows("select count(*) from jobs.procrastinate_jobs")[0][0] == 0
