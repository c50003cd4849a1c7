"""What is done about consents: request, log an attempt, record a signature, decline, withdraw. One transaction each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard.access.actor import Actor, NotFoundError, Role, RuleBrokenError, transaction
from dashboard.access.queries import today
from dashboard.consent import rules, signers
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
from dashboard.patients.models import Patient
from dashboard.patients.queries import is_visible_to
from dashboard.patients.rules import cleaned

WRITERS: tuple[Role, ...] = ("manager", "front_desk", "therapist")
LONGEST_EVIDENCE = 200


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
        consent = Consent(patient_id=patient_id, template_id=template.id, requested_on=today(session))
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


@dataclass(frozen=True)
class Signature:
    """A signature as it is recorded: who (no guardian means the patient), how, when, and under which text.

    ``text_sha256`` is the hash of the text that was shown; ``evidence`` says where the signed paper or file is kept.
    """

    guardian_id: int | None
    method: str
    signed_on: date
    text_sha256: str
    evidence: str | None = None


def record_signature(actor: Actor, consent_id: int, signature: Signature) -> bool:
    """Record that the patient or a guardian signed; return whether the consent is now complete.

    Raises:
        NotFoundError: there is no such consent for this person.
        RuleBrokenError: it is not open, this person signed already or does not sign it, or the text changed.
    """
    if signature.method not in METHODS:
        raise RuleBrokenError("This choice is not on the list.")
    evidence = cleaned(signature.evidence)
    if len(evidence or "") > LONGEST_EVIDENCE:
        raise RuleBrokenError("A text is too long.")
    with transaction(actor, *WRITERS) as session:
        consent, template, patient = _open_consent(session, actor, consent_id)
        signing = signers.of(session, template, patient, consent_id, signature.signed_on)
        _check_signature(signature, consent, template, signing, today(session))
        session.add(
            ConsentSignature(
                consent_id=consent_id,
                guardian_id=signature.guardian_id,
                signed_at=datetime.combine(signature.signed_on, time(12), UTC),
                method=signature.method,
                text_sha256=signature.text_sha256,
                evidence=evidence,
                recorded_by_id=actor.user_id,
            )
        )
        session.flush()
        # Recorded late, an earlier signature completes a consent on the day of the latest one.
        day = max(signature.signed_on, *signing.signed_on.values(), date.min)
        signing = signers.of(session, template, patient, consent_id, day)
        if signing.is_complete:
            _complete(session, consent, template, day)
        return signing.is_complete


def _check_signature(
    signature: Signature, consent: Consent, template: ConsentTemplate, signing: signers.Signing, latest: date
) -> None:
    if template.text_sha256 != signature.text_sha256:
        raise RuleBrokenError("The text was changed since it was shown. Request a new consent.")
    if not consent.requested_on <= signature.signed_on <= latest:
        raise RuleBrokenError("The day of the signature lies between the request and today.")
    signer = rules.Signer(signature.guardian_id)
    if signer in signing.signed:
        raise RuleBrokenError("This person has signed already.")
    if signer not in signing.may_sign:
        raise RuleBrokenError("This person does not sign this consent.")


def _complete(session: Session, consent: Consent, template: ConsentTemplate, day: date) -> None:
    """Mark a consent signed, and what it replaces as superseded."""
    formers = session.scalars(
        select(Consent)
        .join(ConsentTemplate, ConsentTemplate.id == Consent.template_id)
        .where(
            Consent.patient_id == consent.patient_id,
            ConsentTemplate.kind == template.kind,
            Consent.state == "signed",
            Consent.id != consent.id,
        )
    )
    for former in formers:
        former.state, former.ended_on = "superseded", max(day, former.signed_on or day)
    consent.state, consent.signed_on = "signed", day
    consent.valid_until = rules.valid_until(day, template.validity_months)


def complete_consent(actor: Actor, consent_id: int) -> None:
    """Mark a consent signed when nobody else has to sign any more, because the file's guardians changed.

    Raises:
        NotFoundError: there is no such consent for this person.
        RuleBrokenError: it is not open, or a signature is missing.
    """
    with transaction(actor, *WRITERS) as session:
        consent, template, patient = _open_consent(session, actor, consent_id)
        signing = signers.of(session, template, patient, consent_id, today(session))
        if not signing.is_complete:
            raise RuleBrokenError("A signature is missing.")
        _complete(session, consent, template, max(signing.signed_on.values()))


def decline_consent(actor: Actor, consent_id: int) -> None:
    """Record that the person does not consent."""
    with transaction(actor, *WRITERS) as session:
        consent, _template_read, _patient = _open_consent(session, actor, consent_id)
        consent.state, consent.declined_on = "declined", today(session)


def withdraw_consent(actor: Actor, consent_id: int) -> None:
    """End a signed consent from today on; what was held while it was valid stays covered."""
    with transaction(actor, *WRITERS) as session:
        consent = session.get(Consent, consent_id, with_for_update=True)
        if consent is None:
            raise NotFoundError("Not found.")
        _file(session, actor, consent.patient_id)
        if consent.state != "signed":
            raise RuleBrokenError("Only a signed consent can be withdrawn.")
        consent.state, consent.ended_on = "withdrawn", today(session)


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
