"""Couples and families: files that are treated together, each with its own consent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from dashboard.access.actor import OFFICE, Actor, NotFoundError, RuleBrokenError, transaction
from dashboard.access.frames import frame
from dashboard.access.queries import today
from dashboard.patients.commands import file_of
from dashboard.patients.models import CaseMember, Patient, PatientCase
from dashboard.patients.queries import NAME, READERS, is_visible_to

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("couple", "family")


def treated_together_with(actor: Actor, patient_id: int) -> pd.DataFrame:
    """Return the other files of this file's couple or family that ``actor`` may see.

    Columns: patient_id, number, name, kind, case_id.
    """
    mine = select(CaseMember.case_id).where(CaseMember.patient_id == patient_id)
    found = (
        select(Patient.id.label("patient_id"), Patient.number, NAME, PatientCase.kind, CaseMember.case_id)
        .join(CaseMember, CaseMember.patient_id == Patient.id)
        .join(PatientCase, PatientCase.id == CaseMember.case_id)
        .where(CaseMember.case_id.in_(mine), Patient.id != patient_id, PatientCase.closed_on.is_(None))
        .where(is_visible_to(actor))
        .order_by(Patient.search_name)
    )
    return frame(actor, found, *READERS)


def join(actor: Actor, patient_id: int, number: int, kind: str) -> None:
    """Treat a file together with that of another number: in the case of that kind that one of them has, or a new one.

    Raises:
        NotFoundError: one of the files does not exist.
        RuleBrokenError: no such kind, the same file, a third in a couple, or two cases of one kind.
    """
    if kind not in KINDS:
        raise RuleBrokenError("This choice is not on the list.")
    with transaction(actor, *OFFICE) as session:
        first = file_of(session, actor, patient_id)
        second = session.scalars(select(Patient).where(Patient.number == number)).one_or_none()
        if second is None:
            raise NotFoundError("Not found.")
        if first.id == second.id:
            raise RuleBrokenError("This is the file itself.")
        open_cases = (
            select(CaseMember.case_id, CaseMember.patient_id)
            .join(PatientCase, PatientCase.id == CaseMember.case_id)
            .where(PatientCase.kind == kind, PatientCase.closed_on.is_(None))
            .where(CaseMember.patient_id.in_((first.id, second.id)))
        )
        has = session.execute(open_cases).all()
        cases = {row.case_id for row in has}
        if len(cases) > 1 or len(has) > 1:
            raise RuleBrokenError("They are in a case of this kind already. Take one out first.")
        if kind == "couple" and cases:
            raise RuleBrokenError("A couple has two files. Make it a family.")
        if not cases:
            case = PatientCase(kind=kind, opened_on=today(session))
            session.add(case)
            session.flush()
            cases = {case.id}
        [case_id] = cases
        there = {row.patient_id for row in has}
        session.add_all(CaseMember(case_id=case_id, patient_id=each) for each in {first.id, second.id} - there)


def leave(actor: Actor, patient_id: int, case_id: int) -> None:
    """Take a file out of a case; a case of one file ends.

    Raises:
        NotFoundError: the file is not in it.
    """
    with transaction(actor, *OFFICE) as session:
        gone = delete(CaseMember).where(CaseMember.case_id == case_id, CaseMember.patient_id == patient_id)
        if session.execute(gone.returning(CaseMember.patient_id)).first() is None:
            raise NotFoundError("Not found.")
        left = session.scalar(select(func.count()).where(CaseMember.case_id == case_id)) or 0
        if left < 2:
            case = session.get_one(PatientCase, case_id)
            case.closed_on = today(session)
