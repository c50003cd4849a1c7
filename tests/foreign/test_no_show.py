"""A published attendance list of 110,527 appointments: all accounted for, and the figure is the file's own."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import zipfile
from collections import Counter
from datetime import date
from pathlib import Path

import psycopg
import pytest

from dashboard.access.actor import Administrator
from dashboard.config import ROOT
from dashboard.imports.commands import run_import
from dashboard.key_figures.queries import figure_values
from tests.acting import newcomer
from tests.conftest import Database
from tests.marts.conftest import BUILD

pytestmark = pytest.mark.foreign

FIGURE = "kpi_no_show_rate"
SET_ASIDE = {"BOOKED_AFTER": 5, "IMPOSSIBLE_AGE": 1}


@pytest.fixture
def attendance(shared) -> Path:
    return shared / "appointments" / "no_show" / "KaggleV2-May-2016.csv.zip"


def read(archive: Path) -> list[dict[str, str]]:
    """Return the rows of the archive's only file."""
    with zipfile.ZipFile(archive) as opened, opened.open(opened.namelist()[0]) as stream:
        return list(csv.DictReader(io.TextIOWrapper(stream, encoding="utf-8", newline="")))


def is_sound(row: dict[str, str]) -> bool:
    """Whether a row is possible: an age that people reach, and booked no later than its own day."""
    return 0 <= int(row["Age"]) <= 120 and row["ScheduledDay"][:10] <= row["AppointmentDay"][:10]


def rate(rows: list[dict[str, str]]) -> float:
    """Return the no-shows of some rows in per cent."""
    return 100 * sum(row["No-show"] == "Yes" for row in rows) / len(rows)


def build(database: Database) -> None:
    """Build every figure as the worker does."""
    command = [sys.executable, "-W", "ignore", "-c", BUILD]
    subprocess.run(command, env=database.environment, cwd=ROOT, capture_output=True, check=True)


def lines_set_aside(database: Database) -> Counter[str]:
    with psycopg.connect(database.url) as connection:
        question = "select code from practice.import_set_aside where not is_loaded"
        return Counter(code for (code,) in connection.execute(question))


def test_every_row_is_accounted_for_and_the_no_show_rate_is_the_files_own(attendance, database):
    rows = read(attendance)
    sound = [row for row in rows if is_sound(row)]
    report = run_import(Administrator(), attendance)
    assert (report.state, report.read) == ("done", len(rows))
    assert (report.loaded, report.set_aside) == (len(sound), len(rows) - len(sound))
    assert lines_set_aside(database) == SET_ASIDE

    build(database)
    shown = figure_values(newcomer("manager"), FIGURE, since=date(2016, 4, 1), until=date(2016, 6, 1))
    for month, value in zip(shown["month"], shown["value"], strict=True):
        its_own = [row for row in sound if row["AppointmentDay"].startswith(month.strftime("%Y-%m"))]
        assert value == pytest.approx(rate(its_own), abs=0.00005)
    assert len(shown) == 3

    # Over the whole file, which spans three months; 22,319 of 110,527 were missed before anything was set aside.
    assert (len(rows), sum(row["No-show"] == "Yes" for row in rows)) == (110_527, 22_319)
    whole = shown["numerator"].sum() / shown["denominator"].sum()
    assert f"{whole:.4f}" == f"{rate(sound) / 100:.4f}" == f"{rate(rows) / 100:.4f}" == "0.2019"
    assert shown["denominator"].sum() == len(sound)

    again = run_import(Administrator(), attendance)
    assert (again.loaded, again.updated, again.unchanged) == (0, 0, len(sound))
