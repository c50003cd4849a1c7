"""Questions about consent: who must sign, what a file holds, and which sessions were held without."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from dashboard.access.actor import Actor, NotFoundError, Role, reading
from dashboard.access.frames import Question, frame, number_of_rows
from dashboard.access.models import AppUser
from dashboard.access.queries import today
from dashboard.consent import rules, signers
from dashboard.consent.marts import CONSENT_STATUS, SESSIONS_WITHOUT_CONSENT
from dashboard.consent.models import Consent, ConsentAttempt, ConsentTemplate
from dashboard.patients import queries as patients
from dashboard.patients.models import Guardian, Patient
from dashboard.team.models import Therapist

if TYPE_CHECKING:
    import pandas as pd

READERS: tuple[Role, ...] = ("manager", "front_desk", "therapist")

MISSING = CONSENT_STATUS.c
WITHOUT = SESSIONS_WITHOUT_CONSENT.c
THERAPIST_NAME = func.concat_ws(" ", Therapist.given_name, Therapist.surnames).label("therapist_name")


def consents_needed(actor: Actor, patient_id: int) -> pd.DataFrame:
    """Return each kind of consent that a file needs now, with its status; one row per kind."""
    patients.patient_file(actor, patient_id)
    return frame(actor, select(CONSENT_STATUS).where(MISSING.patient_id == patient_id).order_by(MISSING.kind), *READERS)


def consents_missing_of(actor: Actor, patient_ids: Collection[int]) -> dict[int, list[str]]:
    """Return which kinds of consent each of these files lacks now, by patient; files that lack none are not named."""
    asked = (
        select(MISSING.patient_id, MISSING.kind)
        .join(Patient, Patient.id == MISSING.patient_id)
        # Said of both, so that the status is not asked of every file in care first.
        .where(MISSING.patient_id.in_(patient_ids), Patient.id.in_(patient_ids))
        .where(MISSING.is_valid.is_(False), patients.is_visible_to(actor))
        .order_by(MISSING.patient_id, MISSING.kind)
    )
    found: dict[int, list[str]] = {}
    with reading(actor, *READERS) as session:
        for row in session.execute(asked):
            found.setdefault(int(row[0]), []).append(str(row[1]))
    return found


def sessions_without_consent(
    actor: Actor, since: date, *, site_id: int | None = None, limit: int = 25, offset: int = 0
) -> pd.DataFrame:
    """Return sessions held since ``since`` while a consent was not valid, the latest first.

    Columns: appointment_id, patient_id, number, name, kind, session_on, therapist_name.
    """
    shown = select(
        WITHOUT.appointment_id,
        WITHOUT.patient_id,
        Patient.number,
        patients.NAME,
        WITHOUT.kind,
        WITHOUT.session_on,
        THERAPIST_NAME,
    )
    found = (
        _without(actor, since, site_id, shown)
        .join(Therapist, Therapist.id == WITHOUT.therapist_id)
        .order_by(WITHOUT.session_on.desc(), WITHOUT.appointment_id, WITHOUT.kind)
    )
    return frame(actor, found.limit(limit).offset(offset), *READERS)


def sessions_without_consent_number(actor: Actor, since: date, *, site_id: int | None = None) -> int:
    """Return how many rows ``sessions_without_consent`` has over all its pages."""
    return number_of_rows(actor, _without(actor, since, site_id, select(WITHOUT.appointment_id)), *READERS)


def _without(actor: Actor, since: date, site_id: int | None, found: Question) -> Question:
    found = (
        found.select_from(SESSIONS_WITHOUT_CONSENT)
        .join(Patient, Patient.id == WITHOUT.patient_id)
        .where(WITHOUT.session_on >= since, patients.is_visible_to(actor))
    )
    return found if site_id is None else found.where(WITHOUT.site_id == site_id)


def consents_of_file(actor: Actor, patient_id: int) -> pd.DataFrame:
    """Return every consent of a file, the latest first.

    Columns: consent_id, kind, title, version, state, requested_on, signed_on, valid_until, ended_on.
    """
    patients.patient_file(actor, patient_id)
    found = (
        select(
            Consent.id.label("consent_id"),
            ConsentTemplate.kind,
            ConsentTemplate.title,
            ConsentTemplate.version,
            Consent.state,
            Consent.requested_on,
            Consent.signed_on,
            Consent.valid_until,
            Consent.ended_on,
        )
        .join(ConsentTemplate, ConsentTemplate.id == Consent.template_id)
        .where(Consent.patient_id == patient_id)
        .order_by(Consent.requested_on.desc(), Consent.id.desc())
    )
    return frame(actor, found, *READERS)


@dataclass(frozen=True)
class ConsentForm:
    """A consent, the exact text that is signed, and where its signing stands today."""

    id: int
    patient_id: int
    kind: str
    state: str
    title: str
    body: str
    language: str
    version: int
    text_sha256: str
    requested_on: date
    signed_on: date | None
    valid_until: date | None
    signing: signers.Signing

    @property
    def is_open(self) -> bool:
        """Return whether it may still be signed."""
        return self.state in rules.UNSIGNED_STATES


def consent_form(actor: Actor, consent_id: int) -> ConsentForm:
    """Return a consent of a file that ``actor`` may see.

    Raises:
        NotFoundError: there is no such consent for this person.
    """
    found = (
        select(Consent, ConsentTemplate, Patient)
        .join(ConsentTemplate, ConsentTemplate.id == Consent.template_id)
        .join(Patient, Patient.id == Consent.patient_id)
        .where(Consent.id == consent_id, patients.is_visible_to(actor))
    )
    with reading(actor, *READERS) as session:
        row = session.execute(found).one_or_none()
        if row is None:
            raise NotFoundError("Not found.")
        consent, template, patient = row
        return ConsentForm(
            consent.id,
            consent.patient_id,
            template.kind,
            consent.state,
            template.title,
            template.body,
            template.language,
            template.version,
            template.text_sha256,
            consent.requested_on,
            consent.signed_on,
            consent.valid_until,
            signers.of(session, template, patient, consent.id, today(session)),
        )


def signer_names(actor: Actor, patient_ids: list[int]) -> dict[int, str]:
    """Return the guardians' names by guardian id, of the files given that ``actor`` may see."""
    found = (
        select(Guardian.id, Guardian.given_name, Guardian.surnames)
        .join(Patient, Patient.id == Guardian.patient_id)
        .where(Guardian.patient_id.in_(patient_ids), patients.is_visible_to(actor))
    )
    with reading(actor, *READERS) as session:
        return {row.id: f"{row.given_name} {row.surnames or ''}".strip() for row in session.execute(found)}


def attempts(actor: Actor, patient_id: int) -> pd.DataFrame:
    """Return the attempts to obtain a patient's signatures: attempted_at, kind, channel, outcome, by; latest first."""
    patients.patient_file(actor, patient_id)
    found = (
        select(
            ConsentAttempt.attempted_at,
            ConsentAttempt.kind,
            ConsentAttempt.channel,
            ConsentAttempt.outcome,
            AppUser.display_name.label("by"),
        )
        .outerjoin(AppUser, AppUser.id == ConsentAttempt.attempted_by_id)
        .where(ConsentAttempt.patient_id == patient_id)
        .order_by(ConsentAttempt.attempted_at.desc())
        .limit(20)
    )
    return frame(actor, found, *READERS)
