"""Who cares for a file beside its main therapist: for how long, added and ended by whom, and in an emergency why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from sqlalchemy import func, select, text

from dashboard import clock
from dashboard.access.actor import Actor, NotFoundError, RuleBrokenError, reading, transaction
from dashboard.access.frames import frame
from dashboard.access.models import AppUser
from dashboard.access.queries import today
from dashboard.patients import rules
from dashboard.patients.commands import file_at_version
from dashboard.patients.models import CareTeamMember, Patient
from dashboard.patients.names import THERAPIST, THERAPIST_NAME
from dashboard.patients.queries import NAME, READERS

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["co_therapist", "supervisor", "substitute"]
KINDS: tuple[Kind, ...] = ("co_therapist", "supervisor", "substitute")
EMERGENCY = "break_glass"
SHORTEST_REASON, LONGEST_REASON = 20, 300
LONGEST_EMERGENCY_DAYS = 3
SHOWN_FOR = timedelta(days=30)
OPEN = text("select open_in_emergency(:number, :reason, :days)")


@dataclass(frozen=True)
class Member:
    """Somebody of a file's care team, ``[valid_from, valid_until)``; ``ended`` once that is over."""

    id: int
    therapist_id: int
    name: str
    kind: str
    valid_from: date
    valid_until: date | None
    reason: str | None
    added_by: str | None
    added_at: datetime

    def is_over(self, today: date) -> bool:
        """Return whether the membership ended."""
        return self.valid_until is not None and self.valid_until <= today


def members(actor: Actor, patient_id: int) -> list[Member]:
    """Return a file's care team beside its main therapist, the latest first; nobody, where the file is not for them."""
    found = (
        select(
            CareTeamMember.id,
            CareTeamMember.therapist_id,
            THERAPIST_NAME.label("name"),
            CareTeamMember.kind,
            CareTeamMember.valid_from,
            CareTeamMember.valid_until,
            CareTeamMember.reason,
            AppUser.display_name.label("added_by"),
            CareTeamMember.created_at.label("added_at"),
        )
        .join(THERAPIST, THERAPIST.c.id == CareTeamMember.therapist_id)
        .outerjoin(AppUser, AppUser.id == CareTeamMember.created_by_id)
        .where(CareTeamMember.patient_id == patient_id)
        .order_by(CareTeamMember.created_at.desc(), CareTeamMember.id.desc())
    )
    with reading(actor, *READERS) as session:
        return [Member(**row) for row in session.execute(found).mappings()]


def add(actor: Actor, patient_id: int, therapist_id: int, kind: Kind, since: date, until: date | None) -> int:
    """Let a therapist into a file, from the day ``since`` and before the day ``until``; return the membership's id.

    Raises:
        NotFoundError: there is no such file.
        RuleBrokenError: the therapist has the file already, or the days do not fit.
    """
    if kind not in KINDS:
        raise RuleBrokenError("This choice is not on the list.")
    if until is not None and until <= since:
        raise RuleBrokenError("It begins on a day and ends on a later one.")
    if kind == "substitute" and until is None:
        raise RuleBrokenError("A substitution has an end.")
    with transaction(actor, "manager") as session:
        patient = session.get(Patient, patient_id)
        if patient is None:
            raise NotFoundError("Not found.")
        same = CareTeamMember.patient_id == patient_id, CareTeamMember.therapist_id == therapist_id
        overlaps = func.daterange(CareTeamMember.valid_from, CareTeamMember.valid_until).op("&&")(
            func.daterange(since, until)
        )
        is_there = session.scalar(select(CareTeamMember.id).where(*same, overlaps).limit(1))
        if is_there or patient.main_therapist_id == therapist_id:
            raise RuleBrokenError("This therapist has the file already.")
        member = CareTeamMember(patient_id=patient_id, therapist_id=therapist_id, kind=kind, valid_from=since)
        member.valid_until, member.created_by_id = until, actor.user_id
        session.add(member)
        session.flush()
        return member.id


def end(actor: Actor, member_id: int) -> None:
    """End a membership today, or before it began.

    Raises:
        NotFoundError: there is no such membership, or it ended.
    """
    with transaction(actor, "manager") as session:
        member, day = session.get(CareTeamMember, member_id), today(session)
        if member is None or (member.valid_until is not None and member.valid_until <= day):
            raise NotFoundError("Not found.")
        member.valid_until = max(day, member.valid_from)


def hand_over(actor: Actor, patient_id: int, version: int, therapist_id: int, keeps_until: date | None) -> None:
    """Make another therapist the main one; who was it keeps the file until a day, when one is given.

    Raises:
        NotFoundError: there is no such file.
        ChangedSinceError: somebody changed it since it was read.
        RuleBrokenError: it is theirs already.
    """
    with transaction(actor, "manager") as session:
        patient = file_at_version(session, actor, patient_id, version)
        before = patient.main_therapist_id
        if before == therapist_id:
            raise RuleBrokenError("This therapist has the file already.")
        patient.main_therapist_id = therapist_id
        if before is not None and keeps_until is not None and keeps_until > today(session):
            member = CareTeamMember(patient_id=patient_id, therapist_id=before, kind="co_therapist")
            member.valid_until, member.created_by_id = keeps_until, actor.user_id
            session.add(member)


def open_in_emergency(actor: Actor, number: int, reason: str, days: int) -> int:
    """Let a therapist into a file that is not in their care, for today and up to two days more; return the file's id.

    It is on the file, on the manager's list and in the audit log, with the reason.

    Raises:
        NotFoundError: no file has this number.
        RuleBrokenError: the reason says too little.
    """
    told = rules.cleaned(reason) or ""
    if not SHORTEST_REASON <= len(told) <= LONGEST_REASON:
        raise RuleBrokenError("Say why in a sentence.")
    with transaction(actor, "therapist") as session:
        values = {"number": number, "reason": told, "days": min(max(days, 1), LONGEST_EMERGENCY_DAYS)}
        found: int | None = session.scalar(OPEN, values)
    if found is None:
        raise NotFoundError("Not found.")
    return found


def emergencies(actor: Actor) -> pd.DataFrame:
    """Return the files opened in an emergency within 30 days, the latest first.

    Columns: patient_id, number, name, therapist_name, at, until, reason.
    """
    found = (
        select(
            Patient.id.label("patient_id"),
            Patient.number,
            NAME,
            THERAPIST_NAME,
            CareTeamMember.created_at.label("at"),
            CareTeamMember.valid_until.label("until"),
            CareTeamMember.reason,
        )
        .join(Patient, Patient.id == CareTeamMember.patient_id)
        .join(THERAPIST, THERAPIST.c.id == CareTeamMember.therapist_id)
        .where(CareTeamMember.kind == EMERGENCY, CareTeamMember.created_at > clock.now() - SHOWN_FOR)
        .order_by(CareTeamMember.created_at.desc())
    )
    return frame(actor, found, "manager")


def emergencies_number(actor: Actor) -> int:
    """Return how many files are open in an emergency now."""
    emergencies = select(func.count()).where(CareTeamMember.kind == EMERGENCY)
    with reading(actor, "manager") as session:
        return session.scalar(emergencies.where(CareTeamMember.valid_until > today(session))) or 0
