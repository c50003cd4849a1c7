"""Who must sign a consent and who has: the rules, answered from the records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date

from sqlalchemy import select
from sqlalchemy.orm import Session

from dashboard.consent import rules
from dashboard.consent.models import ConsentSignature, ConsentTemplate
from dashboard.consent.rules import Signer
from dashboard.patients.models import Guardian, Patient


@dataclass(frozen=True)
class Signing:
    """Where the signing of one consent stands on a day; ``signed_on`` holds the day of each signature given."""

    required: tuple[Signer, ...]
    may_sign: tuple[Signer, ...]
    signed_on: dict[Signer, date]
    guardian_needed: bool

    @property
    def signed(self) -> set[Signer]:
        """Return who signed."""
        return set(self.signed_on)

    @property
    def still_to_sign(self) -> list[Signer]:
        """Return whose signature is accepted and not there yet; nobody once the consent is complete."""
        return [] if self.is_complete else [signer for signer in self.may_sign if signer not in self.signed_on]

    @property
    def is_complete(self) -> bool:
        """Return whether everybody who must has signed."""
        return rules.is_complete(self.required, self.signed_on, guardian_needed=self.guardian_needed)


def of(session: Session, template: ConsentTemplate, patient: Patient, consent_id: int, day: date) -> Signing:
    """Return who must sign a consent of ``patient`` on ``day``, and who has."""
    guardians = session.scalars(select(Guardian).where(Guardian.patient_id == patient.id).order_by(Guardian.id)).all()
    authority = [guardian.id for guardian in guardians if guardian.has_authority]
    needed = rules.needs_guardian(template.signed_by, patient.birth_date, day)
    required = rules.required_signers(template.signed_by, template.kind, patient.birth_date, authority, day)
    given = session.execute(
        select(ConsentSignature.guardian_id, ConsentSignature.signed_at).where(
            ConsentSignature.consent_id == consent_id
        )
    )
    return Signing(
        tuple(required),
        tuple(rules.may_sign(required, [guardian.id for guardian in guardians], guardian_needed=needed)),
        {Signer(row.guardian_id): row.signed_at.astimezone(UTC).date() for row in given},
        needed,
    )
