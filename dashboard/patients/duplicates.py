"""Files that may be one person's: candidates by indexed keys, judged by the rules of likeness.

Row security decides which files a person is told about: the front desk and the manager of all, a therapist of those in
their care. Whoever may not see a file is not told that it is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from dashboard.access.actor import OFFICE, Actor, NotFoundError, reading, transaction
from dashboard.patients.likeness import Likeness, Record, likeness
from dashboard.patients.models import Patient, ToldApart
from dashboard.patients.queries import READERS

MOST_CANDIDATES = 400
MOST_PAIRS = 2_000
LARGEST_BLOCK = 20
"""More files than this with one key are a common name, or the practice's own telephone in everybody's file."""

CANDIDATES = text(
    """
    with mine (key) as (
        select k.key from lookup_keys(
            null, :name, cast(:birth_date as date), :telephone, :email, :id_value
        ) as k (key) where k.key < 'n:' or k.key like 'p:%'
    ),
    born (key) as (select 'a:' || day_key(cast(:birth_date as date)))
    select patient_id from (
        select l.patient_id from patient_lookup as l where l.key = any(array(select key from mine))
        union all
        select l.patient_id from patient_lookup as l
        where l.key >= (select key from born) and l.key < (select key || '~' from born)
    ) as met
    where patient_id <> :but
    group by patient_id order by count(*) desc, patient_id limit :most
    """
)
PAIRS = text(
    """
    with shared (key) as (
        select key from patient_lookup where key >= 'a:' and key < 'f'
        group by key having count(*) between 2 and :largest
    )
    select one.patient_id as first_id, other.patient_id as second_id
    from shared join patient_lookup as one using (key)
    join patient_lookup as other on other.key = shared.key and other.patient_id > one.patient_id
    where not exists (
        select from patient_told_apart as t where t.first_id = one.patient_id and t.second_id = other.patient_id
    )
    group by one.patient_id, other.patient_id
    order by count(*) desc, one.patient_id, other.patient_id limit :most
    """
)
RECORDS = text(
    """
    select p.id, p.number, p.given_name, p.surname_1, p.surname_2, p.birth_date, p.telephone, p.email, p.id_value,
        p.address_line, p.postal_code
    from patient as p where p.id = any(cast(:ids as bigint[])) and p.status <> 'merged'
    """
)


@dataclass(frozen=True)
class KnownFile:
    """A file as a list of duplicates names it."""

    patient_id: int
    number: int
    name: str
    birth_date: date | None


@dataclass(frozen=True)
class Duplicate:
    """A file that is likely the same person's, and why."""

    file: KnownFile
    likeness: Likeness


@dataclass(frozen=True)
class Pair:
    """Two files that are likely one person's, and why."""

    first: KnownFile
    second: KnownFile
    likeness: Likeness


def likely_duplicates(
    actor: Actor, fields: Mapping[str, Any], *, but: int | None = None, most: int = 5
) -> list[Duplicate]:
    """Return the files that are likely of the person whom ``fields`` describe, the likeliest first.

    Args:
        actor: Who asks: only files that this person may see are proposed.
        fields: What is known of the person, by the names of a file's fields.
        but: A file to leave out, which the fields are of.
        most: How many to return.
    """
    record = Record.of(fields)
    with reading(actor, *READERS) as session:
        candidates = session.execute(CANDIDATES, {**_asked(record), "but": but or 0, "most": MOST_CANDIDATES})
        known = _records(session, candidates.scalars())
    found = [Duplicate(file, likeness(record, other)) for file, other in known.values()]
    likely = [each for each in found if each.likeness.is_likely]
    return sorted(likely, key=lambda each: (-each.likeness.score, each.file.patient_id))[:most]


def possible_duplicates(actor: Actor) -> list[Pair]:
    """Return the pairs of files of the whole practice that are likely one person's, the likeliest first."""
    with reading(actor, *OFFICE) as session:
        rows = session.execute(PAIRS, {"largest": LARGEST_BLOCK, "most": MOST_PAIRS})
        pairs = [(int(row.first_id), int(row.second_id)) for row in rows]
        known = _records(session, {file for pair in pairs for file in pair})
    met = [(known[first], known[second]) for first, second in pairs if first in known and second in known]
    found = [Pair(first[0], second[0], likeness(first[1], second[1])) for first, second in met]
    likely = [pair for pair in found if pair.likeness.is_likely]
    return sorted(likely, key=lambda pair: (-pair.likeness.score, pair.first.patient_id, pair.second.patient_id))


def tell_apart(actor: Actor, one: int, other: int) -> None:
    """Note that two files are of two people: they are not proposed again.

    Raises:
        NotFoundError: one of the files does not exist.
    """
    first, second = sorted((one, other))
    with transaction(actor, *OFFICE) as session:
        if first == second or session.get(Patient, first) is None or session.get(Patient, second) is None:
            raise NotFoundError("Not found.")
        noted = insert(ToldApart).values(first_id=first, second_id=second, by_id=actor.user_id)
        session.execute(noted.on_conflict_do_nothing())


def _asked(record: Record) -> dict[str, Any]:
    name = " ".join(part for part in (record.given_name, record.surname_1, record.surname_2) if part)
    return {
        "name": name,
        "birth_date": record.birth_date,
        "telephone": record.telephone,
        "email": record.email,
        "id_value": record.id_value,
    }


def _records(session: Session, ids: Iterable[int]) -> dict[int, tuple[KnownFile, Record]]:
    found = {}
    for row in session.execute(RECORDS, {"ids": list(ids)}).mappings():
        name = " ".join(part for part in (row["given_name"], row["surname_1"], row["surname_2"]) if part)
        found[row["id"]] = (KnownFile(row["id"], row["number"], name, row["birth_date"]), Record.of(dict(row)))
    return found
