"""The command, in processes of its own: exit codes, sentences, one JSON object, and what `up` starts and stops."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from dashboard import postgres
from dashboard.access import chain
from dashboard.config import ROOT
from tests.conftest import free_port

PRACTICE = Path(__file__).parent / "imports" / "samples" / "practice"
COMMAND = [sys.executable, "-m", "dashboard"]


def run(environment: dict[str, str], *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)


def children(pid: int) -> list[int]:
    """Return the processes that ``pid`` has started."""
    with contextlib.suppress(FileNotFoundError):
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def environments(pid: int) -> dict[str, dict[str, str]]:
    """Return what each program that ``pid`` has started knows, by its module; one that only just starts has none."""
    found = {}
    for child in children(pid):
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{child}/cmdline").read_text().split("\0")
            pairs = Path(f"/proc/{child}/environ").read_bytes().decode().split("\0")
            if len(words) > 2:
                found[words[2]] = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    return found


def is_alive(pid: int) -> bool:
    """Return whether a process runs (a zombie does not)."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def is_running_module(pid: int, name: str) -> bool:
    """Return whether a process is one of the dashboard's programs."""
    with contextlib.suppress(OSError):
        return name.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for ``condition``; return whether it came true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return condition()


@dataclass
class Up:
    """A running `intersession up`: its process, port and what it has said until it was ready."""

    process: subprocess.Popen[str]
    port: int
    said: str

    def get(self, path: str) -> tuple[int, bytes]:
        """Return status and body of one of its addresses."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return answer.status, answer.read()


@contextlib.contextmanager
def up(home: Path, *arguments: str, seconds: float = 240) -> Iterator[Up]:
    """Start everything on the embedded server below ``home`` and wait for the address to be told."""
    port, environment = free_port(), {**embedded(home), "INTERSESSION_BOOKING_PORT": str(free_port())}
    process = subprocess.Popen(
        [*COMMAND, "up", "--port", str(port), *arguments],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        bufsize=1,
    )
    try:
        yield Up(process, port, _listen(process, seconds))
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(60)
        process.stdout.close()


def _listen(process: subprocess.Popen[str], seconds: float) -> str:
    said, deadline = "", time.monotonic() + seconds
    while "ready at" not in said and time.monotonic() < deadline:
        if select.select([process.stdout], [], [], 1)[0]:
            line = process.stdout.readline()
            if not line:
                break
            said += line
    assert "ready at" in said, f"not ready, exit code {process.poll()}: {said}"
    return said


def embedded(home: Path) -> dict[str, str]:
    """Return an environment that uses the embedded server below ``home``."""
    unwanted = {"DATABASE_URL", "INTERSESSION_LOGIN_SECRET"}
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    return {**kept, "INTERSESSION_DATA_DIR": str(home), "PYTHONUNBUFFERED": "1"}


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """Return a data folder whose database has the schema and no rows."""
    folder = Path(tempfile.mkdtemp(prefix="intersession-up-"))
    folder.chmod(0o755)
    done = run(embedded(folder), "migrate")
    assert done.returncode == 0, done.stderr
    yield folder
    postgres.stop(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def running(home: Path) -> Iterator[Up]:
    """Return everything started on ``home``, for the tests that leave it running."""
    with up(home, "--empty") as started:
        yield started


def test_status_is_one_json_object(figures_database) -> None:
    done = run(figures_database.environment, "status", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    state = json.loads(done.stdout)
    assert set(state) == {"rows", "revision", "figures_as_of", "checks_as_of", "open_findings"}
    assert state["rows"]["patient"] > 0
    assert state["revision"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]{8}\+00:00", state["figures_as_of"])
    assert state["open_findings"] > 0


def test_status_without_a_schema_tells_that_there_is_none(blank_database) -> None:
    done = run(blank_database.environment, "status", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout) == {
        "rows": {},
        "revision": None,
        "figures_as_of": None,
        "checks_as_of": None,
        "open_findings": 0,
    }


def test_an_import_is_told_in_one_json_object_and_the_second_changes_nothing(database) -> None:
    trial = run(database.environment, "import", PRACTICE, "--dry-run", "--json")
    first = run(database.environment, "import", PRACTICE, "--json")
    second = run(database.environment, "import", PRACTICE, "--json")
    assert [done.returncode for done in (trial, first, second)] == [0, 0, 0]
    assert json.loads(trial.stdout)["is_dry_run"] is True
    assert json.loads(first.stdout)["loaded"] > 0
    assert json.loads(second.stdout)["loaded"] == 0


def test_a_refused_file_ends_with_1_and_a_code(database, tmp_path) -> None:
    (tmp_path / "odd.csv").write_text("a,b\n1,2\n")
    done = run(database.environment, "import", tmp_path / "odd.csv", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["state"] == "refused"


def test_a_broken_mapping_ends_with_1_and_a_sentence(database, tmp_path) -> None:
    (tmp_path / "mine.yaml").write_text("files: nothing of the kind\n")
    done = run(database.environment, "import", PRACTICE, "--mapping", tmp_path / "mine.yaml")
    assert done.returncode == 1
    assert "mine.yaml" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [["fly"], ["import", "/no/such/file"], ["demo", "--sessions", "12"], ["up", "--port", "70000"]]
)
def test_wrong_use_ends_with_2(database, arguments) -> None:
    done = run(database.environment, *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["status"], ["migrate"], ["refresh"], ["import", PRACTICE], ["database-url"]])
def test_a_database_that_cannot_be_reached_is_told_in_a_sentence_without_its_password(database, arguments) -> None:
    nowhere = f"postgresql://postgres:hush-hush@127.0.0.1:{free_port()}/nothing"
    done = run({**database.environment, "DATABASE_URL": nowhere}, *arguments)
    assert done.returncode == (0 if arguments == ["database-url"] else 1)
    assert "Traceback" not in done.stderr
    assert "hush-hush" not in done.stderr


def test_the_administrative_address_is_one_line_that_psql_takes(database) -> None:
    done = run(database.environment, "database-url")
    assert done.returncode == 0
    with psycopg.connect(done.stdout.strip()) as connection:
        assert connection.execute("select current_database()").fetchone() == (database.name,)


def test_the_synthetic_practice_is_refused_over_real_people(database) -> None:
    with psycopg.connect(database.url, options="-c search_path=practice") as connection:
        connection.execute("insert into practice_profile (id, name) values (1, 'Real')")
        connection.execute("insert into patient (given_name) values ('Real')")
    done = run(database.environment, "demo", "--sessions", "2000")
    assert done.returncode == 1
    assert "real practice" in done.stderr
    with psycopg.connect(database.url, options="-c search_path=practice") as connection:
        assert connection.execute("select count(*) from patient").fetchone() == (1,)


def test_up_loads_the_synthetic_practice_tells_its_address_and_stops_whole_on_a_signal() -> None:
    folder = Path(tempfile.mkdtemp(prefix="intersession-up-"))
    folder.chmod(0o755)
    try:
        with up(folder, "--demo") as started:
            assert f"http://localhost:{started.port}" in started.said
            assert started.get("/_stcore/health")[0] == 200
            status, body = started.get("/health")
            state = json.loads(body)
            assert (status, state["database"], state["migrations"]) == (200, "ok", "ok")
            assert state["figures_as_of"]
            assert until((folder / chain.ANCHOR_FILE).exists, 15)
            running = children(started.process.pid)
            server = postgres.status(folder)
            started.process.send_signal(signal.SIGTERM)
            assert started.process.wait(30) == 0
        assert not [pid for pid in (*running, server.pid) if is_alive(pid)]
    finally:
        postgres.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


def test_a_port_in_use_is_told_before_anything_is_started(home) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run(embedded(home), "up", "--port", port, "--empty")
    assert done.returncode == 1
    assert f"Port {port} of 127.0.0.1 is in use" in done.stderr
    assert postgres.status(home) is None


def test_when_up_is_killed_all_it_started_ends_and_the_next_start_works(home) -> None:
    with up(home, "--empty") as started:
        begun = children(started.process.pid)
        server = postgres.status(home)
        assert len(begun) >= 2
        started.process.kill()
        started.process.wait()
        left = [*begun, server.pid]
        assert until(lambda: not any(map(is_alive, left)), 15), [pid for pid in left if is_alive(pid)]
    with up(home, "--empty") as again:
        assert again.get("/_stcore/health")[0] == 200


def test_the_application_knows_its_own_login_and_no_other(home, running) -> None:
    names = [f"dashboard.{name}" for name in ("server", "refresh", "messenger", "public_server")]
    assert until(lambda: environments(running.process.pid).keys() >= set(names), 15)
    app, worker, messenger, public = (environments(running.process.pid)[name] for name in names)
    password = postgres.status(home).url.split("postgres:")[1].split("@")[0]
    every = ("APP_RT", "TRANSFORMER", "CHECKER", "MESSENGER", "VISITOR")
    for environment, logins in (
        (app, {"APP_RT"}),
        (worker, {"TRANSFORMER", "CHECKER"}),
        (messenger, {"MESSENGER"}),
        (public, {"VISITOR"}),
    ):
        known = {name for name in every if f"INTERSESSION_{name}_URL" in environment}
        assert known == logins
        assert password not in str(environment)
        assert "INTERSESSION_LOGIN_SECRET" not in environment
        assert environment["DATABASE_URL"] == ""


def test_a_worker_that_ends_is_started_again(running) -> None:
    def workers() -> set[int]:
        begun = children(running.process.pid)
        return {pid for pid in begun if is_alive(pid) and is_running_module(pid, "dashboard.refresh")}

    (worker,) = workers()
    os.kill(worker, signal.SIGKILL)
    assert until(lambda: len(workers() - {worker}) == 1, 15)
    assert running.get("/_stcore/health")[0] == 200


def test_two_dashboards_on_one_data_folder_share_its_server_and_the_last_one_stops_it(home, running) -> None:
    with up(home, "--empty") as second:
        assert running.get("/health")[0] == second.get("/health")[0] == 200
        server = postgres.status(home)
    assert second.process.returncode == 0
    assert is_alive(server.pid)
    assert running.get("/health")[0] == 200
    running.process.terminate()
    assert running.process.wait(60) == 0
    assert until(lambda: not is_alive(server.pid), 10)
