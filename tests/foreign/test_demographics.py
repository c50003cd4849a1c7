"""Duplicates in two published sets of people with slips of the pen: what is proposed, and how much of it is right."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dashboard.patients import duplicates
from tests.acting import newcomer

pytestmark = pytest.mark.foreign

COLUMNS = ("given_name", "surname_1", "birth_date", "email", "id_value", "address_line", "city", "postal_code")
COPY = f"copy practice.patient (id, {', '.join(COLUMNS)}) from stdin"


def read(file: Path) -> Iterator[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as stream:
        yield from csv.DictReader(stream, skipinitialspace=True)


def day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def of_febrl(row: dict[str, str]) -> tuple[Any, ...]:
    street = " ".join(row[name] for name in ("street_number", "address_1", "address_2") if row[name])
    return (
        row["given_name"] or "-",
        row["surname"] or None,
        day(row["date_of_birth"]),
        None,
        row["soc_sec_id"] or None,
        street,
        row["suburb"],
        row["postcode"],
    )


def of_splink(row: dict[str, str]) -> tuple[Any, ...]:
    name, surname, mail = row["first_name"] or "-", row["surname"] or None, row["email"] or None
    return (name, surname, day(row["dob"]), mail, None, None, row["city"] or None, None)


def proposed(url: str, rows: list[tuple[Any, ...]]) -> set[tuple[int, int]]:
    """Return the pairs proposed over a practice of these files, by their places in the list."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor, cursor.copy(COPY) as copy:
        for place, row in enumerate(rows):
            copy.write_row((place + 1, *row))
    found = duplicates.possible_duplicates(newcomer("front_desk"))
    return {(pair.first.patient_id - 1, pair.second.patient_id - 1) for pair in found}


def truth(persons: list[str]) -> set[tuple[int, int]]:
    """Return the pairs of places that the set's own labels call one person."""
    by_person: dict[str, list[int]] = {}
    for place, person in enumerate(persons):
        by_person.setdefault(person, []).append(place)
    return {(a, b) for places in by_person.values() for a in places for b in places if a < b}


def measured(name: str, found: set[tuple[int, int]], true: set[tuple[int, int]]) -> tuple[float, float]:
    """Return recall and precision, and print them."""
    recall, precision = len(found & true) / len(true), len(found & true) / max(1, len(found))
    print(f"\n{name}: {len(found & true)} of {len(true)} pairs proposed ({recall:.1%}), precision {precision:.1%}")
    return recall, precision


def test_febrls_duplicates_are_proposed_and_little_else(shared, database):
    rows = list(read(shared / "demographics" / "febrl" / "dataset1.csv"))
    true = truth([row["rec_id"].split("-")[1] for row in rows])
    recall, precision = measured("febrl dataset1", proposed(database.url, [of_febrl(row) for row in rows]), true)
    assert len(true) == 500
    assert recall >= 0.95
    assert precision >= 0.95


def test_splinks_duplicates_are_proposed_as_far_as_measured(shared, database):
    rows = list(read(shared / "demographics" / "splink_fake1000" / "fake_1000.csv"))
    found = proposed(database.url, [of_splink(row) for row in rows])
    recall, precision = measured("splink_fake1000", found, truth([row["cluster"] for row in rows]))
    assert recall >= 0.40
    assert precision >= 0.95


def test_each_duplicate_is_met_by_a_draft_of_it(shared, database):
    rows = list(read(shared / "demographics" / "febrl" / "dataset1.csv"))
    originals = [row for row in rows if row["rec_id"].endswith("org")]
    drafts = [row for row in rows if "dup" in row["rec_id"]]
    proposed(database.url, [of_febrl(row) for row in originals])
    place = {row["rec_id"].split("-")[1]: number for number, row in enumerate(originals, start=1)}
    desk = newcomer("front_desk")
    met = 0
    for row in drafts:
        fields = dict(zip(COLUMNS, of_febrl(row), strict=True))
        found = duplicates.likely_duplicates(desk, fields)
        met += place[row["rec_id"].split("-")[1]] in {each.file.patient_id for each in found}
    print(f"\n{met} of {len(drafts)} drafts meet the file of their person")
    assert met >= 0.95 * len(drafts)
