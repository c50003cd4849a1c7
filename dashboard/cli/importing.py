"""The command ``import``: the files of another system."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from dashboard import schema
from dashboard.cli.shared import AS_JSON, COMMAND_LINE, database, fail, progress_bar
from dashboard.imports.commands import run_import
from dashboard.imports.mapping import MappingError


@click.command("import")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--mapping", help="Name of the mapping, when the source is not to be detected.")
@click.option("--dry-run", is_flag=True, help="Report what would happen and change nothing.")
@AS_JSON
def import_command(path: Path, mapping: str | None, dry_run: bool, as_json: bool) -> None:
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
