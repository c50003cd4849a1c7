"""Who is on either side of an invoice, and what a payer covers; read inside a command's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import false, func, or_, select
from sqlalchemy.orm import Session, aliased

from dashboard.access.actor import NotFoundError, RuleBrokenError
from dashboard.access.models import Practice
from dashboard.billing import rules
from dashboard.billing.models import Charge
from dashboard.patients.models import Coverage, Guardian, Patient, Payer

PATIENT_DAYS = 15
OF_AGE = 18
MONEY_LOCK = 7_204_116  # any fixed number: it keeps these locks apart from others over the same numbers


@dataclass(frozen=True)
class Recipient:
    """Who an invoice is addressed to, and until when it is to be paid."""

    name: str
    tax_id: str | None
    address: str | None
    due_on: date


def lock_patients(session: Session, patient_ids: Sequence[int]) -> None:
    """Keep everybody else from moving these patients' money until the transaction ends.

    Raises:
        NotFoundError: one of them does not exist.
    """
    # In one order, so that two commands over the same patients wait for each other and never in a circle. A lock by
    # number, not of the row: a therapist charges a session with a patient whose file they may not change.
    wanted = sorted(set(patient_ids))
    for patient_id in wanted:
        session.execute(select(func.pg_advisory_xact_lock(func.hashint8extended(patient_id, MONEY_LOCK))))
    if session.scalar(select(func.count()).select_from(Patient).where(Patient.id.in_(wanted))) != len(wanted):
        raise NotFoundError("No such patient.")


def terms_of_patient(session: Session, patient_id: int) -> list[rules.Terms]:
    """Return what payers cover for a patient, with the sessions that each coverage has paid for."""
    reversal = aliased(Charge)
    used = (
        select(func.count())
        .where(
            Charge.patient_id == Coverage.patient_id,
            Charge.payer_id == Coverage.payer_id,
            Charge.kind == "session",
            Charge.reverses_id.is_(None),
            Charge.charged_on >= Coverage.valid_from,
            or_(Coverage.valid_until.is_(None), Charge.charged_on < Coverage.valid_until),
            ~select(reversal.id).where(reversal.reverses_id == Charge.id).exists(),
        )
        .correlate(Coverage)
        .scalar_subquery()
    )
    found = session.execute(
        select(
            Coverage.payer_id,
            Coverage.priority,
            Coverage.valid_from,
            Coverage.valid_until,
            Coverage.covered_percent,
            Coverage.copayment_cents,
            Coverage.authorised_sessions,
            used.label("used_sessions"),
        ).where(Coverage.patient_id == patient_id)
    )
    return [rules.Terms(**row) for row in found.mappings()]


def issuer(session: Session) -> Practice:
    """Return the practice as it stands on an invoice.

    Raises:
        RuleBrokenError: the practice has no name yet.
    """
    practice = session.get(Practice, 1)
    if practice is None:
        raise RuleBrokenError("Name the practice first: an invoice says who issues it.")
    return practice


def recipient(session: Session, patient_id: int, payer_id: int | None, issued_on: date) -> Recipient:
    """Return whom to address: the payer, else a guardian of a minor, else the patient."""
    if payer_id is not None:
        payer = session.get_one(Payer, payer_id)
        address = _address(payer.address_line, payer.postal_code, payer.city)
        return Recipient(payer.name, payer.tax_id, address, issued_on + timedelta(days=payer.payment_days))
    patient = session.get_one(Patient, patient_id)
    address = _address(patient.address_line, patient.postal_code, patient.city)
    due_on = issued_on + timedelta(days=PATIENT_DAYS)
    guardian = _guardian(session, patient) if _is_guardian_addressed(patient, issued_on) else None
    if guardian is not None:
        name = " ".join(filter(None, (guardian.given_name, guardian.surnames)))
        return Recipient(name, guardian.id_value, address, due_on)
    name = " ".join(filter(None, (patient.given_name, patient.surname_1, patient.surname_2)))
    return Recipient(name, patient.id_value, address, due_on)


def _is_guardian_addressed(patient: Patient, day: date) -> bool:
    born = patient.birth_date
    is_minor = born is not None and (day.year - born.year - ((day.month, day.day) < (born.month, born.day))) < OF_AGE
    return is_minor or patient.pays == "guardian"


def _guardian(session: Session, patient: Patient) -> Guardian | None:
    """Return the guardian to address: with parental authority and a tax number first, then the first on file."""
    return session.scalars(
        select(Guardian)
        .where(Guardian.patient_id == patient.id)
        .order_by(
            func.coalesce(Guardian.has_authority, false()).desc(),
            Guardian.id_value.is_(None),
            Guardian.id,
        )
        .limit(1)
    ).one_or_none()


def _address(line: str | None, postal_code: str | None, city: str | None) -> str | None:
    place = " ".join(filter(None, (postal_code, city)))
    return ", ".join(filter(None, (line, place))) or None
