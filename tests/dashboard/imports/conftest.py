"""Samples of our own, a person who may import, and a digest of what a practice holds."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from dashboard.access.actor import Actor
from tests.acting import newcomer
from tests.conftest import Database

SAMPLES = Path(__file__).parent / "samples"

# What a practice holds, told without the database's own ids, which a run that was interrupted uses up.
NATURAL = {
    "origins": "select source, entity, external_id, content_sha256, local_id = 0 from external_ref",
    "patients": "select given_name, surname_1, surname_2, birth_date, died_on, sex, address_line from patient",
    "visits": """
        select a.starts_at, a.ends_at, a.state, a.fee_cents, a.mode, a.flags::text, t.given_name, s.name, p.given_name,
            p.surname_1, v.name
        from appointment as a join therapist as t on t.id = a.therapist_id join site as s on s.id = a.site_id
        join service as v on v.id = a.service_id join appointment_patient as ap on ap.appointment_id = a.id
        join patient as p on p.id = ap.patient_id
    """,
    "coverage": """
        select p.given_name, y.name, c.policy_number, c.valid_from, c.valid_until
        from coverage as c join patient as p on p.id = c.patient_id join payer as y on y.id = c.payer_id
    """,
    "invoices": """
        select i.series, i.number, i.total_cents, i.recipient_name, i.due_on,
            (select count(*) from invoice_line as l where l.invoice_id = i.id),
            (select coalesce(sum(amount_cents), 0) from payment_allocation as a where a.invoice_id = i.id)
        from invoice as i
    """,
    "charges": "select kind, description, charged_on, amount_cents, appointment_id is null from charge",
    "payments": "select method, amount_cents, received_on, payer_id is null, idempotency_key from payment",
    "set aside": "select file, line, entity, code, field, is_loaded from import_set_aside",
    "staged": "select count(*) from import_staging",
    "runs": "select source, sha256, state, read, loaded, updated, unchanged, set_aside from import_run",
}


@pytest.fixture
def manager(database: Database) -> Actor:
    """Return somebody who may import."""
    return newcomer("manager")


@pytest.fixture
def practice(tmp_path: Path) -> Path:
    """Return a small export of our own in a folder of the test's."""
    return Path(shutil.copytree(SAMPLES / "practice", tmp_path / "practice"))


@pytest.fixture
def clinica(tmp_path: Path) -> Path:
    """Return a small Spanish export of our own with its mapping in a folder of the test's."""
    return Path(shutil.copytree(SAMPLES / "clinica", tmp_path / "clinica"))


@pytest.fixture
def rows(database) -> Callable[..., list[tuple]]:
    """Return a function that asks the test's database something."""

    def ask(question: str, *values: object) -> list[tuple]:
        with psycopg.connect(database.url, options="-c search_path=practice") as connection:
            return connection.execute(question, values or None).fetchall()

    return ask


@pytest.fixture
def digest(rows) -> Callable[[], dict[str, str]]:
    """Return a function that gives a hash of each part of what the practice holds."""

    def digest() -> dict[str, str]:
        return {
            name: hashlib.sha256("\n".join(sorted(map(repr, rows(question)))).encode()).hexdigest()[:12]
            for name, question in NATURAL.items()
        }

    return digest
