"""The command ``intersession``: start the dashboard, prepare the database, load, import, refresh, tell the state.

Exit codes: 0 done; 1 refused or failed, with a sentence; 2 wrong use of the command.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import click
from sqlalchemy import func, select, table, text
from sqlalchemy.exc import DBAPIError

from dashboard import __version__, db, demo, postgres, schema
from dashboard.access import chain
from dashboard.access import queries as access
from dashboard.access.actor import Administrator
from dashboard.cli_patients import group as patients
from dashboard.cli_users import group as users
from dashboard.clinical import key_care, keyring
from dashboard.clinical.errors import SealError
from dashboard.config import settings
from dashboard.demo.shape import FEWEST, MOST
from dashboard.imports.commands import run_import
from dashboard.imports.mapping import MappingError
from dashboard.linked import resealing
from dashboard.supervise import is_taken, serve

COMMAND_LINE = Administrator()


def fail(sentence: str) -> NoReturn:
    """End with ``sentence`` on standard error and exit code 1."""
    click.echo(sentence, err=True)
    sys.exit(1)


@contextmanager
def database() -> Iterator[None]:
    """Keep the database reachable: the configured one, else the embedded one, started for as long as needed.

    What it refuses ends the command with a sentence.
    """
    try:
        if settings().database_url:
            yield
        else:
            with postgres.running():
                yield
    except (postgres.EmbeddedPostgresError, db.NoDatabaseError, schema.OutdatedServerError, SealError) as error:
        fail(str(error))
    except db.DatabaseRefusal as refused:
        fail(f"The database refused this, and nothing was changed: {refused}.")
    except DBAPIError as error:
        fail(f"The database cannot be used: {db.refusal(error)}.")
    finally:
        db.forget_engines()


@contextmanager
def progress_bar(shown: bool) -> Iterator[Any]:
    """Give a function ``(what, share done)`` that draws a progress bar on standard error."""
    if not shown:
        yield None
        return
    with click.progressbar(length=1000, file=sys.stderr, item_show_func=lambda what: what or "") as bar:

        def advance(what: str, share: float) -> None:
            bar.update(max(0, round(share * 1000) - bar.pos), what)

        yield advance


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
@click.pass_context
def main(context: click.Context) -> None:
    """Run and care for the dashboard of a psychotherapy practice."""
    context.obj = database


main.add_command(patients)
main.add_command(users)


@main.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on (default: INTERSESSION_PORT or 8501).")
@click.option(
    "--demo/--empty", "with_demo", default=None, help="Load the synthetic practice into an empty database, or do not."
)
def up(port: int | None, with_demo: bool | None) -> None:
    """Start the database, the workers and the dashboard; stop them all on Ctrl-C."""
    port = port or settings().port
    if is_taken(port):
        fail(f"Port {port} of {settings().host} is in use. Choose another with --port.")
    if is_taken(settings().booking_port):
        fail(
            f"Port {settings().booking_port} of {settings().host}, for public booking, is in use. Choose another with"
            " INTERSESSION_BOOKING_PORT."
        )
    with database():
        schema.upgrade()
        key_care.require_keys()
        if not settings().database_url:
            keyring.ensure_key()
        if with_demo and not access.has_people():
            _load_demo(None, 1)
        if access.refreshed_at("figures") is None and access.has_people():
            click.echo("Building the figures and running the checks …")
            _refresh()
        sys.exit(serve(port))


@main.command()
def migrate() -> None:
    """Bring the database to the present schema."""
    with database():
        click.echo("The schema was brought up to date." if schema.upgrade() else "The schema is up to date.")


@main.command("demo")
@click.option("--sessions", type=click.IntRange(FEWEST, MOST), help="About how many sessions (default: 24 months).")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed makes another practice.")
def load_demo(sessions: int | None, seed: int) -> None:
    """Load the synthetic practice; refused where there are real people."""
    with database():
        schema.upgrade()
        _load_demo(sessions, seed)


def _load_demo(sessions: int | None, seed: int) -> None:
    try:
        with progress_bar(sys.stderr.isatty()) as progress:
            counts = demo.load(db.admin_engine(), seed=seed, sessions=sessions, progress=progress)
    except demo.DemoRefusedError as refused:
        fail(str(refused))
    click.echo(f"Loaded the synthetic practice: {counts['patient']:,} files, {counts['appointment']:,} appointments.")


@main.command("import")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--mapping", help="Name of the mapping, when the source is not to be detected.")
@click.option("--dry-run", is_flag=True, help="Report what would happen and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def import_path(path: Path, mapping: str | None, dry_run: bool, as_json: bool) -> None:
    """Import the files of another system from PATH (a file, a folder or a zip)."""
    with database():
        schema.upgrade()
        try:
            with progress_bar(not as_json and sys.stderr.isatty()) as progress:
                report = run_import(COMMAND_LINE, path, mapping=mapping, dry_run=dry_run, progress=progress)
        except MappingError as error:
            fail(str(error))
    if as_json:
        click.echo(json.dumps(report.as_json()))
    else:
        click.echo(report.as_text())
    sys.exit(0 if report.state == "done" else 1)


@main.command()
def refresh() -> None:
    """Build the figures and run the checks once."""
    with database():
        _refresh()
        click.echo("Figures and checks are up to date.")


def _refresh() -> None:
    if subprocess.run([sys.executable, "-m", "dashboard.refresh", "--once"], check=False).returncode:
        fail("The refresh failed; the log says at which stage, with a reference number.")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def status(as_json: bool) -> None:
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


@main.group()
def audit() -> None:
    """Prove that the audit log is whole, and anchor its end outside the database."""


@audit.command("verify")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
def audit_verify(as_json: bool) -> None:
    """Recompute the chain over the whole log and compare it with the anchors; exit code 1 when it is broken."""
    with database(), _anchors_explained():
        found = chain.verify()
    if as_json:
        click.echo(json.dumps({**vars(found), "is_whole": found.is_whole}))
    elif found.kind is None:
        click.echo(f"The audit log is whole: {found.entries:,} entries, {found.anchors:,} anchors.")
    else:
        click.echo(f"The audit log is broken at {found.broken_at}: {chain.KINDS[found.kind]}.", err=True)
    sys.exit(0 if found.is_whole else 1)


@audit.command("anchor")
def audit_anchor() -> None:
    """Sign the present end of the log and write it to the file of anchors."""
    with database(), _anchors_explained():
        click.echo(f"Anchored at {chain.anchor():,}.")


@contextmanager
def _anchors_explained() -> Iterator[None]:
    try:
        yield
    except chain.BrokenAnchorError as broken:
        fail(str(broken))


@main.group()
def keys() -> None:
    """Make, change and check the master key of clinical texts."""


@keys.command("init")
def keys_init() -> None:
    """Make the first master key, in a file that only its owner can read."""
    with database():
        schema.upgrade()
        name = key_care.init()
    click.echo(f"Made the master key {name}: {keyring.key_file()}. Keep a copy apart from the database's backups.")


@keys.command("rotate")
def keys_rotate() -> None:
    """Make a new master key and wrap every patient's key with it; stopped half way, the same again goes on."""
    with database():
        schema.upgrade()
        name, wrapped = key_care.rotate()
        sealed = resealing.reseal()
    click.echo(f"{wrapped:,} patients' keys are wrapped with the master key {name}. Older backups need the older key.")
    if sealed:
        click.echo(f"{sealed:,} passwords of linked calendars are sealed anew.")


@keys.command("check")
@click.option("--texts", default=key_care.SAMPLE, show_default=True, help="How many texts of each kind to open.")
def keys_check(texts: int) -> None:
    """Unwrap every patient's key, open the newest texts and every password; list what does not open."""
    with database():
        schema.upgrade()
        found = key_care.check(texts)
        passwords, closed = resealing.unreadable()
    failed = [*found.failed, *closed]
    tried = f"{found.keys:,} keys, {found.texts:,} texts and {passwords:,} passwords of linked calendars"
    click.echo(f"Tried {tried}: {len(failed):,} do not open.")
    for row in failed:
        click.echo(row)
    sys.exit(1 if failed else 0)


@main.command("database-url")
def database_url() -> None:
    """Print the administrative address of the database (it holds a password)."""
    with database():
        click.echo(db.admin_url().set(drivername="postgresql").render_as_string(hide_password=False))
