"""Killing the importer or the database server at any moment loses nothing: the next try ends like a clean run."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from dashboard import postgres
from dashboard.config import ROOT
from tests.dashboard.imports.conftest import NATURAL, SAMPLES

KILLS, ATTEMPTS = 10, 30
ENCOUNTERS = 4000


@pytest.fixture
def home() -> Iterator[Path]:
    """Return a data folder with an embedded server of its own, in use for the whole test."""
    folder = Path(tempfile.mkdtemp(prefix="intersession-faults-"))
    folder.chmod(0o755)
    with postgres.running(folder):
        yield folder
    postgres.stop(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Return an export whose import takes long enough to be interrupted in its middle."""
    folder = Path(shutil.copytree(SAMPLES / "practice", tmp_path / "export"))
    with (folder / "encounters.csv").open("a", encoding="utf-8") as file:
        for number in range(ENCOUNTERS):
            day, hour, year = 1 + number % 28, number % 24, 2000 + number % 20
            file.write(f"e{number},{year}-01-{day:02}T{hour:02}:00:00Z,,pat-1,org-1,ther-1,ambulatory,80.00\n")
    return folder


def environment(home: Path, database_url: str = "") -> dict[str, str]:
    """Return an environment that works on the embedded server, on its own database or on another."""
    secret = (postgres.status(home) or pytest.fail("no server")).secret
    return {
        **os.environ,
        "INTERSESSION_DATA_DIR": str(home),
        "DATABASE_URL": database_url,
        "INTERSESSION_LOGIN_SECRET": secret,
    }


def importing(export: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start an import in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "dashboard", "import", str(export), "--json"],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def content(url: str) -> dict[str, str]:
    """Return a hash of each part of what the practice holds, without the database's own ids."""
    with psycopg.connect(url, options="-c search_path=practice") as connection:
        return {
            name: hashlib.sha256(
                "\n".join(sorted(map(repr, connection.execute(question).fetchall()))).encode()
            ).hexdigest()
            for name, question in NATURAL.items()
        }


def ready_url(home: Path) -> str:
    """Return the address of the server, which is brought up again when it was killed."""
    return postgres.start(home).url


def clean_run(home: Path, export: Path) -> tuple[dict[str, str], float]:
    """Import into a database that nobody disturbs; return its content and how long that took."""
    url = ready_url(home)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("create database undisturbed")
    other = url.rsplit("/", 1)[0] + "/undisturbed"
    subprocess.run([sys.executable, "-m", "dashboard", "migrate"], env=environment(home, other), cwd=ROOT, check=True)
    begun = time.monotonic()
    assert importing(export, environment(home, other)).wait(120) == 0
    return content(other), time.monotonic() - begun


def start_afresh(home: Path) -> None:
    """Empty the database: an import that was complete before it could be killed leaves nothing to interrupt."""
    with psycopg.connect(ready_url(home), autocommit=True) as connection:
        connection.execute("drop schema if exists practice, staging, intermediate, marts cascade")
    subprocess.run([sys.executable, "-m", "dashboard", "migrate"], env=environment(home), cwd=ROOT, check=True)


def test_ten_kills_of_the_importer_and_of_the_server_end_like_a_run_that_was_never_disturbed(
    home: Path, export: Path
) -> None:
    expected, seconds = clean_run(home, export)
    start_afresh(home)
    empty = content(ready_url(home))
    draw, interrupted = random.Random(11), 0
    for number in range(ATTEMPTS):
        process = importing(export, environment(home))
        time.sleep(draw.uniform(0.25, 0.9) * seconds)
        was_running = process.poll() is None
        victim = process.pid if number % 2 else (postgres.status(home) or pytest.fail("no server")).pid
        with suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
        process.wait(60)
        found = content(ready_url(home))
        assert found in (empty, expected)
        interrupted += was_running
        if interrupted == KILLS:
            break
        if found == expected:
            seconds *= 0.8  # the machine has become faster than it was in the clean run
            start_afresh(home)
    assert interrupted == KILLS
    assert importing(export, environment(home)).wait(120) == 0
    assert content(ready_url(home)) == expected
