"""A practice with somebody to write to, its figures built, and a real mail server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from email import message_from_bytes, policy
from email.message import EmailMessage
from hashlib import sha256
from typing import Any

import psycopg
import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import text

from dashboard import clock, db
from dashboard.config import settings
from tests.conftest import Cluster, Database, _clone, free_port
from tests.dashboard.agenda.conftest import Week
from tests.dashboard.agenda.conftest import week as week  # noqa: PLC0414 - a fixture
from tests.dashboard.billing.conftest import add, owner, rows

FROM = "Consulta Norte <citas@practice.example>"


@pytest.fixture
def database(cluster: Cluster, built_template: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Return a database without rows whose figures are built, for this test alone."""
    yield from _clone(cluster, built_template, monkeypatch)


@dataclass
class Mailbox:
    """What a mail server took, and what it answers."""

    letters: list[EmailMessage] = field(default_factory=list)
    to: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    on_taken: Callable[[], None] = lambda: None

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a letter, or answer what was laid out for it."""
        answer = self.answers.pop(0) if self.answers else "250 taken"
        if answer.startswith("250"):
            self.letters.append(message_from_bytes(envelope.content, policy=policy.default))
            self.to += envelope.rcpt_tos
            self.on_taken()
        return answer


@pytest.fixture
def mailbox(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """Return the mailbox of a server that the settings name."""
    box, port = Mailbox(), free_port()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    for name, value in (("HOST", "127.0.0.1"), ("PORT", str(port)), ("SECURITY", "none")):
        monkeypatch.setenv(f"INTERSESSION_SMTP_{name}", value)
    monkeypatch.setenv("INTERSESSION_MAIL_FROM", FROM)
    settings.cache_clear()
    yield box
    server.stop()
    settings.cache_clear()


def run(statement: str, **values: Any) -> None:
    """Run a statement past every right."""
    with owner() as connection:
        connection.execute(text(statement), values)


def unbuild() -> None:
    """Take the figures away, as a migration does before the next refresh; only the server's owner may."""
    address = db.admin_url().set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("drop schema marts cascade")


def consents(patient: int, kind: str = "contact", *, guardian: int | None = None) -> int:
    """Let a patient, or their guardian, consent to be contacted."""
    from dashboard.consent.models import Consent, ConsentSignature, ConsentTemplate

    body, today = "Yes", clock.today("Europe/Madrid")
    with db.administration() as session:
        template = session.scalar(text("select id from consent_template where kind = :kind"), {"kind": kind})
        if template is None:
            made = ConsentTemplate(
                kind=kind, language="es", version=1, title=kind, body=body, signed_by="both", required_when="never",
                text_sha256=sha256(body.encode()).hexdigest(),
            )  # fmt: skip
            session.add(made)
            session.flush()
            template = made.id
        consent = Consent(patient_id=patient, template_id=template, state="signed", requested_on=today, signed_on=today)
        session.add(consent)
        session.flush()
        signature = {"consent_id": consent.id, "signed_at": clock.now(), "method": "on_screen"}
        session.add(ConsentSignature(**signature, text_sha256=sha256(body.encode()).hexdigest(), guardian_id=guardian))
        return consent.id


def withdraws(consent: int) -> None:
    """Withdraw a consent as of today."""
    run("update consent set state = 'withdrawn', ended_on = practice_today() where id = :id", id=consent)


def messages(columns: str = "kind, step, state") -> list[tuple[Any, ...]]:
    """Return the messages in the order in which they are due."""
    return [tuple(row) for row in rows(f"select {columns} from message order by due_at, id")]


@dataclass(frozen=True)
class House:
    """A practice that sends at any hour, and a patient who consented to be written to."""

    week: Week
    patient: int
    consent: int

    def old(self, in_hours: float, *patients: int, **values: Any) -> int:
        """Write an appointment that was booked long ago: nothing is to be confirmed."""
        return self.week.book(in_hours, *patients, **{"booked_at": "2026-01-01", **values})


@pytest.fixture
def house(week: Week) -> House:
    """Return the practice."""
    run("update message_rule set is_on = true, quiet_from = '00:00', quiet_until = '00:00'")
    run("update site set telephone = '600 100 200', address_line = 'Calle Mayor 1', city = 'Madrid'")
    run(
        "update patient set email = 'eva@example.org', preferred_language = 'es', birth_date = '1980-01-01'"
        " where id = :id",
        id=week.patient,
    )
    return House(week, week.patient, consents(week.patient))


@dataclass(frozen=True)
class Family:
    """A child of two parents."""

    child: int
    mother: int
    father: int


@pytest.fixture
def family(house: House) -> Family:
    """Return a child whose mother consented for it, and whose father has no authority."""
    from dashboard.patients.models import Guardian, Patient

    today = clock.today("Europe/Madrid")
    child = add(
        Patient, given_name="Leo", birth_date=date(today.year - 9, 1, 1), email="leo@example.org",
        preferred_language="en",
    )  # fmt: skip
    mother, father = (
        add(
            Guardian, patient_id=child, given_name=name, relation=relation, has_authority=relation == "mother",
            email=f"{relation}@example.org",
        )
        for name, relation in (("Rosa", "mother"), ("Juan", "father"))
    )  # fmt: skip
    consents(child, guardian=mother)
    return Family(child, mother, father)
