"""Searching patient files by what people know of them. A therapist finds the files in their care, and no others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
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

from dashboard.access.actor import Actor, reading
from dashboard.access.frames import MOST_COUNTED, Question, frame, number_of_rows
from dashboard.patients import rules
from dashboard.patients.models import Lookup, Patient
from dashboard.patients.names import SITE, THERAPIST, THERAPIST_NAME
from dashboard.patients.queries import NAME, READERS, is_visible_to

if TYPE_CHECKING:
    import pandas as pd

IN_OWN = literal_column("patient_lookup.patient_id = any(array(select session_files()))", Boolean)
"""The keys of files in their care; row security says the same, but lets the planner begin with everybody's."""
ORDER = (Patient.sort_name, Patient.id)
LONGEST_SEARCH = 100
MOST_WORDS = 6
MOST_GATHERED = 4 * MOST_COUNTED
"""Keys that are gathered at once. So many keys belong to more files than a list counts: a name has few words."""
AFTER_ALL = "\U0010ffff"
BETWEEN_DIGITS = re.compile(r"(?<=[0-9])[\s().\-/]+(?=[0-9])")
BETWEEN_WORDS = re.compile(r"[\s!-/:-@\[-`{-~·’]+")
"""What ``name_words`` of the database parts words at."""


def files_matching(actor: Actor, typed: str = "", limit: int = 25) -> pd.DataFrame:
    """Return the first files that ``typed`` finds, by surname.

    Words of the name in any order, each from its beginning, without accents; the number of the file; the telephone from
    its beginning or its end; the identification number; the e-mail.

    Columns: patient_id, number, name, birth_date, telephone, status, therapist_name, site_name.
    """
    question = _matching(_listed().where(*_narrowed(actor)), actor, _keys_of(actor, typed))
    return frame(actor, question.order_by(*ORDER).limit(limit), *READERS)


@dataclass(frozen=True)
class Found:
    """How many files a search found, as far as lists are counted, and a page of them at a time."""

    total: int
    page: Callable[[int, int], pd.DataFrame] = field(repr=False)
    """Takes how many rows and from which on; has the columns of ``files_matching``."""


def pages_matching(
    actor: Actor,
    typed: str = "",
    *,
    status: str | None = None,
    site_id: int | None = None,
    therapist_id: int | None = None,
) -> Found:
    """Look for files as ``files_matching`` does, once for their number and any page of them."""
    keys = _keys_of(actor, typed)
    narrowed = _narrowed(actor, status, site_id, therapist_id)
    if keys.few:
        return _gathered(actor, _matching(select(Patient.id).where(*narrowed), actor, keys))
    only_many = len(keys.many) == 1 and status is None and site_id is None and therapist_id is None
    counted = _matching(select(Patient.id).where(*narrowed), actor, keys)
    listed = _matching(_listed().where(*narrowed), actor, keys).order_by(*ORDER)
    return Found(
        MOST_COUNTED + 1 if only_many else number_of_rows(actor, counted, *READERS),
        lambda limit, offset: frame(actor, listed.limit(limit).offset(offset), *READERS),
    )


def _gathered(actor: Actor, question: Question) -> Found:
    """Ask a question that gathers all it finds: what is kept are the files' ids, in their order."""
    with reading(actor, *READERS) as session:
        ids: Sequence[int] = session.scalars(question.order_by(*ORDER).limit(MOST_COUNTED + 1)).all()

    def page(limit: int, offset: int) -> pd.DataFrame:
        listed = _listed().where(is_visible_to(actor), Patient.id.in_(ids[offset : offset + limit]))
        return frame(actor, listed.order_by(*ORDER), *READERS)

    return Found(len(ids), page)


def _listed() -> Question:
    return (
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
    )


def _narrowed(
    actor: Actor, status: str | None = None, site_id: int | None = None, therapist_id: int | None = None
) -> list[ColumnElement[bool]]:
    wanted = ((Patient.status, status), (Patient.site_id, site_id), (Patient.main_therapist_id, therapist_id))
    chosen = [column == value for column, value in wanted if value is not None]
    return [is_visible_to(actor), *chosen, *([Patient.status != "merged"] if status is None else [])]


class _Keys(NamedTuple):
    """What a file has that is found, each with the conditions of which one suffices; by how many files have it."""

    few: list[list[ColumnElement[bool]]]
    many: list[list[ColumnElement[bool]]]


def _matching(found: Question, actor: Actor, keys: _Keys) -> Question:
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
