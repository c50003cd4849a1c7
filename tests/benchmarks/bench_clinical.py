"""The clinical record at size: changing the master key, one's own notes among a million, sealing and opening.

`python -m pytest -m benchmark -s tests/benchmarks/bench_clinical.py`
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from dashboard import db
from dashboard.access.actor import Actor
from dashboard.clinical import key_care, keyring, queries
from dashboard.clinical.sealing import DataKey, new_secret, seal, wrap
from dashboard.clinical.unsealing import unseal
from tests.acting import signed_in
from tests.conftest import Database

NOTES, PATIENTS, SEALED = 1_000_000, 20_000, 100_000
THERAPISTS = 200
RUNS = 15
TURNS = 501

PRACTICE = """
set search_path to practice;
set session_replication_role = replica;
insert into practice_profile (id, name) values (1, 'Practice');
insert into site (name) values ('Centre');
insert into service (name, kind, minutes, price_cents) values ('Session', 'individual', 50, 5000);
insert into therapist (given_name, site_id) select 'T' || i, 1 from generate_series(1, %(therapists)s) as i;
insert into app_user (display_name, email, role, therapist_id)
select 'T' || i, i || '@example.org', 'therapist', i from generate_series(1, %(therapists)s) as i;
insert into patient (given_name, main_therapist_id)
select 'P' || i, 1 + i %% %(therapists)s from generate_series(1, %(patients)s) as i;
insert into appointment (therapist_id, site_id, service_id, starts_at, ends_at, state)
select 1 + (1 + i %% %(patients)s) %% %(therapists)s, 1, 1,
    now() - interval '1 hour' * (i / 100), now() - interval '1 hour' * (i / 100 - 1), 'attended'
from generate_series(1, %(notes)s) as i;
insert into appointment_patient (appointment_id, patient_id, therapist_id, state, starts_at, ends_at)
select id, 1 + id %% %(patients)s, therapist_id, state, starts_at, ends_at from appointment;
"""
COPY_NOTES = (
    "copy session_note (id, appointment_id, patient_id, author_id, therapist_id, template_code, status, created_at,"
    " signed_at, sealed) from stdin"
)
WITH_NAMES = """
select n.id, n.appointment_id, n.patient_id, p.given_name, a.starts_at, n.status, n.template_code, n.signed_at
from session_note as n join appointment as a on a.id = n.appointment_id left join patient as p on p.id = n.patient_id
where {} and n.status = 'signed' order by n.created_at desc limit 50
"""

NOTES_ALONE = """
select id, patient_id, status, created_at from session_note
where {} and status = 'signed' order by created_at desc limit 200
"""


def fill(database: Database) -> dict[int, DataKey]:
    """Write a practice with a million notes, of which the first hundred thousand are sealed; return the keys."""
    master = keyring.keyring().newest
    keys = {patient: DataKey(patient, patient, new_secret()) for patient in range(1, PATIENTS + 1)}
    with psycopg.connect(database.url, autocommit=True) as connection:
        for statement in (PRACTICE % {"therapists": THERAPISTS, "patients": PATIENTS, "notes": NOTES}).split(";\n"):
            connection.execute(statement)
        with connection.cursor().copy("copy patient_key (id, patient_id, wrapped, master_id) from stdin") as copy:
            for key in keys.values():
                copy.write_row((key.id, key.patient_id, wrap(master, key), master.id))
        with connection.cursor().copy(COPY_NOTES) as copy:
            for note in range(1, NOTES + 1):
                patient = 1 + note % PATIENTS
                therapist = 1 + patient % THERAPISTS
                blob = seal(keys[patient], {"plan": f"Note {note}"}, note, "session_note") if note <= SEALED else b"0"
                at = f"2026-01-01 00:00:00+00:{note % 60:02}"
                copy.write_row((note, note, patient, therapist, therapist, "soap", "signed", at, at, blob))
        connection.execute("analyze")
    return keys


def quickest(ask: object, runs: int = RUNS) -> float:
    """Return the median milliseconds of a question."""
    seconds = []
    for _ in range(runs):
        begun = time.perf_counter()
        ask()  # type: ignore[operator]
        seconds.append(time.perf_counter() - begun)
    return sorted(seconds)[runs // 2] * 1000


def beside(url: str, question: str, token: str) -> dict[str, float]:
    """Return the median milliseconds of a question past row security and under it, asked in turns."""
    become = "select set_config('role', %s, false), set_config('app.token', %s, false)"
    asked = {"postgres": question.format("author_id = 7"), "app_therapist": question.format("true")}
    taken: dict[str, list[float]] = {role: [] for role in asked}
    with ExitStack() as stack:
        connections = {
            role: stack.enter_context(psycopg.connect(url, options="-c search_path=practice -c jit=off"))
            for role in asked
        }
        for role, connection in connections.items():
            connection.execute(become, (role, token))
        for _ in range(TURNS):
            for role, connection in connections.items():
                begun = time.perf_counter()
                connection.execute(asked[role]).fetchall()
                taken[role].append(time.perf_counter() - begun)
    return {role: sorted(times)[TURNS // 2] * 1000 for role, times in taken.items()}


@pytest.mark.benchmark
def test_the_clinical_record_at_size(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERSESSION_MASTER_KEY_FILE", str(tmp_path / "master.key"))
    db.forget_engines()
    keyring.ensure_key()
    keys = fill(database)
    own: Actor = signed_in(Actor(7, "T7", "therapist", 7))
    listed, alone = (beside(database.url, question, own.token) for question in (WITH_NAMES, NOTES_ALONE))
    ratios = [times["app_therapist"] / times["postgres"] for times in (listed, alone)]
    walled = quickest(lambda: queries.own_notes(own))
    unsigned = quickest(lambda: queries.unsigned_count(own))
    note = next(n for n in range(1, SEALED) if 1 + (1 + n % PATIENTS) % THERAPISTS == 7)
    opened = quickest(lambda: queries.open_note(own, note))
    begun = time.perf_counter()
    _, wrapped = key_care.rotate()
    rotated = time.perf_counter() - begun
    assert queries.open_note(own, note).sections == {"plan": f"Note {note}"}
    blob = seal(keys[1], {"plan": "x" * 2_000}, 1, "session_note")
    begun = time.perf_counter()
    for _ in range(10_000):
        unseal(keys[1], blob, 1, "session_note")
    micro = (time.perf_counter() - begun) * 100
    print(
        f"\n{NOTES:,} notes, {SEALED:,} of them sealed, {PATIENTS:,} patients' keys"
        f"\nSQL of own notes with names: {listed}, ratio {ratios[0]:.2f}; without names: {alone}, ratio {ratios[1]:.2f}"
        f"\nown notes by the query {walled:.1f} ms; unsigned {unsigned:.1f} ms; one note opened {opened:.1f} ms"
        f"\nmaster key changed in {rotated:.1f} s ({wrapped:,} keys); opening 2,000 letters {micro:.1f} µs"
    )
    assert wrapped == PATIENTS
    assert rotated < 30
