"""The patient's rights over their data: restriction, how long it has to be kept, and erasure when no duty stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd
from sqlalchemy import func, select, text, update

from dashboard.access.actor import OFFICE, Actor, NotAllowedError, NotFoundError, RuleBrokenError, reading, transaction
from dashboard.access.models import AppUser
from dashboard.db import DatabaseRefusal
from dashboard.patients.models import Erasure, ProcessingRestriction, RetentionRule
from dashboard.patients.queries import READERS, patient_file

SHORTEST_REASON, LONGEST_REASON = 10, 300
COLUMNS = ("patient_id", "number", "name", "care_ended", "clinical_until", "person_until", "is_clinical_erased")
OF_FILE = text("""
select nullif(care_ended, 'infinity'), nullif(clinical_until, 'infinity'), nullif(person_until, 'infinity')
from retention_of(:file)
""")
DUE = text("""
select p.id, p.number, concat_ws(' ', p.given_name, p.surname_1, p.surname_2),
    r.care_ended, r.clinical_until, r.person_until, c.patient_id is not null
from retention_of() as r
join patient as p on p.id = r.patient_id
left join erasure as c on c.patient_id = p.id and c.kind = 'clinical'
left join erasure as w on w.patient_id = p.id and w.kind = 'person'
where w.patient_id is null
    and (r.person_until <= :today or (r.clinical_until <= :today and c.patient_id is null))
order by r.clinical_until, p.id
limit :most
""")
MOST = 500
ERASING = {"clinical": text("select erase_clinical(:file)"), "person": text("select erase_person(:file)")}


@dataclass(frozen=True)
class Restriction:
    """A restriction that stands: since when, why, and who noted it."""

    id: int
    since: datetime
    reason: str
    by: str | None


@dataclass(frozen=True)
class Retention:
    """Until when a file has to be kept; no day at all while care goes on.

    Attributes:
        care_ended: The day of the last discharge.
        clinical_until: When the last duty on histories, notes and documents ends.
        person_until: When the last duty on anything of the file ends.
        erased: What was erased already (``clinical``, ``person``), and when.
    """

    care_ended: date | None
    clinical_until: date | None
    person_until: date | None
    erased: dict[str, datetime]


@dataclass(frozen=True)
class Rule:
    """How long a kind of record is kept."""

    kind: str
    years: int
    counted_from: str
    law: str


def restriction(actor: Actor, patient_id: int) -> Restriction | None:
    """Return the restriction that stands on a file, if one does."""
    asked = (
        select(
            ProcessingRestriction.id, ProcessingRestriction.since, ProcessingRestriction.reason, AppUser.display_name
        )
        .outerjoin(AppUser, AppUser.id == ProcessingRestriction.by_id)
        .where(ProcessingRestriction.patient_id == patient_id, ProcessingRestriction.lifted_at.is_(None))
    )
    with reading(actor, *READERS) as session:
        row = session.execute(asked).first()
        return Restriction(*row) if row else None


def restrict(actor: Actor, patient_id: int, reason: str) -> None:
    """Restrict the processing of a person's data: from now on they are kept and read, not changed, not booked.

    Raises:
        NotFoundError: there is no such file.
        RuleBrokenError: no reason is given, or a restriction stands already.
    """
    why = reason.strip()
    if not SHORTEST_REASON <= len(why) <= LONGEST_REASON:
        raise RuleBrokenError("Say why in a sentence.")
    patient_file(actor, patient_id)
    try:
        with transaction(actor, "manager") as session:
            session.add(ProcessingRestriction(patient_id=patient_id, reason=why, by_id=actor.user_id))
    except DatabaseRefusal as refused:
        if refused.code == "duplicate":
            raise RuleBrokenError("The file is restricted already.") from None
        raise


def lift(actor: Actor, restriction_id: int) -> None:
    """Lift a restriction.

    Raises:
        NotFoundError: there is none such, or it was lifted already.
    """
    standing = ProcessingRestriction.id == restriction_id, ProcessingRestriction.lifted_at.is_(None)
    lifting = update(ProcessingRestriction).where(*standing).values(lifted_at=func.now(), lifted_by_id=actor.user_id)
    with transaction(actor, "manager") as session:
        if session.execute(lifting.returning(ProcessingRestriction.id)).first() is None:
            raise NotFoundError("Not found.")


def rules(actor: Actor) -> list[Rule]:
    """Return how long each kind of record is kept."""
    asked = select(RetentionRule.kind, RetentionRule.years, RetentionRule.counted_from, RetentionRule.law)
    with reading(actor, *READERS) as session:
        return [Rule(*row) for row in session.execute(asked.order_by(RetentionRule.kind))]


def change_rule(actor: Actor, kind: str, years: int, law: str) -> None:
    """Keep a kind of record for other years, by a law that is named.

    Raises:
        RuleBrokenError: the years are no number of years, or no law is named.
        NotFoundError: there is no such kind.
    """
    if not 1 <= years <= 100 or not law.strip() or len(law) > 120:
        raise RuleBrokenError("Name the law, and between 1 and 100 years.")
    changed = update(RetentionRule).where(RetentionRule.kind == kind).values(years=years, law=law.strip())
    with transaction(actor, "manager") as session:
        if session.execute(changed.returning(RetentionRule.kind)).first() is None:
            raise NotFoundError("Not found.")


def retention(actor: Actor, patient_id: int) -> Retention:
    """Return until when a file has to be kept.

    Raises:
        NotFoundError: there is no such file.
    """
    patient_file(actor, patient_id)
    with reading(actor, *OFFICE) as session:
        row = session.execute(OF_FILE, {"file": patient_id}).first() or (None, None, None)
        done = session.execute(select(Erasure.kind, Erasure.at).where(Erasure.patient_id == patient_id))
        return Retention(row[0], row[1], row[2], {found.kind: found.at for found in done})


def due(actor: Actor, today: date) -> pd.DataFrame:
    """Return the files of which something may be erased, the longest due first.

    Columns: patient_id, number, name, care_ended, clinical_until, person_until, is_clinical_erased.
    """
    with reading(actor, "manager") as session:
        rows = session.execute(DUE, {"today": today, "most": MOST}).all()
    return pd.DataFrame(rows, columns=list(COLUMNS))


def erase(actor: Actor, patient_id: int, kind: str) -> None:
    """Erase the clinical record of a file by destroying its keys, or with it who the person is.

    Raises:
        NotAllowedError: somebody else than a manager.
        NotFoundError: there is no such file.
        RuleBrokenError: a duty to keep it stands.
    """
    patient_file(actor, patient_id)
    try:
        with transaction(actor, "manager") as session:
            if not session.execute(ERASING[kind], {"file": patient_id}).scalar():
                raise NotAllowedError("This is not available to you.")
    except DatabaseRefusal as refused:
        if refused.constraint == "retention":
            raise RuleBrokenError("The law asks to keep this for longer.") from None
        raise
