"""The commands ``intersession users``: links are printed, refusals are sentences, nobody's secret is."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from dashboard.access import accounts
from dashboard.cli.users import users_command
from tests.conftest import Database

pytestmark = pytest.mark.usefixtures("database")


def users(*arguments: str) -> Result:
    """Run ``intersession users``."""
    return CliRunner().invoke(users_command, arguments)


def test_somebody_is_added_invited_and_listed() -> None:
    added = users("add", "ada@example.org", "Ada Byron", "--role", "manager", "--language", "es")
    assert added.exit_code == 0
    assert accounts.set_password(added.output.strip().rsplit("/", 1)[1], "corner lamp violet seven")
    invited = users("invite", "ada@example.org", "--new-second-step")
    assert accounts.invited(invited.output.strip().rsplit("/", 1)[1]) is not None
    [listed] = json.loads(users("list", "--json").output)["users"]
    assert (listed["email"], listed["role"], listed["has_password"]) == ("ada@example.org", "manager", True)
    assert "ada@example.org" in users("list").output


def test_a_therapist_joins_the_team_with_their_account(database: Database) -> None:
    assert users("add", "eva@example.org", "Eva Ruiz Mora", "--role", "therapist").exit_code == 0
    [listed] = json.loads(users("list", "--json").output)["users"]
    assert listed["therapist_id"] is not None


def test_a_person_is_let_go_and_let_in_again() -> None:
    users("add", "ada@example.org", "Ada Byron", "--role", "manager")
    assert users("disable", "ada@example.org").exit_code == 0
    assert "disabled" in users("list").output
    assert users("disable", "ada@example.org", "--undo").exit_code == 0
    assert "disabled" not in users("list").output
    assert users("role", "ada@example.org", "auditor").exit_code == 0
    assert json.loads(users("list", "--json").output)["users"][0]["role"] == "auditor"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("add", "ADA@example.org", "Ada", "--role", "manager"), "Somebody has this e-mail already."),
        (("role", "ada@example.org", "therapist"), "linked to a therapist"),
        (("role", "nobody@example.org", "auditor"), "Nobody has this e-mail."),
        (("invite", "nobody@example.org"), "Nobody active has this e-mail."),
        (("disable", "nobody@example.org"), "Nobody has this e-mail."),
        (("invite", "ada@example.org", "--mail"), "INTERSESSION_SMTP_HOST"),
    ],
)
def test_a_refusal_is_a_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    users("add", "ada@example.org", "Ada Byron", "--role", "manager")
    refused = users(*arguments)
    assert refused.exit_code == 1
    assert sentence in refused.output
