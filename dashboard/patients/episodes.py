"""The end of care and a return to it: discharge, archive, reopen; the episodes of a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from dashboard.access.actor import Actor, RuleBrokenError, reading, transaction
from dashboard.access.queries import today
from dashboard.patients.commands import file_at_version
from dashboard.patients.models import DISCHARGE_REASONS, CareEpisode
from dashboard.patients.queries import READERS


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
        patient = file_at_version(session, actor, patient_id, version)
        if patient.is_closed:
            raise RuleBrokenError("The file is closed already.")
        ongoing = CareEpisode.patient_id == patient_id, CareEpisode.discharged_on.is_(None)
        episode = session.scalars(select(CareEpisode).where(*ongoing)).one()
        if not episode.opened_on <= on <= today(session):
            raise RuleBrokenError("Care ends between its beginning and today.")
        episode.reason = reason
        session.flush()  # the database closes the episode with the file
        patient.status, patient.discharged_on = "discharged", on


def archive(actor: Actor, patient_id: int, version: int) -> None:
    """Put the file of a discharged patient away: lists can leave it out by its status.

    Raises:
        NotFoundError: there is no such file for this person.
        ChangedSinceError: somebody changed it since it was read.
        RuleBrokenError: the patient was not discharged.
    """
    with transaction(actor, *READERS) as session:
        patient = file_at_version(session, actor, patient_id, version)
        if patient.status != "discharged":
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
        patient = file_at_version(session, actor, patient_id, version)
        if not patient.is_closed:
            raise RuleBrokenError("The file is open.")
        patient.status, patient.discharged_on = "active", None
