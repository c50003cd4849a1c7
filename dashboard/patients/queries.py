"""Questions about patient files. A therapist is answered about the files in their care, and no others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Select,
    and_,
    false,
    func,
    intersect,
    literal,
    literal_column,
    or_,
    select,
    true,
    union,
    union_all,
)

from dashboard.access.actor import OFFICE, Actor, NotAllowedError, NotFoundError, Role, reading, require
from dashboard.access.frames import MOST_COUNTED, Question, frame, number_of_rows
from dashboard.patients import rules
from dashboard.patients.models import Coverage, Guardian, Lookup, Patient, Payer
from dashboard.patients.names import SITE, THERAPIST, THERAPIST_NAME

if TYPE_CHECKING:
    import pandas as pd

READERS: tuple[Role, ...] = (*OFFICE, "therapist")
IN_CARE = literal_column("patient.id = any(array(select session_files()))", Boolean)
"""The files that a therapist is main therapist of or in the care team of, as the database knows them."""
IN_OWN = literal_column("patient_lookup.patient_id = any(array(select session_files()))", Boolean)
"""The keys of those files; row security says the same, but lets the planner begin with everybody's."""
NAME = func.concat_ws(" ", Patient.given_name, Patient.surname_1, Patient.surname_2).label("name")
LONGEST_SEARCH = 100
MOST_WORDS = 6
MOST_GATHERED = 4 * MOST_COUNTED
"""Keys that are gathered at once. So many keys belong to more files than a list counts: a name has few words."""
AFTER_ALL = "\U0010ffff"
BETWEEN_DIGITS = re.compile(r"(?<=[0-9])[\s().\-/]+(?=[0-9])")
BETWEEN_WORDS = re.compile(r"[\s!-/:-@\[-`{-~·’]+")
"""What ``name_words`` of the database parts words at."""


@dataclass(frozen=True)
class PatientFile:
    """One patient file as it was read, with the version that an edit must still find."""

    id: int
    number: int
    version: int
    given_name: str
    surname_1: str | None
    surname_2: str | None
    birth_date: date | None
    sex: str
    gender: str | None
    profession: str | None
    marital_status: str
    address_line: str | None
    postal_code: str | None
    city: str | None
    country: str | None
    telephone: str | None
    email: str | None
    id_kind: str | None
    id_value: str | None
    emergency_name: str | None
    emergency_relation: str | None
    emergency_telephone: str | None
    referral_source: str | None
    site_id: int | None
    main_therapist_id: int | None
    pays: str
    status: str
    preferred_language: str
    opened_on: date
    discharged_on: date | None
    updated_at: datetime

    @property
    def name(self) -> str:
        """Return the full name."""
        return " ".join(part for part in (self.given_name, self.surname_1, self.surname_2) if part)


def is_visible_to(actor: Actor) -> ColumnElement[bool]:
    """Return the condition under which ``actor`` may see a file."""
    require(actor, *READERS)
    if actor.role != "therapist":
        return true()
    if actor.therapist_id is None:
        raise NotAllowedError("This is not available to you.")
    return IN_CARE


def files_matching(
    actor: Actor,
    typed: str = "",
    *,
    status: str | None = None,
    site_id: int | None = None,
    therapist_id: int | None = None,
    limit: int = 25,
    offset: int = 0,
) -> pd.DataFrame:
    """Return the files that ``typed`` finds, by surname.

    Words of the name in any order, each from its beginning, without accents; the number of the file; the telephone from
    its beginning or its end; the identification number; the e-mail.

    Columns: patient_id, number, name, birth_date, telephone, status, therapist_name, site_name.
    """
    found = (
        select(
            Patient.id.label("patient_id"),
            Patient.number,
            NAME,
            Patient.birth_date,
            Patient.telephone,
            Patient.status,
            THERAPIST_NAME,
            SITE.c.name.label("site_name"),
        )
        .outerjoin(THERAPIST, THERAPIST.c.id == Patient.main_therapist_id)
        .outerjoin(SITE, SITE.c.id == Patient.site_id)
        .order_by(Patient.sort_name, Patient.id)
        .limit(limit)
        .offset(offset)
    )
    return frame(actor, _matching(actor, found, _keys_of(actor, typed), status, site_id, therapist_id), *READERS)


def files_matching_number(
    actor: Actor,
    typed: str = "",
    *,
    status: str | None = None,
    site_id: int | None = None,
    therapist_id: int | None = None,
) -> int:
    """Return how many files ``files_matching`` finds over all its pages, as far as lists are counted."""
    found: Question = select(Patient.id)
    keys = _keys_of(actor, typed)
    is_narrowed = any(wanted is not None for wanted in (status, site_id, therapist_id))
    if len(keys.many) == 1 and not keys.few and not is_narrowed:
        return MOST_COUNTED + 1
    return number_of_rows(actor, _matching(actor, found, keys, status, site_id, therapist_id), *READERS)


class _Keys(NamedTuple):
    """What a file has that is found, each with the conditions of which one suffices; by how many files have it."""

    few: list[list[ColumnElement[bool]]]
    many: list[list[ColumnElement[bool]]]


def _matching(
    actor: Actor, found: Question, keys: _Keys, status: str | None, site_id: int | None, therapist_id: int | None
) -> Question:
    found = found.where(is_visible_to(actor))
    if status is None:
        found = found.where(Patient.status != "merged")
    for column, wanted in (
        (Patient.status, status),
        (Patient.site_id, site_id),
        (Patient.main_therapist_id, therapist_id),
    ):
        if wanted is not None:
            found = found.where(column == wanted)
    # What many files have is looked up file by file: walking through them in the order of their names meets a page of
    # them soon. What few have is gathered first, once.
    found = found.where(*map(_has, keys.many))
    if not keys.few:
        return found
    own = IN_OWN if actor.role == "therapist" else true()
    gathered = intersect(*(union(*(_with(each).where(own) for each in conditions)) for conditions in keys.few))
    met = gathered.cte("met").prefix_with("materialized")
    return found.where(Patient.id.in_(select(met.c.patient_id)))


def _keys_of(actor: Actor, typed: str) -> _Keys:
    """Return what the files have that ``typed`` finds; how many have it is counted here, once."""
    words = BETWEEN_DIGITS.sub("", rules.cleaned(typed[:LONGEST_SEARCH]) or "").split()[:MOST_WORDS]
    keys = _Keys([], [])
    for conditions in (conditions for word in words for conditions in _keys(word)):
        (keys.many if _are_many(actor, conditions) else keys.few).append(conditions)
    return keys


def _are_many(actor: Actor, conditions: list[ColumnElement[bool]]) -> bool:
    """Return whether many files have one of these keys; counting stops there."""
    if actor.role == "therapist":
        return False
    met: Question = select(union_all(*map(_with, conditions)).subquery())
    return number_of_rows(actor, met, *READERS, most=MOST_GATHERED) > MOST_GATHERED


def _has(conditions: list[ColumnElement[bool]]) -> ColumnElement[bool]:
    """Return the condition that a file has one of these keys; the offset keeps Postgres from gathering them first."""
    return select(literal(1)).where(Lookup.patient_id == Patient.id, or_(false(), *conditions)).offset(0).exists()


def _with(condition: ColumnElement[bool]) -> Select[int]:
    return select(Lookup.patient_id).where(condition)


def _keys(word: str) -> Iterator[list[ColumnElement[bool]]]:
    """Yield what a file that ``word`` finds has: one key of each list."""
    digits = "".join(letter for letter in word if letter.isascii() and letter.isdigit())
    parts = [part for part in BETWEEN_WORDS.split(word) if part]
    if digits and len(digits) >= len(word) - 1:
        by_phone = [_begins("e:", digits[-9:]), _begins("r:", digits[::-1])] if len(digits) > 2 else []
        yield [Lookup.key == "n:" + digits.lstrip("0"), _begins("d:", digits), *by_phone]
    elif "@" in word or not parts:
        yield [_begins("b:", word)]
    elif digits:
        yield [_begins("d:", "".join(parts).upper()), _begins("b:", word), _begins("w:", parts[0])]
    elif len(parts) == 1:
        yield [_begins("w:", parts[0]), _begins("b:", word)]
    else:
        yield from ([_begins("w:", part)] for part in parts)


def _begins(kind: str, begin: str) -> ColumnElement[bool]:
    """Return the condition that a key of ``kind`` begins so, as the database writes keys.

    Each key is compared by bytes between two bounds: an index answers that also under row security, as the comparison
    tells nothing of the rows that it meets.
    """
    plain = begin if kind == "d:" else func.plain_text(begin)
    return and_(Lookup.key >= kind + plain, Lookup.key < kind + plain + AFTER_ALL)


def patient_file(actor: Actor, patient_id: int) -> PatientFile:
    """Return a file.

    Raises:
        NotFoundError: there is no such file, or it is not for this person; both read the same.
    """
    with reading(actor, *READERS) as session:
        row = session.execute(
            select(Patient).where(Patient.id == patient_id, is_visible_to(actor))
        ).scalar_one_or_none()
    if row is None:
        raise NotFoundError("Not found.")
    return PatientFile(**{name: getattr(row, name) for name in PatientFile.__dataclass_fields__})


def id_of_number(actor: Actor, number: int) -> int:
    """Return the id of the file with a number.

    Raises:
        NotFoundError: there is no such file, or it is not for this person.
    """
    with reading(actor, *READERS) as session:
        found = session.scalar(select(Patient.id).where(Patient.number == number, is_visible_to(actor)))
    if found is None:
        raise NotFoundError("Not found.")
    return found


def patient_name(actor: Actor, patient_id: int) -> str:
    """Return the name on a file that ``actor`` may see."""
    return patient_file(actor, patient_id).name


@dataclass(frozen=True)
class GuardianOfFile:
    """A guardian as the file shows them; ``has_authority`` is nothing when it is not known."""

    id: int
    given_name: str
    surnames: str | None
    relation: str
    has_authority: bool | None
    custody: str
    telephone: str | None
    email: str | None

    @property
    def name(self) -> str:
        """Return the full name."""
        return f"{self.given_name} {self.surnames or ''}".strip()


def guardians(actor: Actor, patient_id: int) -> list[GuardianOfFile]:
    """Return the guardians of a file that ``actor`` may see."""
    found = (
        select(Guardian)
        .join(Patient, Patient.id == Guardian.patient_id)
        .where(Guardian.patient_id == patient_id, is_visible_to(actor))
        .order_by(Guardian.id)
    )
    with reading(actor, *READERS) as session:
        return [
            GuardianOfFile(**{name: getattr(row, name) for name in GuardianOfFile.__dataclass_fields__})
            for row in session.scalars(found)
        ]


def coverages(actor: Actor, patient_id: int) -> pd.DataFrame:
    """Return who else pays for a patient, the latest first.

    Columns: coverage_id, payer_id, payer, policy_number, valid_from, valid_until, authorised_sessions,
    covered_percent, copayment.
    """
    found = (
        select(
            Coverage.id.label("coverage_id"),
            Coverage.payer_id,
            Payer.name.label("payer"),
            Coverage.policy_number,
            Coverage.valid_from,
            Coverage.valid_until,
            Coverage.authorised_sessions,
            Coverage.covered_percent,
            (Coverage.copayment_cents / 100.0).label("copayment"),
        )
        .join(Payer, Payer.id == Coverage.payer_id)
        .join(Patient, Patient.id == Coverage.patient_id)
        .where(Coverage.patient_id == patient_id, is_visible_to(actor))
        .order_by(Coverage.valid_from.desc())
    )
    return frame(actor, found, *READERS)


def payer_names(actor: Actor) -> dict[int, str]:
    """Return the insurers and others who pay, by id, in the order of their names."""
    with reading(actor, *READERS) as session:
        return {row.id: row.name for row in session.execute(select(Payer.id, Payer.name).order_by(Payer.name))}
