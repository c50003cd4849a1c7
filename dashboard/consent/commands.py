"""What is done about consents: request, log an attempt, record a signature, decline, withdraw. One transaction each."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard import clock
from dashboard.access.actor import Actor, NotFoundError, Role, RuleBrokenError, transaction
from dashboard.consent import rules
from dashboard.consent.models import (
    CHANNELS,
    KINDS,
    METHODS,
    OUTCOMES,
    Consent,
    ConsentAttempt,
    ConsentSignature,
    ConsentTemplate,
)
from dashboard.patients.models import Guardian, Patient
from dashboard.patients.queries import is_visible_to

WRITERS: tuple[Role, ...] = ("manager", "front_desk", "therapist")


def request_consent(actor: Actor, patient_id: int, kind: str) -> int:
    """Ask for a kind of consent in the patient's language; return the consent, the open one when there is one.

    Raises:
        NotFoundError: there is no such file for this person.
        RuleBrokenError: the practice has no text of this kind.
    """
    if kind not in KINDS:
        raise RuleBrokenError("This choice is not on the list.")
    with transaction(actor, *WRITERS) as session:
        patient = _file(session, actor, patient_id)
        open_one = session.scalars(
            select(Consent.id)
            .join(ConsentTemplate, ConsentTemplate.id == Consent.template_id)
            .where(
                Consent.patient_id == patient_id,
                ConsentTemplate.kind == kind,
                Consent.state.in_(rules.UNSIGNED_STATES),
            )
            .order_by(Consent.id.desc())
        ).first()
        if open_one is not None:
            return open_one
        template = _template(session, kind, patient.preferred_language)
        consent = Consent(patient_id=patient_id, template_id=template.id, requested_on=clock.today())
        session.add(consent)
        session.flush()
        return consent.id


def _template(session: Session, kind: str, language: str) -> ConsentTemplate:
    """Return the newest text of a kind, in ``language`` where there is one."""
    found = session.scalars(
        select(ConsentTemplate)
        .where(ConsentTemplate.kind == kind, ConsentTemplate.is_active)
        .order_by((ConsentTemplate.language == language).desc(), ConsentTemplate.version.desc())
    ).first()
    if found is None:
        raise RuleBrokenError("The practice has no text for this kind of consent yet.")
    return found


def log_attempt(actor: Actor, patient_id: int, kind: str, channel: str, outcome: str) -> None:
    """Note one attempt to obtain what is missing.

    Raises:
        NotFoundError: there is no such file for this person.
        RuleBrokenError: a choice is not on the list.
    """
    if kind not in KINDS or channel not in CHANNELS or outcome not in OUTCOMES:
        raise RuleBrokenError("This choice is not on the list.")
    with transaction(actor, *WRITERS) as session:
        _file(session, actor, patient_id)
        session.add(
            ConsentAttempt(
                patient_id=patient_id,
                kind=kind,
                channel=channel,
                outcome=outcome,
                attempted_by_id=actor.user_id,
            )
        )


def record_signature(
    actor: Actor,
    consent_id: int,
    *,
    guardian_id: int | None,
    method: str,
    signed_on: date,
    text_sha256: str,
    evidence: str | None = None,
) -> bool:
    """Record that the patient (no guardian) or a guardian signed; return whether the consent is now complete.

    Args:
        actor: Who records it.
        consent_id: The consent.
        guardian_id: Who signed; nothing means the patient.
        method: How: on screen, on paper, electronically.
        signed_on: The day of the signature, today or earlier.
        text_sha256: Hash of the text that was shown; a text changed since is refused.
        evidence: Where the signed paper or file is kept.

    Raises:
        NotFoundError: there is no such consent for this person.
        RuleBrokenError: it was signed by this person already, is not open, or the text changed.
    """
    if method not in METHODS:
        raise RuleBrokenError("This choice is not on the list.")
    with transaction(actor, *WRITERS) as session:
        consent, template, patient = _open_consent(session, actor, consent_id)
        if template.text_sha256 != text_sha256:
            raise RuleBrokenError("The text was changed since it was shown. Request a new consent.")
        if not consent.requested_on <= signed_on <= clock.today():
            raise RuleBrokenError("The day of the signature lies between the request and today.")
        signed = _signed(session, consent_id)
        if rules.Signer(guardian_id) in signed:
            raise RuleBrokenError("This person has signed already.")
        session.add(
            ConsentSignature(
                consent_id=consent_id,
                guardian_id=guardian_id,
                signed_at=datetime.combine(signed_on, time(12), UTC),
                method=method,
                text_sha256=text_sha256,
                evidence=evidence,
                recorded_by_id=actor.user_id,
            )
        )
        session.flush()
        return _complete(session, consent, template, patient, {*signed, rules.Signer(guardian_id)}, signed_on)


def _complete(
    session: Session,
    consent: Consent,
    template: ConsentTemplate,
    patient: Patient,
    signed: set[rules.Signer],
    day: date,
) -> bool:
    """Mark a consent signed when everybody has, and what it replaces as superseded."""
    authority = session.scalars(
        select(Guardian.id).where(Guardian.patient_id == patient.id, Guardian.has_authority.is_(True))
    ).all()
    required = rules.required_signers(template.signed_by, template.kind, patient.birth_date, authority, day)
    needed = rules.needs_guardian(template.signed_by, patient.birth_date, day)
    if not rules.is_complete(required, signed, guardian_needed=needed):
        return False
    for former in session.scalars(
        select(Consent)
        .join(ConsentTemplate, ConsentTemplate.id == Consent.template_id)
        .where(
            Consent.patient_id == patient.id,
            ConsentTemplate.kind == template.kind,
            Consent.state == "signed",
            Consent.id != consent.id,
        )
    ):
        former.state, former.ended_on = "superseded", day
    consent.state, consent.signed_on = "signed", day
    consent.valid_until = rules.valid_until(day, template.validity_months)
    return True


def decline_consent(actor: Actor, consent_id: int) -> None:
    """Record that the person does not consent."""
    with transaction(actor, *WRITERS) as session:
        consent, _template_read, _patient = _open_consent(session, actor, consent_id)
        consent.state, consent.declined_on = "declined", clock.today()


def withdraw_consent(actor: Actor, consent_id: int) -> None:
    """End a signed consent from today on; what was held while it was valid stays covered."""
    with transaction(actor, *WRITERS) as session:
        consent = session.get(Consent, consent_id, with_for_update=True)
        if consent is None:
            raise NotFoundError("Not found.")
        _file(session, actor, consent.patient_id)
        if consent.state != "signed":
            raise RuleBrokenError("Only a signed consent can be withdrawn.")
        consent.state, consent.ended_on = "withdrawn", clock.today()


def _file(session: Session, actor: Actor, patient_id: int) -> Patient:
    found = session.scalars(select(Patient).where(Patient.id == patient_id, is_visible_to(actor))).one_or_none()
    if found is None:
        raise NotFoundError("Not found.")
    return found


def _open_consent(session: Session, actor: Actor, consent_id: int) -> tuple[Consent, ConsentTemplate, Patient]:
    """Return a consent that may still be signed, locked, with its text and file."""
    consent = session.get(Consent, consent_id, with_for_update=True)
    if consent is None:
        raise NotFoundError("Not found.")
    patient = _file(session, actor, consent.patient_id)
    if consent.state not in rules.UNSIGNED_STATES:
        raise RuleBrokenError("This consent is no longer open. Request a new one.")
    template = session.get_one(ConsentTemplate, consent.template_id)
    return consent, template, patient


def _signed(session: Session, consent_id: int) -> set[rules.Signer]:
    found = session.scalars(select(ConsentSignature.guardian_id).where(ConsentSignature.consent_id == consent_id))
    return {rules.Signer(guardian_id) for guardian_id in found}
