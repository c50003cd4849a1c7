"""A ten-year-old with two guardians, an adult, and who works with them, in a database of each test's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

import pytest

from dashboard import clock, db
from dashboard.access.actor import Actor, Role
from dashboard.consent import commands, queries
from dashboard.consent.commands import Signature
from dashboard.consent.models import Consent, ConsentTemplate
from dashboard.patients.models import Guardian, Patient
from dashboard.team.models import Therapist
from tests.acting import newcomer
from tests.conftest import Database

TODAY = clock.today("Europe/Madrid")
LONG_AGO = TODAY - timedelta(days=200)
TEXT = "I was told and agree."


@dataclass(frozen=True)
class Practice:
    """Who asks for consents, and who signs them."""

    front_desk: Actor
    therapist: Actor
    colleague: Actor
    auditor: Actor
    adult: int
    minor: int
    mother: int
    father: int

    def request(self, patient: int, kind: str = "treatment") -> int:
        """Request a consent as if some days ago, so that signatures may be dated back."""
        consent = commands.request_consent(self.front_desk, patient, kind)
        with db.administration() as session:
            session.get_one(Consent, consent).requested_on = LONG_AGO
        return consent

    def sign(self, consent: int, guardian: int | None = None, day: date = TODAY, actor: Actor | None = None) -> bool:
        """Record a signature on paper under the text as it is."""
        form = queries.consent_form(self.front_desk, consent)
        signature = Signature(guardian, "paper_scanned", day, form.text_sha256, "Cabinet 3")
        return commands.record_signature(actor or self.front_desk, consent, signature)

    def state(self, consent: int) -> str:
        """Return the state of a consent."""
        return queries.consent_form(self.front_desk, consent).state


@pytest.fixture
def practice(database: Database) -> Practice:
    """Return the practice."""
    with db.administration() as session:
        therapists = [Therapist(given_name=name, surnames="Ruiz") for name in ("Ana", "Luis")]
        adult = Patient(given_name="Eva", birth_date=date(1980, 5, 5))
        minor = Patient(given_name="Leo", birth_date=TODAY - timedelta(days=3_700))
        session.add_all([*therapists, adult, minor])
        session.flush()
        adult.main_therapist_id = minor.main_therapist_id = therapists[0].id
        guardians = [
            Guardian(patient_id=minor.id, given_name=name, relation=relation, has_authority=True, custody="joint")
            for name, relation in (("Rosa", "mother"), ("Juan", "father"))
        ]
        session.add_all(guardians)
        for kind in ("treatment", "data_protection", "telehealth"):
            session.add(template(kind, TEXT))
        session.flush()

        def person(role: Role, therapist_id: int | None = None) -> Actor:
            return newcomer(role, therapist_id, session)

        return Practice(
            front_desk=person("front_desk"),
            therapist=person("therapist", therapists[0].id),
            colleague=person("therapist", therapists[1].id),
            auditor=person("auditor"),
            adult=adult.id,
            minor=minor.id,
            mother=guardians[0].id,
            father=guardians[1].id,
        )


def template(kind: str, body: str, version: int = 1) -> ConsentTemplate:
    """Return a text that the patient and every guardian sign, valid for a year."""
    return ConsentTemplate(
        kind=kind,
        language="es",
        version=version,
        title=kind,
        body=body,
        text_sha256=sha256(body.encode()).hexdigest(),
        validity_months=12,
        signed_by="both",
        required_when="always",
    )
