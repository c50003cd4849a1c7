"""The end of care and a return to it: discharge, archive, reopen; the episodes of a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from dashboard import clock
from dashboard.access.actor import Actor, ChangedSinceError, NotFoundError, RuleBrokenError, reading, transaction
from dashboard.patients.models import DISCHARGE_REASONS, CareEpisode, Patient
from dashboard.patients.queries import READERS, is_visible_to


@dataclass(frozen=True)
class Episode:
    """A stretch of care; nothing in ``discharged_on`` while it lasts."""

    opened_on: date
    discharged_on: date | None
    reason: str | None


def episodes(actor: Actor, patient_id: int) -> list[Episode]:
    """Return the episodes of a file, the latest first."""
    found = (
        select(CareEpisode.opened_on, CareEpisode.discharged_on, CareEpisode.reason)
        .where(CareEpisode.patient_id == patient_id)
        .order_by(CareEpisode.opened_on.desc(), CareEpisode.id.desc())
    )
    with reading(actor, *READERS) as session:
        return [Episode(**row) for row in session.execute(found).mappings()]


def discharge(actor: Actor, patient_id: int, version: int, on: date, reason: str) -> None:
    """End the care of a patient on a day, with a reason.

    Raises:
        NotFoundError: there is no such file for this person.
        ChangedSinceError: somebody changed it since it was read.
        RuleBrokenError: it is closed already, or the day or the reason does not fit.
    """
    if reason not in DISCHARGE_REASONS:
        raise RuleBrokenError("This choice is not on the list.")
    with transaction(actor, *READERS) as session:
        patient = _at_version(session, actor, patient_id, version)
        if patient.discharged_on is not None:
            raise RuleBrokenError("The file is closed already.")
        if not patient.opened_on <= on <= clock.today():
            raise RuleBrokenError("Care ends between the opening of the file and today.")
        patient.status, patient.discharged_on = "discharged", on
        session.flush()
        ended = select(CareEpisode.id).where(CareEpisode.patient_id == patient_id, CareEpisode.discharged_on == on)
        latest = ended.order_by(CareEpisode.id.desc()).limit(1).scalar_subquery()
        session.execute(update(CareEpisode).where(CareEpisode.id == latest).values(reason=reason))


def archive(actor: Actor, patient_id: int, version: int) -> None:
    """Put a closed file away: it is found by its status alone.

    Raises:
        NotFoundError: there is no such file for this person.
        ChangedSinceError: somebody changed it since it was read.
        RuleBrokenError: the patient was not discharged.
    """
    with transaction(actor, *READERS) as session:
        patient = _at_version(session, actor, patient_id, version)
        if patient.discharged_on is None or patient.status != "discharged":
            raise RuleBrokenError("Only the file of a discharged patient is archived.")
        patient.status = "archived"


def reopen(actor: Actor, patient_id: int, version: int) -> None:
    """Take up care again: the file is active, and a new episode begins.

    Raises:
        NotFoundError: there is no such file for this person.
        ChangedSinceError: somebody changed it since it was read.
        RuleBrokenError: it is not closed.
    """
    with transaction(actor, *READERS) as session:
        patient = _at_version(session, actor, patient_id, version)
        if patient.discharged_on is None:
            raise RuleBrokenError("The file is open.")
        patient.status, patient.discharged_on = "active", None


def _at_version(session: Session, actor: Actor, patient_id: int, version: int) -> Patient:
    found = session.scalars(
        select(Patient).where(Patient.id == patient_id, is_visible_to(actor)).with_for_update()
    ).one_or_none()
    if found is None:
        raise NotFoundError("Not found.")
    if found.version != version:
        raise ChangedSinceError
    return found
