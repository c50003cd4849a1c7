"""The commands ``status`` and ``database-url``: what there is, and where."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import click
from sqlalchemy import func, select, table, text

from dashboard import db, schema
from dashboard.access import queries as access
from dashboard.cli.shared import AS_JSON, database


@click.command("status")
@AS_JSON
def status_command(as_json: bool) -> None:
    """Tell the state: rows per table, migration, age of figures and checks, open findings."""
    with database():
        state = _state()
    if as_json:
        click.echo(json.dumps(state))
        return
    for name, count in state["rows"].items():
        click.echo(f"{name:28}{count:>14,}")
    for name in ("revision", "figures_as_of", "checks_as_of", "open_findings"):
        click.echo(f"{name:28}{state[name] if state[name] is not None else '–':>14}")


def _state() -> dict[str, Any]:
    """Return what ``status`` tells; on a database without schema, empty counts and no revision."""
    with db.admin_engine().connect() as connection:
        revision = schema.revision(connection)
    if revision is None:
        return {"rows": {}, "revision": None, "figures_as_of": None, "checks_as_of": None, "open_findings": 0}
    with db.administration(read_only=True) as session:
        tables = session.scalars(
            text("select tablename::text from pg_tables where schemaname = current_schema() order by tablename")
        ).all()
        rows = {name: session.scalar(select(func.count()).select_from(table(name))) for name in tables}
        open_findings = session.scalar(text("select count(*) from finding where closed_at is null"))
    return {
        "rows": rows,
        "revision": revision,
        "figures_as_of": _iso(access.refreshed_at("figures")),
        "checks_as_of": _iso(access.refreshed_at("checks")),
        "open_findings": open_findings,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


@click.command("database-url")
def database_url_command() -> None:
    """Print the administrative address of the database (it holds a password)."""
    with database():
        click.echo(db.admin_url().set(drivername="postgresql").render_as_string(hide_password=False))
