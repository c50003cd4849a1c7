"""Questions about imports: which ran, and which rows they set aside."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from dashboard.access.actor import Actor, Role, reading
from dashboard.access.models import AppUser
from dashboard.imports.models import ImportRun, ImportSetAside

MAY_READ: tuple[Role, ...] = ("manager", "front_desk", "auditor")


@dataclass(frozen=True)
class Run:
    """One import of the ledger."""

    id: int
    source: str
    label: str
    state: str
    is_dry_run: bool
    refusal_code: str | None
    read: int
    loaded: int
    updated: int
    unchanged: int
    set_aside: int
    counts: dict[str, Any]
    started_at: datetime
    finished_at: datetime
    started_by: str | None


@dataclass(frozen=True)
class RowSetAside:
    """A row that was not loaded, or was loaded and flagged: where it stands and why."""

    file: str
    line: int
    entity: str
    code: str
    field: str | None
    is_loaded: bool


def import_runs(actor: Actor, limit: int = 100) -> list[Run]:
    """Return the latest imports, newest first."""
    columns = [getattr(ImportRun, name) for name in list(Run.__dataclass_fields__)[:-1]]
    question = (
        select(*columns, AppUser.display_name.label("started_by"))
        .outerjoin(AppUser, AppUser.id == ImportRun.started_by_id)
        .order_by(ImportRun.id.desc())
        .limit(limit)
    )
    with reading(actor, *MAY_READ) as session:
        return [Run(**row._asdict()) for row in session.execute(question)]


def rows_set_aside(actor: Actor, run_id: int, limit: int = 1000) -> list[RowSetAside]:
    """Return the rows that a run set aside, then those it flagged, each in the order of the files.

    A long list may be flagged whole: what was not loaded must not be lost behind the limit.
    """
    question = (
        select(*(getattr(ImportSetAside, name) for name in RowSetAside.__dataclass_fields__))
        .where(ImportSetAside.import_run_id == run_id)
        .order_by(ImportSetAside.is_loaded, ImportSetAside.file, ImportSetAside.line, ImportSetAside.id)
        .limit(limit)
    )
    with reading(actor, *MAY_READ) as session:
        return [RowSetAside(**row._asdict()) for row in session.execute(question)]
