"""The timeline of a file: everything of it in order, money for the office alone, nothing of a colleague's file."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from dashboard import db
from dashboard.access.actor import Actor, NotAllowedError, NotFoundError
from dashboard.record import timeline
from tests.acting import someone
from tests.conftest import Database

ZONE = "Europe/Madrid"
COUNTS = {
    "session": "select count(*) from appointment_patient where patient_id = :id",
    "invoice": "select count(*) from invoice where patient_id = :id",
    "payment": "select count(*) from payment where patient_id = :id",
    "care_begins": "select count(*) from care_episode where patient_id = :id",
    "consent": "select count(requested_on) + count(signed_on) + count(declined_on) + count(ended_on)"
    " from consent where patient_id = :id",
}


def busy_file(actor: Actor | None = None) -> int:
    """Return a file with sessions and invoices; of a therapist, when one is named."""
    whose = "" if actor is None else f" where p.main_therapist_id = {actor.therapist_id}"
    with db.administration(read_only=True) as session:
        found: int = session.execute(
            text(f"select i.patient_id from invoice as i join patient as p on p.id = i.patient_id{whose} limit 1")
        ).scalar_one()
    return found


def test_everything_of_a_file_is_there_the_latest_first(demo_database: Database) -> None:
    patient = busy_file()
    told = timeline.timeline(someone("manager"), patient, ZONE)
    assert list(told["on_day"]) == sorted(told["on_day"], reverse=True)
    with db.administration(read_only=True) as session:
        for kind, counted in COUNTS.items():
            expected = session.execute(text(counted), {"id": patient}).scalar_one()
            assert (told["kind"] == kind).sum() == expected, kind


def test_it_is_narrowed_to_a_part(demo_database: Database) -> None:
    told = timeline.timeline(someone("front_desk"), busy_file(), ZONE, ("sessions",))
    assert set(told["kind"]) == {"session"}


def test_a_therapist_sees_no_money_and_no_file_of_a_colleagues(demo_database: Database) -> None:
    therapist = someone("therapist")
    told = timeline.timeline(therapist, busy_file(therapist), ZONE, ("sessions", "invoices", "payments"))
    assert set(told["kind"]) == {"session"}
    assert "invoices" not in timeline.kinds(therapist)
    with db.administration(read_only=True) as session:
        foreign: int = session.execute(
            text("select id from patient where main_therapist_id <> :me limit 1"), {"me": therapist.therapist_id}
        ).scalar_one()
    with pytest.raises(NotFoundError):
        timeline.timeline(therapist, foreign, ZONE)
    with pytest.raises(NotAllowedError):
        timeline.timeline(someone("auditor"), foreign, ZONE)
