"""The command ``intersession``: start the dashboard, prepare the database, load, import, refresh, tell the state.

Exit codes: 0 done; 1 refused or failed, with a sentence; 2 wrong use of the command.
"""

from __future__ import annotations

from importlib import import_module

import click

from dashboard import __version__

COMMANDS = {
    "audit": "audit",
    "database-url": "state",
    "demo": "running",
    "import": "importing",
    "keys": "keys",
    "migrate": "running",
    "patients": "patients",
    "refresh": "refreshing",
    "status": "state",
    "up": "running",
    "users": "users",
}
"""Each command and its module here, which is loaded when the command is used: all of them take seconds."""


class Commands(click.Group):
    """The commands, each in the variable of its module that is named as it is."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click gives it
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click gives it
        """Return a command by its name, or nothing when there is none."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"{__name__}.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Run and care for the dashboard of a psychotherapy practice."""
