"""Local accounts: a password, a second step, links that are good once, and waiting after wrong answers."""

from __future__ import annotations

import pyotp
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from dashboard import db
from dashboard.access import accounts, sessions, users
from dashboard.access.accounts import SecondStep
from dashboard.access.actor import NotFoundError, RuleBrokenError, transaction
from dashboard.access.second_step import UnreadableSecretError, seal, unseal
from tests.conftest import Database

EMAIL, PASSWORD = "marta@example.org", "corner lamp violet seven"
WRONG_ANSWERS_BEFORE_WAITING = 5


def administer(statement: str) -> None:
    """Run a statement as the owner of the schema."""
    with db.administration() as session:
        session.execute(text(statement))


def token_of(link: str) -> str:
    """Return the secret part of a link."""
    return link.rsplit("/", 1)[1]


@pytest.fixture
def user_id(database: Database) -> int:
    """Add an account with a password and return its number."""
    added = users.add(EMAIL, "Marta", "manager", None, "es")
    assert accounts.set_password(token_of(users.invite(EMAIL)), PASSWORD)
    return added


@pytest.fixture
def step(user_id: int) -> SecondStep:
    """Give the account a second step and return it."""
    made = accounts.new_second_step()
    assert accounts.set_second_step(user_id, made, pyotp.TOTP(made.secret).now())
    return made


def test_a_password_and_nothing_else_proves_who_somebody_is(user_id: int) -> None:
    proved = accounts.prove(f" {EMAIL.upper()} ", PASSWORD)
    assert proved == accounts.Proved(user_id, has_second_step=False)
    assert accounts.prove(EMAIL, PASSWORD + " ") is None
    assert accounts.prove("nobody@example.org", PASSWORD) is None
    token = accounts.sign_in(user_id, EMAIL, None, "Firefox")
    assert token is not None
    person = sessions.person_of(token)
    assert person is not None
    assert (person.user_id, person.role) == (user_id, "manager")


def test_nobody_gets_the_session_of_another_than_they_proved(user_id: int) -> None:
    assert accounts.sign_in(user_id + 1, EMAIL, None, None) is None
    assert accounts.sign_in(user_id, "nobody@example.org", None, None) is None


def test_after_wrong_answers_the_right_one_has_to_wait_too(user_id: int) -> None:
    for _again in range(WRONG_ANSWERS_BEFORE_WAITING):
        assert accounts.prove(EMAIL, "wrong") is None
    assert accounts.prove(EMAIL, PASSWORD) is None
    assert accounts.sign_in(user_id, EMAIL, None, None) is None
    administer("update credential set locked_until = now()")
    assert accounts.prove(EMAIL, PASSWORD) is not None
    assert accounts.sign_in(user_id, EMAIL, None, None) is not None
    administer("update credential set locked_until = case when failed = 0 then null else now() + interval '1 day' end")
    assert accounts.prove(EMAIL, PASSWORD) is not None


def test_with_a_second_step_a_password_is_not_enough(user_id: int, step: SecondStep) -> None:
    assert accounts.prove(EMAIL, PASSWORD) == accounts.Proved(user_id, has_second_step=True)
    assert accounts.sign_in(user_id, EMAIL, None, None) is None
    assert accounts.sign_in(user_id, EMAIL, "000000", None) is None
    assert accounts.sign_in(user_id, EMAIL, pyotp.TOTP(step.secret).now(), None) is not None


def test_a_code_opens_one_session(user_id: int, step: SecondStep) -> None:
    code = pyotp.TOTP(step.secret).now()
    assert accounts.sign_in(user_id, EMAIL, code, None) is not None
    assert accounts.sign_in(user_id, EMAIL, code, None) is None


def test_a_recovery_code_stands_in_once_however_it_is_typed(user_id: int, step: SecondStep) -> None:
    code = step.codes[0].upper().replace("-", " ")
    assert accounts.sign_in(user_id, EMAIL, code, None) is not None
    assert accounts.sign_in(user_id, EMAIL, code, None) is None
    assert accounts.sign_in(user_id, EMAIL, step.codes[1], None) is not None


def test_a_second_step_is_set_by_who_can_use_it_and_only_once(user_id: int, step: SecondStep) -> None:
    other = accounts.new_second_step()
    assert not accounts.set_second_step(user_id, other, "000000")
    assert not accounts.set_second_step(user_id, other, pyotp.TOTP(other.secret).now())
    assert accounts.sign_in(user_id, EMAIL, pyotp.TOTP(other.secret).now(), None) is None
    assert step.secret not in repr(step)


def test_the_sealed_second_step_of_somebody_else_cannot_be_read(user_id: int) -> None:
    sealed = seal("SECRET", user_id)
    assert unseal(sealed, user_id) == "SECRET"
    with pytest.raises(UnreadableSecretError):
        unseal(sealed, user_id + 1)
    with pytest.raises(UnreadableSecretError):
        unseal(sealed[:5], user_id)


def test_a_link_is_good_once_and_ends_what_was_open(user_id: int) -> None:
    session = accounts.sign_in(user_id, EMAIL, None, None)
    token = token_of(users.invite(EMAIL))
    assert accounts.invited(token) == accounts.Invited(user_id, EMAIL, "Marta")
    assert accounts.set_password(token, "another corner lamp")
    assert accounts.invited(token) is None
    assert not accounts.set_password(token, PASSWORD)
    assert session is not None
    assert sessions.person_of(session) is None
    assert accounts.prove(EMAIL, "another corner lamp") is not None


def test_a_newer_invitation_voids_the_older_and_an_old_one_is_over(user_id: int) -> None:
    older, newer = token_of(users.invite(EMAIL)), token_of(users.invite(EMAIL))
    assert accounts.invited(older) is None
    assert accounts.invited(newer) is not None
    administer("update account_link set created_at = now() - interval '8 days', expires_at = now() - interval '1 day'")
    assert not accounts.set_password(newer, PASSWORD)
    with pytest.raises(NotFoundError):
        users.invite("nobody@example.org")


def test_a_reset_is_for_who_has_an_account_and_three_times_an_hour(user_id: int) -> None:
    assert accounts.request_reset("nobody@example.org") is None
    tokens = [accounts.request_reset(EMAIL) for _again in range(4)]
    assert [token is not None for token in tokens] == [True, True, True, False]
    assert accounts.invited(tokens[2] or "") == accounts.Invited(user_id, EMAIL, "Marta")


def test_the_password_is_changed_by_who_knows_it_and_other_sessions_end(user_id: int) -> None:
    here, elsewhere = (accounts.sign_in(user_id, EMAIL, None, None) for _again in range(2))
    assert here is not None
    assert elsewhere is not None
    assert not accounts.change_password(here, EMAIL, "wrong", "another corner lamp")
    assert accounts.change_password(here, EMAIL, PASSWORD, "another corner lamp")
    assert sessions.person_of(here) is not None
    assert sessions.person_of(elsewhere) is None


def test_a_provider_signs_in_active_people_only(user_id: int) -> None:
    assert accounts.sign_in_from_provider("nobody@example.org", None) is None
    assert accounts.sign_in_from_provider(EMAIL.upper(), None) is not None
    users.set_active(EMAIL, is_active=False)
    assert accounts.sign_in_from_provider(EMAIL, None) is None
    assert accounts.prove(EMAIL, PASSWORD) is None


def test_letting_somebody_go_ends_their_sessions_and_links(user_id: int) -> None:
    session, token = accounts.sign_in(user_id, EMAIL, None, None), token_of(users.invite(EMAIL))
    users.set_active(EMAIL, is_active=False)
    assert session is not None
    assert sessions.person_of(session) is None
    assert accounts.invited(token) is None
    with pytest.raises(NotFoundError):
        users.set_active("nobody@example.org", is_active=False)


def test_another_role_ends_the_sessions_and_a_therapist_is_one_of_the_team(user_id: int) -> None:
    session = accounts.sign_in(user_id, EMAIL, None, None)
    users.set_role(EMAIL, "auditor", None)
    assert session is not None
    assert sessions.person_of(session) is None
    for role, therapist_id in (("therapist", None), ("manager", 1)):
        with pytest.raises(RuleBrokenError):
            users.set_role(EMAIL, role, therapist_id)  # type: ignore[arg-type]
    with pytest.raises(NotFoundError):
        users.set_role("nobody@example.org", "auditor", None)
    with pytest.raises(RuleBrokenError):
        users.add(EMAIL, "Marta", "manager", None, None)


@pytest.mark.parametrize(
    "reach",
    [
        "select count(*) from credential",
        "select count(*) from recovery_code",
        "select count(*) from account_link",
        "select count(*) from app_user",
        "select count(*) from login_session",
        "select count(*) from patient",
        "update credential set failed = 0",
        "insert into login_session (user_id, token_sha256) select 1, decode(repeat('ab', 32), 'hex')",
        "set local role app_manager",
        "set local role app_staff",
        "select count(*) from marts.patient_files",
    ],
)
def test_the_login_that_proves_people_reaches_no_table(user_id: int, reach: str) -> None:
    with pytest.raises((DBAPIError, db.DatabaseRefusal)), db.transaction("app_sign_in") as session:
        session.execute(text(reach))


@pytest.mark.parametrize("function", ["account_of('a@b.c')", "open_provider_session('a@b.c', '', '')"])
def test_who_is_signed_in_cannot_call_what_proves_people(user_id: int, function: str) -> None:
    person = sessions.person_of(accounts.sign_in(user_id, EMAIL, None, None) or "")
    assert person is not None
    with pytest.raises((DBAPIError, db.DatabaseRefusal)), transaction(person) as session:
        session.execute(text(f"select * from {function}"))
