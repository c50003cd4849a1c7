"""The ledger of imports: what ran before, what begins, and what came of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import psycopg
from psycopg.sql import SQL
from psycopg.types.json import Jsonb

from dashboard import clock
from dashboard.imports.codes import Code
from dashboard.imports.entities import STAND_IN
from dashboard.imports.parsing import Parsed
from dashboard.imports.report import Counts, Report
from dashboard.imports.staging import Staging

# Reasons that another file may have removed since: the same rows are then worth trying again.
MENDABLE = (Code.UNKNOWN_REFERENCE, Code.NO_TRANSACTIONS, Code.ALREADY_BOOKED)


@dataclass(frozen=True)
class Entry:
    """What is known of a run when it begins: by which mapping, of which content, since when, by whom."""

    mapping_version: str
    content: str
    started_at: datetime
    label: str
    user_id: int


class EarlierRun:
    """A finished run of the same content by the same mapping."""

    def __init__(self, run_id: int, counts: dict[str, Any]) -> None:
        self.run_id = run_id
        self.counts = {entity: Counts(**said) for entity, said in counts.items()}

    @property
    def is_mendable(self) -> bool:
        """Whether rows were set aside then for reasons that other files may have removed since."""
        return any(code in counts.codes for counts in self.counts.values() for code in MENDABLE)

    def next_content(self, parsed: Parsed) -> str:
        """Return a hash for the ledger that tells another try of the same content from the first."""
        return hashlib.sha256(f"{parsed.sha256}:{self.run_id}".encode()).hexdigest()

    def report(self, parsed: Parsed) -> Report:
        """Return the report of a run that changed nothing."""
        by_entity = {}
        for entity, then in self.counts.items():
            kept = then.loaded + then.updated + then.unchanged
            by_entity[entity] = replace(then, loaded=0, updated=0, unchanged=kept, flagged=0)
        return Report(
            self.run_id,
            parsed.source,
            "done",
            by_entity,
            already_done=True,
            files=parsed.files,
            unknown_files=parsed.unknown_files,
        )


def earlier_run(cursor: psycopg.Cursor[Any], parsed: Parsed) -> EarlierRun | None:
    """Return the last finished run of this content, following the tries after the first."""
    found: EarlierRun | None = None
    content = parsed.sha256
    while True:
        cursor.execute(
            SQL("""
            select id, counts from import_run
            where source = %s and sha256 = %s and mapping_version = %s and state = 'done' and not is_dry_run
            """),
            (parsed.source, content, parsed.mapping_version),
        )
        row = cursor.fetchone()
        if row is None:
            return found
        found = EarlierRun(*row)
        content = found.next_content(parsed)


def begin_run(cursor: psycopg.Cursor[Any], entry: Entry, report: Report) -> int:
    """Write a run's row and return its id; counts of a run that loads follow at its end."""
    cursor.execute(
        SQL("""
        insert into import_run (
            source, mapping_version, sha256, label, state, is_dry_run, refusal_code, read, loaded, updated, unchanged,
            set_aside, counts, started_at, finished_at, started_by_id
        )
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning id
        """),
        (
            report.source,
            entry.mapping_version,
            entry.content,
            entry.label[:200],
            report.state,
            report.is_dry_run,
            report.refusal_code,
            *_totals(report),
            entry.started_at,
            clock.now(),
            entry.user_id or None,
        ),
    )
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def _totals(report: Report) -> tuple[Any, ...]:
    said = report.as_json()
    names = ("read", "loaded", "updated", "unchanged", "set_aside")
    return (*(said[name] for name in names), Jsonb(said["by_entity"]))


def end_run(cursor: psycopg.Cursor[Any], report: Report) -> None:
    """Write what came of a run into its row."""
    cursor.execute(
        SQL("""
        update import_run
        set read = %s, loaded = %s, updated = %s, unchanged = %s, set_aside = %s, counts = %s, finished_at = %s
        where id = %s
        """),
        (*_totals(report), clock.now(), report.run_id),
    )


def counted(staging: Staging, parsed: Parsed) -> dict[str, Counts]:
    """Return what became of the rows of each entity."""
    by_entity = {
        entity: Counts(
            read,
            staging.loaded[entity],
            staging.updated[entity],
            staging.unchanged[entity],
            is_derived=entity in parsed.derived,
        )
        for entity, read in parsed.read.items()
        # Stand-ins that nobody needed are not worth a line.
        if not entity.endswith(STAND_IN) or staging.loaded[entity]
    }
    said = staging.ask(
        SQL("""
        select entity, code, is_loaded, count(*) from import_set_aside where import_run_id = %(run)s
        group by entity, code, is_loaded
        """)
    )
    for entity, code, is_loaded, number in said:
        counts = by_entity.setdefault(entity, Counts())
        counts.codes[code] = number
        if is_loaded:
            counts.flagged += number
        else:
            counts.set_aside += number
    return by_entity
