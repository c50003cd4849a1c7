"""Two therapists, a room and a few patients; every appointment is placed relative to now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from dashboard import clock
from dashboard.access.actor import Actor
from dashboard.access.models import Practice
from dashboard.agenda.models import Appointment, Attendee
from dashboard.patients.models import Patient
from dashboard.team.models import Room, Service, Site, Therapist
from tests.acting import newcomer
from tests.conftest import Database
from tests.dashboard.billing.conftest import add, owner, rows

AN_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Week:
    """Who meets whom, and where."""

    manager: Actor
    front_desk: Actor
    therapist: Actor
    colleague: Actor
    auditor: Actor
    site: int
    room: int
    service: int
    patient: int
    partner: int

    def book(
        self,
        in_hours: float,
        *patients: int,
        therapist: Actor | None = None,
        state: str = "booked",
        starts_at: datetime | None = None,
        **values: Any,
    ) -> int:
        """Write an appointment of an hour, ``in_hours`` from now, and return its id."""
        starts = starts_at or clock.now() + in_hours * AN_HOUR
        cancelled = {"cancelled_at": starts, "cancelled_by": "patient"} if "cancelled" in state else {}
        appointment = add(
            Appointment,
            therapist_id=(therapist or self.therapist).therapist_id,
            site_id=self.site,
            service_id=self.service,
            starts_at=starts,
            ends_at=starts + AN_HOUR,
            state=state,
            **{"fee_cents": 6_000, **cancelled, **values},
        )
        with owner() as connection:
            for position, patient in enumerate(patients or (self.patient,), start=1):
                connection.execute(
                    Attendee.__table__.insert().values(
                        appointment_id=appointment, patient_id=patient, position=position
                    )
                )
        return appointment


def now_of(appointment: int) -> Any:
    """Return an appointment's row as it is now."""
    [row] = rows("select * from appointment where id = :id", id=appointment)
    return row


@pytest.fixture
def week(database: Database) -> Week:
    """Return a practice with somebody to meet."""
    add(Practice, id=1, name="Consulta Norte", time_zone="Europe/Madrid")
    site = add(Site, name="Norte")
    ana, luis = (add(Therapist, given_name=name, surnames="Ruiz", site_id=site) for name in ("Ana", "Luis"))
    return Week(
        manager=newcomer("manager"),
        front_desk=newcomer("front_desk"),
        therapist=newcomer("therapist", ana),
        colleague=newcomer("therapist", luis),
        auditor=newcomer("auditor"),
        site=site,
        room=add(Room, site_id=site, name="Sala 1"),
        service=add(
            Service,
            name="Individual",
            kind="individual",
            minutes=60,
            price_cents=6_000,
            cancellation_window_hours=24,
            late_fee_percent=50,
        ),
        patient=add(Patient, given_name="Eva", surname_1="Vega", main_therapist_id=ana),
        partner=add(Patient, given_name="Tomás", surname_1="Soto", main_therapist_id=ana),
    )
