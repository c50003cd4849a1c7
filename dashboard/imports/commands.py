"""The verbs of imports: run one, and take in an uploaded file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from dashboard import clock
from dashboard.access.actor import Actor, Role, require, transaction
from dashboard.imports.codes import FileRefusedError
from dashboard.imports.detection import csv_files, detect
from dashboard.imports.ledger import Entry, begin_run, counted, earlier_run, end_run
from dashboard.imports.load import Progress, load_staged
from dashboard.imports.mapping import Mapping, read_mapping
from dashboard.imports.parsing import Parsed, Parsing
from dashboard.imports.report import Report
from dashboard.imports.staging import Staging
from dashboard.imports.uploads import receive_upload, unpacked

__all__ = ["receive_upload", "run_import"]

MAY_IMPORT: tuple[Role, ...] = ("manager", "front_desk")
LOCK = 7_204_114  # any fixed number: imports of one database wait for each other
COPY = "copy import_staging (entity, file, line, external_id, content_sha256, draft) from stdin"
NO_HASH = "-"


class _NothingToKeepError(Exception):
    """Ends the transaction without keeping anything: a trial, or content that was imported before."""

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report


@dataclass(frozen=True)
class _Attempt:
    """One call of ``run_import``: who, what, since when, and whether for trial only."""

    actor: Actor
    path: Path
    mapping: str | None
    is_dry_run: bool
    progress: Progress
    label: str
    started_at: datetime

    def entry(self, mapping_version: str, content: str) -> Entry:
        """Return what the ledger says of this attempt."""
        return Entry(mapping_version, content, self.started_at, self.label, self.actor.user_id)


def run_import(
    actor: Actor,
    path: Path,
    *,
    mapping: str | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
    label: str | None = None,
) -> Report:
    """Import a file, a folder or a zip archive in one transaction: all of it is loaded, or nothing is changed.

    ``mapping`` names one of ours or a YAML file; without it the one that knows most of the files is taken. ``progress``
    is called with the stage's name and the share done. A refused file is an answer, not an error.

    Raises:
        NotAllowedError: the acting person may not import.
        MappingError: the mapping breaks a rule.
        DatabaseRefusal: the database refused or was lost; nothing was changed.
    """
    require(actor, *MAY_IMPORT)
    attempt = _Attempt(actor, path, mapping, dry_run, progress or _silent, label or path.name, clock.now())
    try:
        with unpacked(path) as folder:
            report, mapping_version = _parse_and_load(attempt, folder)
    except FileRefusedError as refused:
        report = Report(
            None,
            "unknown",
            "refused",
            refusal_code=refused.code,
            refusal_file=refused.file,
            refusal_line=refused.line,
            is_dry_run=dry_run,
        )
        return _record(attempt, report, NO_HASH, _hash_of_files(path))
    return _record(attempt, report, mapping_version, NO_HASH) if dry_run else report


def _silent(_stage: str, _share: float) -> None:
    """Take no notice of progress."""


def _parse_and_load(attempt: _Attempt, path: Path) -> tuple[Report, str]:
    """Load in one transaction, undone when there turns out to be nothing to keep; return the mapping's version too."""
    detected = detect(path, attempt.mapping)
    rules = read_mapping(detected.mapping)
    try:
        with Parsing(path, detected.mapping) as parsing, transaction(attempt.actor, *MAY_IMPORT) as session:
            try:
                return _load(session, attempt, parsing, rules), rules.version
            except psycopg.Error as error:
                # The driver's own error, whose text may hold values, becomes one that only has a code.
                raise DBAPIError("import", {}, error) from None
    except _NothingToKeepError as nothing:
        return nothing.report, rules.version


def _load(session: Session, attempt: _Attempt, parsing: Parsing, rules: Mapping) -> Report:
    cursor = _cursor(session)
    cursor.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
    parsed = _stage(cursor, parsing, attempt.progress)
    earlier = earlier_run(cursor, parsed)
    if earlier and not earlier.is_mendable:
        raise _NothingToKeepError(replace(earlier.report(parsed), is_dry_run=attempt.is_dry_run))
    content = earlier.next_content(parsed) if earlier else parsed.sha256
    report = Report(None, parsed.source, "done", files=parsed.files, unknown_files=parsed.unknown_files)
    run_id = begin_run(cursor, attempt.entry(rules.version, content), report)
    staging = Staging(cursor, parsed.source, run_id, clock.now())
    load_staged(staging, rules, attempt.progress)
    report = replace(report, run_id=run_id, by_entity=counted(staging, parsed))
    if attempt.is_dry_run:
        raise _NothingToKeepError(replace(report, run_id=None, is_dry_run=True))
    if earlier and not report.loaded and not report.updated:
        raise _NothingToKeepError(earlier.report(parsed))
    end_run(cursor, report)
    attempt.progress("done", 1.0)
    return report


def _stage(cursor: psycopg.Cursor[Any], parsing: Parsing, progress: Progress) -> Parsed:
    """Copy the drafts into the staging table as they come, and return the parser's summary."""
    progress("reading", 0.0)
    try:
        with cursor.copy(COPY) as copy:
            for block, share in parsing.blocks():
                copy.write(block)
                progress("reading", share / 2)
    except (psycopg.errors.BadCopyFileFormat, psycopg.DataError):
        # A parser that was stopped leaves half a line: its end says why.
        parsing.end()
        raise
    return parsing.end()


def _cursor(session: Session) -> psycopg.Cursor[Any]:
    """Return a cursor of the driver itself, in the session's transaction: COPY needs it."""
    driver = session.connection().connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("imports need the psycopg driver")
    return driver.cursor()


def _record(attempt: _Attempt, report: Report, mapping_version: str, content: str) -> Report:
    """Write a refusal or a trial into the ledger, in a transaction of its own: nothing else of it was kept."""
    with transaction(attempt.actor, *MAY_IMPORT) as session:
        try:
            run_id = begin_run(_cursor(session), attempt.entry(mapping_version, content), report)
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
