"""The verbs of imports: run one, and take in an uploaded file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.sql import SQL
from psycopg.types.json import Jsonb
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from dashboard import clock
from dashboard.access.actor import Actor, Role, require, transaction
from dashboard.imports.codes import Code, FileRefusedError
from dashboard.imports.detection import csv_files, detect
from dashboard.imports.load import load_staged
from dashboard.imports.mapping import Mapping, read_mapping
from dashboard.imports.parsing import Parsed, Parsing
from dashboard.imports.report import Counts, Report
from dashboard.imports.staging import Staging
from dashboard.imports.uploads import receive_upload

__all__ = ["receive_upload", "run_import"]

MAY_IMPORT: tuple[Role, ...] = ("manager", "front_desk")
LOCK = 7_204_114  # any fixed number: imports of one database wait for each other
# Reasons that another file may have removed since: the same rows are then worth trying again.
MENDABLE = (Code.UNKNOWN_REFERENCE, Code.NO_TRANSACTIONS, Code.ALREADY_BOOKED)

Progress = Callable[[str, float], None]


class _NothingToKeepError(Exception):
    """Ends the transaction without keeping anything: a trial, or content that was imported before."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report


def run_import(
    actor: Actor,
    path: Path,
    *,
    mapping: str | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
    label: str | None = None,
) -> Report:
    """Import a file or a folder in one transaction: all of it is loaded, or nothing is changed.

    ``mapping`` names one of ours or a YAML file; without it the one that knows most of the files is taken. ``progress``
    is called with the stage's name and the share done. A refused file is an answer, not an error.

    Raises:
        NotAllowedError: the acting person may not import.
        MappingError: the mapping breaks a rule.
        DatabaseRefusal: the database refused or was lost; nothing was changed.
    """
    require(actor, *MAY_IMPORT)
    started = clock.now()
    source = "unknown"
    try:
        detected = detect(path, mapping)
        source = detected.source
        rules = read_mapping(detected.mapping)
        with Parsing(path, detected.mapping) as parsing:
            report = _load(actor, parsing, rules, started, progress or _silent, label or path.name, dry_run=dry_run)
    except FileRefusedError as refused:
        report = Report(
            None,
            source,
            "refused",
            refusal_code=refused.code,
            refusal_file=refused.file,
            refusal_line=refused.line,
            is_dry_run=dry_run,
        )
        return _record(actor, report, "-", _hash_of_files(path), started, label or path.name)
    if dry_run:
        return _record(actor, report, rules.version, "-", started, label or path.name)
    return report


def _silent(_stage: str, _share: float) -> None:
    """Take no notice of progress."""


def _load(
    actor: Actor, parsing: Parsing, rules: Mapping, started: datetime, progress: Progress, label: str, *, dry_run: bool
) -> Report:
    """Load in one transaction, and undo it when there turns out to be nothing to keep."""
    try:
        with transaction(actor, *MAY_IMPORT) as session:
            try:
                return _load_in(session, actor, parsing, rules, started, progress, label, dry_run=dry_run)
            except psycopg.Error as error:
                # The driver's own error, whose text may hold values, becomes one that only has a code.
                raise DBAPIError("import", {}, error) from None
    except _NothingToKeepError as nothing:
        return nothing.report


def _load_in(
    session: Session,
    actor: Actor,
    parsing: Parsing,
    rules: Mapping,
    started: datetime,
    progress: Progress,
    label: str,
    *,
    dry_run: bool,
) -> Report:
    cursor = _cursor(session)
    cursor.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
    progress("reading", 0.0)
    with cursor.copy(COPY) as copy:
        for block in parsing.blocks():
            copy.write(block)
    parsed = parsing.end()
    progress("reading", 0.5)
    earlier = _earlier_run(cursor, parsed)
    if earlier and not earlier.is_mendable:
        raise _NothingToKeepError(earlier.report(parsed))
    content = earlier.next_content(parsed) if earlier else parsed.sha256
    report = Report(None, parsed.source, "done", files=parsed.files, unknown_files=parsed.unknown_files)
    run_id = _begin_run(cursor, actor, report, rules.version, content, started, label)
    staging = Staging(cursor, parsed.source, run_id, clock.now())
    load_staged(staging, rules, progress)
    report = replace(report, run_id=run_id, by_entity=_counts(staging, parsed))
    if dry_run:
        raise _NothingToKeepError(replace(report, run_id=None, is_dry_run=True))
    if earlier and not report.loaded and not report.updated:
        raise _NothingToKeepError(earlier.report(parsed))
    _end_run(cursor, report)
    progress("done", 1.0)
    return report


COPY = "copy import_staging (entity, file, line, external_id, content_sha256, draft) from stdin"


def _cursor(session: Session) -> psycopg.Cursor[Any]:
    """Return a cursor of the driver itself, in the session's transaction: COPY needs it."""
    driver = session.connection().connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("imports need the psycopg driver")
    return driver.cursor()


class _EarlierRun:
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


def _earlier_run(cursor: psycopg.Cursor[Any], parsed: Parsed) -> _EarlierRun | None:
    """Return the last finished run of this content, following the tries after the first."""
    found: _EarlierRun | None = None
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
        found = _EarlierRun(*row)
        content = found.next_content(parsed)


def _begin_run(
    cursor: psycopg.Cursor[Any], actor: Actor, report: Report, version: str, content: str, started: datetime, label: str
) -> int:
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
            version,
            content,
            label[:200],
            report.state,
            report.is_dry_run,
            report.refusal_code,
            *_totals(report),
            started,
            clock.now(),
            actor.user_id or None,
        ),
    )
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def _totals(report: Report) -> tuple[Any, ...]:
    said = report.as_json()
    names = ("read", "loaded", "updated", "unchanged", "set_aside")
    return (*(said[name] for name in names), Jsonb(said["by_entity"]))


def _end_run(cursor: psycopg.Cursor[Any], report: Report) -> None:
    cursor.execute(
        SQL("""
        update import_run
        set read = %s, loaded = %s, updated = %s, unchanged = %s, set_aside = %s, counts = %s, finished_at = %s
        where id = %s
        """),
        (*_totals(report), clock.now(), report.run_id),
    )


def _counts(staging: Staging, parsed: Parsed) -> dict[str, Counts]:
    by_entity = {
        entity: Counts(
            read,
            staging.loaded[entity],
            staging.updated[entity],
            staging.unchanged[entity],
            is_derived=entity in parsed.derived,
        )
        for entity, read in parsed.read.items()
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


def _record(actor: Actor, report: Report, version: str, content: str, started: datetime, label: str) -> Report:
    """Write a refusal or a trial into the ledger, in a transaction of its own: nothing else of it was kept."""
    with transaction(actor, *MAY_IMPORT) as session:
        try:
            run_id = _begin_run(_cursor(session), actor, report, version, content, started, label)
        except psycopg.Error as error:
            raise DBAPIError("import", {}, error) from None
    return replace(report, run_id=run_id)


def _hash_of_files(path: Path) -> str:
    """Return the hash of the bytes that were refused, so that a person can say later which file it was."""
    digest = hashlib.sha256()
    try:
        for file in csv_files(path):
            with file.open("rb") as stream:
                while chunk := stream.read(1 << 20):
                    digest.update(chunk)
    except (FileRefusedError, OSError):
        return "-"
    return digest.hexdigest()
