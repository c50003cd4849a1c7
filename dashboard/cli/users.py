"""The commands ``intersession users …``: who may use the dashboard, and the links by which they set a password."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, cast, get_args

import click

from dashboard import mail
from dashboard.access import users
from dashboard.access.actor import NotFoundError, Role, RuleBrokenError
from dashboard.cli.shared import AS_JSON, COMMAND_LINE, database
from dashboard.team.commands import add_therapist

ROLE = click.Choice(get_args(Role))
THERAPIST = click.option("--therapist", type=int, help="Number of the therapist that a person with this role is.")
MAILED = click.option("--mail", "is_mailed", is_flag=True, help="Also mail the link to the person.")


@click.group("users")
def users_command() -> None:
    """Add the people who use the dashboard, invite them, change their role or let them go."""


@users_command.command("add")
@click.argument("email")
@click.argument("name")
@click.option("--role", type=ROLE, required=True, help="What the person does in the practice.")
@THERAPIST
@click.option("--language", type=click.Choice(["en", "es"]), help="The language of their screens.")
@MAILED
def add(email: str, name: str, role: str, therapist: int | None, language: str | None, is_mailed: bool) -> None:
    """Add a person with an e-mail and a NAME, and print the link by which they set their password.

    A therapist who is not in the team yet is added to it.
    """
    with database(), _refusals_told():
        users.require_new(email)
        if role == "therapist" and therapist is None:
            given_name, _space, surnames = name.partition(" ")
            therapist = add_therapist(COMMAND_LINE, given_name, surnames)
        users.add(email, name, cast("Role", role), therapist, language)
        _tell_link(email, users.invite(email), is_mailed=is_mailed)


@users_command.command("list")
@AS_JSON
def list_users(as_json: bool) -> None:
    """List everybody who uses the dashboard or once did."""
    with database():
        everyone = users.everyone()
    if as_json:
        click.echo(json.dumps({"users": [asdict(user) for user in everyone]}))
        return
    for user in everyone:
        click.echo(_line(user))


@users_command.command("disable")
@click.argument("email")
@click.option("--undo", is_flag=True, help="Let the person in again.")
def disable(email: str, undo: bool) -> None:
    """Let a person use the dashboard no longer; their sessions end at once."""
    with database(), _refusals_told():
        users.set_active(email, is_active=undo)
    click.echo("The person may use the dashboard again." if undo else "The person may not use the dashboard.")


@users_command.command("role")
@click.argument("email")
@click.argument("role", type=ROLE)
@THERAPIST
def set_role(email: str, role: str, therapist: int | None) -> None:
    """Give a person another ROLE; their sessions end at once."""
    with database(), _refusals_told():
        users.set_role(email, cast("Role", role), therapist)
    click.echo("The role was changed.")


@users_command.command("invite")
@click.argument("email")
@click.option("--new-second-step", is_flag=True, help="Forget the second step, for who lost their authenticator.")
@MAILED
def invite(email: str, new_second_step: bool, is_mailed: bool) -> None:
    """Print a link, good once and for a week, by which a person sets their password; earlier ones are void."""
    with database(), _refusals_told():
        _tell_link(email, users.invite(email, forgets_second_step=new_second_step), is_mailed=is_mailed)


@contextmanager
def _refusals_told() -> Iterator[None]:
    try:
        yield
    except (NotFoundError, RuleBrokenError) as refused:
        raise click.ClickException(str(refused)) from None


def _tell_link(email: str, link: str, *, is_mailed: bool) -> None:
    click.echo(link)
    if not is_mailed:
        return
    if not mail.is_set_up():
        raise click.ClickException("No mail was sent: INTERSESSION_SMTP_HOST and INTERSESSION_MAIL_FROM are not set.")
    body = f"You are invited to the practice's dashboard. Set your password here, within a week:\n\n{link}\n"
    if not mail.send(email, "Your invitation", body):
        raise click.ClickException("No mail was sent: the mail server refused it or could not be reached.")


def _line(user: users.User) -> str:
    facts: dict[str, Any] = {
        "no password yet": not user.has_password,
        "second step": user.has_second_step,
        "signed in": user.open_sessions > 0,
        "disabled": not user.is_active,
    }
    told = ", ".join(name for name, holds in facts.items() if holds)
    return f"{user.id:>6}  {user.role:11} {user.email:40} {user.display_name:30} {told}".rstrip()
