"""The commands ``keys …``: the master key of clinical texts and of the passwords of linked calendars."""

from __future__ import annotations

import sys

import click

from dashboard import schema
from dashboard.cli.shared import database
from dashboard.clinical import key_care, keyring
from dashboard.linked import resealing


@click.group("keys")
def keys_command() -> None:
    """Make, change and check the master key of clinical texts."""


@keys_command.command("init")
def keys_init() -> None:
    """Make the first master key, in a file that only its owner can read."""
    with database():
        schema.upgrade()
        name = key_care.init()
    click.echo(f"Made the master key {name}: {keyring.key_file()}. Keep a copy apart from the database's backups.")


@keys_command.command("rotate")
def keys_rotate() -> None:
    """Make a new master key and wrap every patient's key with it; stopped half way, the same again goes on."""
    with database():
        schema.upgrade()
        name, wrapped = key_care.rotate()
        sealed = resealing.reseal()
    click.echo(f"{wrapped:,} patients' keys are wrapped with the master key {name}. Older backups need the older key.")
    if sealed:
        click.echo(f"{sealed:,} passwords of linked calendars are sealed anew.")


@keys_command.command("check")
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
