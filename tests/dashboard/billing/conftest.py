"""A practice of two patients, an insurer and two therapists, in a database of each test's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, text
from sqlalchemy.orm import DeclarativeBase

from dashboard import db
from dashboard.access.actor import Actor
from dashboard.access.models import Practice
from dashboard.agenda.models import Appointment, Attendee
from dashboard.billing import commands
from dashboard.billing.models import Charge
from dashboard.patients.models import Coverage, Guardian, Patient, Payer
from dashboard.team.models import Service, Site, Therapist
from tests.acting import newcomer
from tests.conftest import Database

DAY = date(2026, 3, 10)


@contextmanager
def owner() -> Iterator[Connection]:
    """Open one transaction as the owner of the schema, past every right."""
    with db.admin_engine().begin() as connection:
        yield connection


def add(model: type[DeclarativeBase], **values: Any) -> int:
    """Write a row past every right and return its id."""
    with owner() as connection:
        return connection.execute(insert(model).values(**values)).inserted_primary_key[0]


def rows(statement: str, **values: Any) -> list[Any]:
    """Return the rows of a query of the test's own, past every right."""
    with owner() as connection:
        return list(connection.execute(text(statement), values))


@dataclass
class House:
    """Who and what there is to charge."""

    manager: Actor
    front_desk: Actor
    therapist: Actor
    colleague: Actor
    auditor: Actor
    site: int
    patient: int
    partner: int
    insurer: int
    individual: int
    couple: int
    report: int
    hours: Any = field(default_factory=lambda: count(8))

    def session(self, *patients: int, service: int | None = None, state: str = "attended", **values: Any) -> int:
        """Write a past appointment of the therapist with ``patients``, each an hour after the one before."""
        midnight = datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC)
        starts = values.pop("starts_at", midnight + timedelta(hours=next(self.hours)))
        cancelled = {"cancelled_at": starts, "cancelled_by": "patient"} if "cancelled" in state else {}
        appointment = add(
            Appointment,
            therapist_id=self.therapist.therapist_id,
            site_id=self.site,
            service_id=service or self.individual,
            starts_at=starts,
            ends_at=starts + timedelta(hours=1),
            state=state,
            **{"fee_cents": 6_000, **cancelled, **values},
        )
        for position, patient in enumerate(patients or (self.patient,), start=1):
            add_attendee(appointment, patient, position)
        return appointment

    def cover(self, patient: int | None = None, **values: Any) -> None:
        """Let the insurer cover a patient from the first of January on."""
        terms = {"valid_from": date(2026, 1, 1), "policy_number": "P-1", **values}
        add(Coverage, patient_id=patient or self.patient, payer_id=self.insurer, **terms)

    def charge(self, *patients: int, **values: Any) -> list[int]:
        """Charge a new session and return the charges' ids."""
        appointment = self.session(*patients, **values)
        commands.charge_session(self.manager, appointment)
        return [row.id for row in charges_of(appointment)]

    def invoice(self, *patients: int, **values: Any) -> int:
        """Invoice a new session of one party and return the invoice's id."""
        [invoice_id] = commands.invoice_charges(self.manager, self.charge(*patients, **values))
        return invoice_id


def add_attendee(appointment: int, patient: int, position: int) -> None:
    with owner() as connection:
        connection.execute(insert(Attendee).values(appointment_id=appointment, patient_id=patient, position=position))


def charges_of(appointment: int) -> list[Any]:
    """Return an appointment's charges, the patients before their payers."""
    with owner() as connection:
        found = select(Charge).where(Charge.appointment_id == appointment)
        return list(connection.execute(found.order_by(Charge.patient_id, Charge.payer_id.is_not(None), Charge.id)))


@pytest.fixture
def house(database: Database) -> House:
    """Return a practice with somebody to charge."""
    add(Practice, id=1, name="Consulta Norte", tax_id="B12345674", time_zone="Europe/Madrid")
    site = add(Site, name="Norte")
    therapists = [add(Therapist, given_name=name, surnames="Ruiz", site_id=site) for name in ("Ana", "Luis")]
    patients = [
        add(Patient, given_name=name, surname_1="Vega", birth_date=date(1980, 5, 5), id_kind="nif", id_value=number)
        for name, number in (("Eva", "12345678Z"), ("Tomás", "87654321X"))
    ]
    price = {"minutes": 60, "price_cents": 6_000, "late_fee_percent": 50}
    return House(
        manager=newcomer("manager"),
        front_desk=newcomer("front_desk"),
        therapist=newcomer("therapist", therapists[0]),
        colleague=newcomer("therapist", therapists[1]),
        auditor=newcomer("auditor"),
        site=site,
        patient=patients[0],
        partner=patients[1],
        insurer=add(Payer, name="Aseguradora", payment_days=60, tax_id="A58818501"),
        individual=add(Service, name="Individual", kind="individual", **price),
        couple=add(Service, name="Pareja", kind="couple", **price),
        report=add(Service, name="Informe", kind="report", tax_rate_bp=2_100, **price),
    )


def add_guardian(patient: int, **values: Any) -> int:
    """Write a guardian of a patient."""
    return add(Guardian, patient_id=patient, given_name="Rosa", surnames="Vega Gil", relation="mother", **values)
