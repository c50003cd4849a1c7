"""The commands ``up``, ``migrate`` and ``demo``: a database that is ready, a practice in it, a dashboard over it."""

from __future__ import annotations

import sys

import click

from dashboard import db, demo, schema
from dashboard.access import queries as access
from dashboard.cli.refreshing import refreshed
from dashboard.cli.shared import database, fail, progress_bar
from dashboard.clinical import key_care, keyring
from dashboard.config import settings
from dashboard.demo.shape import FEWEST, MOST
from dashboard.supervise import is_taken, serve


@click.command("up")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on (default: INTERSESSION_PORT or 8501).")
@click.option(
    "--demo/--empty", "with_demo", default=None, help="Load the synthetic practice into an empty database, or do not."
)
def up_command(port: int | None, with_demo: bool | None) -> None:
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
            refreshed()
        sys.exit(serve(port))


@click.command("migrate")
def migrate_command() -> None:
    """Bring the database to the present schema."""
    with database():
        click.echo("The schema was brought up to date." if schema.upgrade() else "The schema is up to date.")


@click.command("demo")
@click.option("--sessions", type=click.IntRange(FEWEST, MOST), help="About how many sessions (default: 24 months).")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed makes another practice.")
def demo_command(sessions: int | None, seed: int) -> None:
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
