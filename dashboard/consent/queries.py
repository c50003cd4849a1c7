"""Questions about consent: what is missing before which session, who must sign, and what a file holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import TextClause, bindparam, select, text

from dashboard.access.actor import Actor, NotFoundError, Role, reading
from dashboard.access.models import AppUser
from dashboard.consent.models import Consent, ConsentAttempt, ConsentSignature, ConsentTemplate
from dashboard.patients import queries as patients
from dashboard.patients.models import Guardian

READERS: tuple[Role, ...] = ("manager", "front_desk", "therapist")

# What is chosen narrows the list; nothing chosen (null) narrows nothing.
CHOSEN = """
    not consent_status.is_valid
    and (cast(:kind as text) is null or consent_status.kind = :kind)
    and (cast(:status as text) is null or consent_status.status = :status)
    and (cast(:site_id as bigint) is null or consent_status.site_id = :site_id)
    and (cast(:therapist_id as bigint) is null or consent_status.therapist_id = :therapist_id)
    and (cast(:own_id as bigint) is null or consent_status.therapist_id = :own_id)
"""
WORK_LIST = text(
    """
    select
        consent_status.patient_id, consent_status.kind, consent_status.status, consent_status.consent_id,
        consent_status.missing_signers, consent_status.next_session_at, consent_status.valid_until,
        consent_status.therapist_id, patient.number,
        concat_ws(' ', patient.given_name, patient.surname_1, patient.surname_2) as name,
        concat_ws(' ', therapist.given_name, therapist.surnames) as therapist_name,
        attempt.attempted_at as last_attempt_at, attempt.outcome as last_outcome
    from marts.consent_status
    join patient on patient.id = consent_status.patient_id
    left join therapist on therapist.id = consent_status.therapist_id
    left join lateral (
        select attempted_at, outcome from consent_attempt
        where consent_attempt.patient_id = consent_status.patient_id and consent_attempt.kind = consent_status.kind
        order by attempted_at desc limit 1
    ) as attempt on true
    where """
    + CHOSEN
    + """
    order by consent_status.next_session_at nulls last, consent_status.patient_id, consent_status.kind
    limit :limit offset :offset
    """
)
WORK_LIST_NUMBER = text("select count(*) from marts.consent_status where " + CHOSEN)
NEEDED = text(
    "select kind, status, consent_id, signed_on, valid_until, missing_signers, next_session_at, is_valid"
    " from marts.consent_status where patient_id = :patient_id order by kind"
)
WITHOUT = text(
    """
    select
        sessions_without_consent.appointment_id, sessions_without_consent.patient_id, sessions_without_consent.kind,
        sessions_without_consent.session_on,
        concat_ws(' ', patient.given_name, patient.surname_1, patient.surname_2) as name,
        concat_ws(' ', therapist.given_name, therapist.surnames) as therapist_name
    from marts.sessions_without_consent
    join patient on patient.id = sessions_without_consent.patient_id
    join therapist on therapist.id = sessions_without_consent.therapist_id
    where sessions_without_consent.session_on >= :since
        and (cast(:site_id as bigint) is null or sessions_without_consent.site_id = :site_id)
        and (cast(:own_id as bigint) is null or patient.main_therapist_id = :own_id)
    order by sessions_without_consent.session_on desc, sessions_without_consent.appointment_id
    limit :limit offset :offset
    """
)


@dataclass(frozen=True)
class Filter:
    """What narrows the work list; nothing chosen narrows nothing."""

    kind: str | None = None
    status: str | None = None
    site_id: int | None = None
    therapist_id: int | None = None

    def values(self, actor: Actor) -> dict[str, Any]:
        """Return the values to bind, with the therapist's own id for a therapist."""
        own = actor.therapist_id if actor.role == "therapist" else None
        return {
            "kind": self.kind,
            "status": self.status,
            "site_id": self.site_id,
            "therapist_id": self.therapist_id,
            "own_id": own,
        }


def consents_missing(actor: Actor, chosen: Filter, *, limit: int = 25, offset: int = 0) -> pd.DataFrame:
    """Return what is missing, the patients with the nearest session first.

    Columns: patient_id, number, name, kind, status, consent_id, missing_signers, next_session_at, valid_until,
    therapist_id, therapist_name, last_attempt_at, last_outcome.
    """
    return _frame(actor, WORK_LIST, {**chosen.values(actor), "limit": limit, "offset": offset})


def consents_missing_number(actor: Actor, chosen: Filter) -> int:
    """Return how many rows ``consents_missing`` has over all its pages."""
    with reading(actor, *READERS) as session:
        return int(session.execute(WORK_LIST_NUMBER, chosen.values(actor)).scalar_one())


def consents_needed(actor: Actor, patient_id: int) -> pd.DataFrame:
    """Return each kind of consent that a file needs now, with its status; one row per kind."""
    patients.patient_file(actor, patient_id)
    return _frame(actor, NEEDED, {"patient_id": patient_id})


def sessions_without_consent(
    actor: Actor, since: date, *, site_id: int | None = None, limit: int = 25, offset: int = 0
) -> pd.DataFrame:
    """Return sessions held since ``since`` while a consent was not valid, the latest first."""
    own = actor.therapist_id if actor.role == "therapist" else None
    values = {"since": since, "site_id": site_id, "own_id": own, "limit": limit, "offset": offset}
    return _frame(actor, WITHOUT, values)


def _frame(actor: Actor, question: TextClause, values: dict[str, Any]) -> pd.DataFrame:
    with reading(actor, *READERS) as session:
        result = session.execute(question, values)
        return pd.DataFrame(result.all(), columns=list(result.keys()))


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
    with reading(actor, *READERS) as session:
        result = session.execute(found)
        return pd.DataFrame(result.all(), columns=list(result.keys()))


@dataclass(frozen=True)
class ConsentForm:
    """A consent, the text that is signed, and who has signed it (guardian ids; nothing means the patient)."""

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
    signed_by_ids: tuple[int | None, ...]


def consent_form(actor: Actor, consent_id: int) -> ConsentForm:
    """Return a consent of a file that ``actor`` may see.

    Raises:
        NotFoundError: there is no such consent for this person.
    """
    found = (
        select(Consent, ConsentTemplate)
        .join(ConsentTemplate, ConsentTemplate.id == Consent.template_id)
        .where(Consent.id == consent_id)
    )
    with reading(actor, *READERS) as session:
        row = session.execute(found).one_or_none()
        signed = session.scalars(
            select(ConsentSignature.guardian_id).where(ConsentSignature.consent_id == consent_id)
        ).all()
    if row is None:
        raise NotFoundError("Not found.")
    consent, template = row
    patients.patient_file(actor, consent.patient_id)
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
        tuple(signed),
    )


def signer_names(actor: Actor, patient_ids: list[int]) -> dict[int, str]:
    """Return the guardians' names by guardian id, of the files given that ``actor`` may see."""
    found = (
        select(Guardian.id, Guardian.given_name, Guardian.surnames)
        .join(patients.Patient, patients.Patient.id == Guardian.patient_id)
        .where(Guardian.patient_id.in_(bindparam("ids", expanding=True)), patients.is_visible_to(actor))
    )
    with reading(actor, *READERS) as session:
        return {
            row.id: f"{row.given_name} {row.surnames or ''}".strip()
            for row in session.execute(found, {"ids": patient_ids})
        }


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
    with reading(actor, *READERS) as session:
        result = session.execute(found)
        return pd.DataFrame(result.all(), columns=list(result.keys()))
