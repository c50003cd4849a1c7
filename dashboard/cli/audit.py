"""The commands ``audit …``: prove that the audit log is whole, and anchor it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from dashboard.access import chain
from dashboard.cli.shared import AS_JSON, database, fail


@click.group("audit")
def audit_command() -> None:
    """Prove that the audit log is whole, and anchor its end outside the database."""


@audit_command.command("verify")
@AS_JSON
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


@audit_command.command("anchor")
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
