"""Questions about patient files. A therapist is answered about the files in their care, and no others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import (
    Boolean,
    ColumnElement,
    func,
    literal_column,
    select,
    true,
)

from dashboard.access.actor import OFFICE, Actor, NotAllowedError, NotFoundError, Role, reading, require
from dashboard.access.frames import frame
from dashboard.patients.models import Coverage, Guardian, Patient, Payer

if TYPE_CHECKING:
    import pandas as pd

READERS: tuple[Role, ...] = (*OFFICE, "therapist")
IN_CARE = literal_column("patient.id = any(array(select session_files()))", Boolean)
"""The files that a therapist is main therapist of or in the care team of, as the database knows them."""
NAME = func.concat_ws(" ", Patient.given_name, Patient.surname_1, Patient.surname_2).label("name")


@dataclass(frozen=True)
class PatientFile:
    """One patient file as it was read, with the version that an edit must still find."""

    id: int
    number: int
    version: int
    given_name: str
    surname_1: str | None
    surname_2: str | None
    birth_date: date | None
    sex: str
    gender: str | None
    profession: str | None
    marital_status: str
    address_line: str | None
    postal_code: str | None
    city: str | None
    country: str | None
    telephone: str | None
    email: str | None
    id_kind: str | None
    id_value: str | None
    emergency_name: str | None
    emergency_relation: str | None
    emergency_telephone: str | None
    referral_source: str | None
    site_id: int | None
    main_therapist_id: int | None
    pays: str
    status: str
    preferred_language: str
    opened_on: date
    discharged_on: date | None
    updated_at: datetime

    @property
    def name(self) -> str:
        """Return the full name."""
        return " ".join(part for part in (self.given_name, self.surname_1, self.surname_2) if part)


def is_visible_to(actor: Actor) -> ColumnElement[bool]:
    """Return the condition under which ``actor`` may see a file."""
    require(actor, *READERS)
    if actor.role != "therapist":
        return true()
    if actor.therapist_id is None:
        raise NotAllowedError("This is not available to you.")
    return IN_CARE


def patient_file(actor: Actor, patient_id: int) -> PatientFile:
    """Return a file.

    Raises:
        NotFoundError: there is no such file, or it is not for this person; both read the same.
    """
    with reading(actor, *READERS) as session:
        row = session.execute(
            select(Patient).where(Patient.id == patient_id, is_visible_to(actor))
        ).scalar_one_or_none()
    if row is None:
        raise NotFoundError("Not found.")
    return PatientFile(**{name: getattr(row, name) for name in PatientFile.__dataclass_fields__})


def id_of_number(actor: Actor, number: int) -> int:
    """Return the id of the file with a number.

    Raises:
        NotFoundError: there is no such file, or it is not for this person.
    """
    with reading(actor, *READERS) as session:
        found = session.scalar(select(Patient.id).where(Patient.number == number, is_visible_to(actor)))
    if found is None:
        raise NotFoundError("Not found.")
    return found


def patient_name(actor: Actor, patient_id: int) -> str:
    """Return the name on a file that ``actor`` may see."""
    return patient_file(actor, patient_id).name


@dataclass(frozen=True)
class GuardianOfFile:
    """A guardian as the file shows them; ``has_authority`` is nothing when it is not known."""

    id: int
    given_name: str
    surnames: str | None
    relation: str
    has_authority: bool | None
    custody: str
    telephone: str | None
    email: str | None

    @property
    def name(self) -> str:
        """Return the full name."""
        return f"{self.given_name} {self.surnames or ''}".strip()


def guardians(actor: Actor, patient_id: int) -> list[GuardianOfFile]:
    """Return the guardians of a file that ``actor`` may see."""
    found = (
        select(Guardian)
        .join(Patient, Patient.id == Guardian.patient_id)
        .where(Guardian.patient_id == patient_id, is_visible_to(actor))
        .order_by(Guardian.id)
    )
    with reading(actor, *READERS) as session:
        return [
            GuardianOfFile(**{name: getattr(row, name) for name in GuardianOfFile.__dataclass_fields__})
            for row in session.scalars(found)
        ]


def coverages(actor: Actor, patient_id: int) -> pd.DataFrame:
    """Return who else pays for a patient, the latest first.

    Columns: coverage_id, payer_id, payer, policy_number, valid_from, valid_until, authorised_sessions,
    covered_percent, copayment.
    """
    found = (
        select(
            Coverage.id.label("coverage_id"),
            Coverage.payer_id,
            Payer.name.label("payer"),
            Coverage.policy_number,
            Coverage.valid_from,
            Coverage.valid_until,
            Coverage.authorised_sessions,
            Coverage.covered_percent,
            (Coverage.copayment_cents / 100.0).label("copayment"),
        )
        .join(Payer, Payer.id == Coverage.payer_id)
        .join(Patient, Patient.id == Coverage.patient_id)
        .where(Coverage.patient_id == patient_id, is_visible_to(actor))
        .order_by(Coverage.valid_from.desc())
    )
    return frame(actor, found, *READERS)


def payer_names(actor: Actor) -> dict[int, str]:
    """Return the insurers and others who pay, by id, in the order of their names."""
    with reading(actor, *READERS) as session:
        return {row.id: row.name for row in session.execute(select(Payer.id, Payer.name).order_by(Payer.name))}
