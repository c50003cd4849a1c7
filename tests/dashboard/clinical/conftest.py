"""Two therapists, their patients and sessions, and a master key of each test's own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dashboard import clock, db
from dashboard.access.actor import Actor
from dashboard.access.models import Practice
from dashboard.agenda.models import Appointment, Attendee
from dashboard.clinical import commands, keyring, unsealing
from dashboard.patients.models import CareTeamMember, Patient
from dashboard.team.models import Service, Site, Therapist
from tests.acting import newcomer
from tests.conftest import Database
from tests.dashboard.billing.conftest import add

SECRET = "Quokka-7731 cries at night"


@dataclass(frozen=True)
class Room:
    """Who treats whom."""

    ana: Actor
    luis: Actor
    others: dict[str, Actor]
    eva: int
    tomas: int
    session: int
    colleagues_session: int
    key_file: Path

    def note(self, text: str = SECRET, *, subjective: str = "", sign: bool = False, session: int | None = None) -> int:
        """Return a note of Ana about Eva."""
        note = commands.start_note(self.ana, session or self.session, self.eva)
        version = commands.save_draft(self.ana, note, 1, {"assessment": text}, subjective)
        if sign:
            commands.sign_note(self.ana, note, version)
        return note


def held(therapist: int, site: int, service: int, patient: int, days_ago: int = 1, state: str = "attended") -> int:
    """Write a session in the past (or ahead) and return its id."""
    starts = clock.now() - timedelta(days=days_ago)
    appointment = add(
        Appointment,
        therapist_id=therapist,
        site_id=site,
        service_id=service,
        starts_at=starts,
        ends_at=starts + timedelta(hours=1),
        state=state,
        fee_cents=6_000,
        cancelled_at=starts if "cancelled" in state else None,
    )
    add(Attendee, appointment_id=appointment, patient_id=patient, therapist_id=therapist)
    return appointment


@pytest.fixture
def key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file with a master key that only this test uses."""
    path = tmp_path / "keys" / "master.key"
    monkeypatch.setenv("INTERSESSION_MASTER_KEY_FILE", str(path))
    db.forget_engines()
    keyring.ensure_key()
    unsealing._unwrapped.cache_clear()
    return path


@pytest.fixture
def room(database: Database, key_file: Path) -> Room:
    """Return a practice where Ana treats Eva, and Luis treats Tomás."""
    add(Practice, id=1, name="Consulta Norte", time_zone="Europe/Madrid")
    site = add(Site, name="Norte")
    service = add(Service, name="Individual", kind="individual", minutes=60, price_cents=6_000)
    ana, luis = (add(Therapist, given_name=name, surnames="Ruiz", site_id=site) for name in ("Ana", "Luis"))
    eva = add(Patient, given_name="Eva", surname_1="Vega", main_therapist_id=ana)
    tomas = add(Patient, given_name="Tomás", surname_1="Soto", main_therapist_id=luis)
    roles: Any = ("manager", "front_desk", "auditor")
    return Room(
        ana=newcomer("therapist", ana),
        luis=newcomer("therapist", luis),
        others={role: newcomer(role) for role in roles},
        eva=eva,
        tomas=tomas,
        session=held(ana, site, service, eva),
        colleagues_session=held(luis, site, service, tomas),
        key_file=key_file,
    )


def join_care(therapist: Actor, patient: int) -> None:
    """Let a therapist care for a file beside its main therapist."""
    add(CareTeamMember, patient_id=patient, therapist_id=therapist.therapist_id, kind="co_therapist")
