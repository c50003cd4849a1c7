"""The command ``refresh``, in a process of its own: what builds the figures is not loaded here."""

from __future__ import annotations

import subprocess
import sys

import click

from dashboard.cli.shared import database, fail


@click.command("refresh")
def refresh_command() -> None:
    """Build the figures and run the checks once."""
    with database():
        refreshed()
        click.echo("Figures and checks are up to date.")


def refreshed() -> None:
    """Build the figures and run the checks, or end with a sentence."""
    if subprocess.run([sys.executable, "-m", "dashboard.refresh", "--once"], check=False).returncode:
        fail("The refresh failed; the log says at which stage, with a reference number.")
