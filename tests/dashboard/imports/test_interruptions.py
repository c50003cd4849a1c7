"""Killing what imports, at any moment, changes nothing: the next try ends like one that was never disturbed."""

from __future__ import annotations

import random
import subprocess
import sys
import time

import psycopg
import pytest

from dashboard.config import ROOT
from dashboard.db import DatabaseRefusal
from dashboard.imports.codes import Code, FileRefusedError
from dashboard.imports.commands import run_import
from dashboard.imports.parsing import Parsing
from tests.acting import newcomer

IMPORTER = """
import sys
from pathlib import Path
from dashboard.access.actor import Actor
from dashboard.imports.commands import run_import
manager = Actor(1, "manager", "manager", token=sys.argv[2])
run_import(manager, Path(sys.argv[1]), progress=lambda *told: print(*told, flush=True))
"""


def start(database, folder) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", IMPORTER, str(folder), newcomer("manager").token],
        env=database.environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


@pytest.fixture
def larger(practice):
    """Return an export whose import takes long enough to be interrupted in its middle."""
    with (practice / "encounters.csv").open("a", encoding="utf-8") as file:
        for number in range(5000):
            day, hour = 1 + number % 28, number % 24
            file.write(
                f"more-{number},20{number % 20:02}-01-{day:02}T{hour:02}:00:00Z,,pat-1,org-1,ther-1,ambulatory,80.00\n"
            )
    return practice


@pytest.fixture
def wait_alone(rows):
    def wait_alone() -> None:
        for _ in range(200):
            if not rows(
                "select 1 from pg_stat_activity where datname = current_database() and usename = 'app_rt'"
                " and state <> 'idle'"
            ):
                return
            time.sleep(0.05)

    return wait_alone


def test_a_killed_importer_leaves_nothing_and_the_next_try_ends_like_a_clean_one(
    larger, database, manager, digest, wait_alone
):
    empty = digest()
    draw = random.Random(5)
    for _ in range(5):
        with start(database, larger) as importer:
            stages = draw.randint(1, 12)
            for _ in range(stages):
                importer.stdout.readline()
            time.sleep(draw.random() * 0.1)
            importer.kill()
        wait_alone()
        assert digest() == empty
    run_import(manager, larger)
    assert digest() == clean_digest(larger, database, digest)


def clean_digest(folder, database, digest) -> dict[str, str]:
    """Return the digest of an import that nobody disturbs, into a database emptied of the first one."""
    with psycopg.connect(database.url, options="-c search_path=practice") as connection:
        tables = connection.execute(
            "select string_agg(quote_ident(relname), ', ') from pg_class where relnamespace = 'practice'::regnamespace"
            " and relkind = 'r' and relname <> 'alembic_version' and relname not like 'audit%'"
        ).fetchone()[0]
        connection.execute(f"truncate {tables} restart identity cascade")
    assert run_import(newcomer("manager"), folder).loaded
    return digest()


@pytest.mark.parametrize("stages", [1, 4, 9])
def test_a_lost_backend_leaves_nothing_and_is_told_by_a_code(larger, database, manager, digest, stages):
    empty = digest()

    def lose(stage: str, share: float) -> None:
        told.append(stage)
        if len(told) == stages:
            with psycopg.connect(database.url, autocommit=True) as connection:
                connection.execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity"
                    " where datname = current_database() and usename = 'app_rt'"
                )

    told: list[str] = []
    with pytest.raises(DatabaseRefusal) as refused:
        run_import(manager, larger, progress=lose)
    assert refused.value.code == "not_saved"
    assert digest() == empty
    assert run_import(manager, larger).loaded


def test_a_parser_that_is_stopped_refuses_the_file(larger):
    with Parsing(larger) as parsing:
        parsing.process.kill()
        list(parsing.blocks())
        with pytest.raises(FileRefusedError) as refused:
            parsing.end()
    assert refused.value.code == Code.TOO_COMPLEX


def test_two_imports_of_the_same_files_at_once_load_them_once(practice, database, rows):
    both = [start(database, practice) for _ in range(2)]
    assert [importer.wait(120) for importer in both] == [0, 0]
    for importer in both:
        importer.stdout.close()
    assert rows("select count(*) from import_run where state = 'done'") == [(1,)]
    assert rows("select count(*), sum(amount_cents) from payment") == [(2, 11000)]
