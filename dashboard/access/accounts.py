"""Local accounts: proving who somebody is. Works with a login of its own, before anybody is signed in."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import text

from dashboard import db
from dashboard.access import passwords, second_step, sessions


@dataclass(frozen=True)
class Proved:
    """Somebody whose password was right; whether a second step stands between them and a session."""

    user_id: int
    has_second_step: bool


@dataclass(frozen=True)
class Invited:
    """Whom a link was made for."""

    user_id: int
    email: str
    display_name: str


@dataclass(frozen=True)
class SecondStep:
    """What an authenticator is given, and the codes that stand in for it; shown once."""

    secret: str = field(repr=False)
    codes: tuple[str, ...] = field(repr=False)


def prove(email: str, password: str) -> Proved | None:
    """Return whose e-mail and password these are; nothing when they do not match or have to wait, told apart by nobody.

    A wrong answer takes as long for an account that does not exist.
    """
    with db.transaction("app_sign_in") as session:
        found = session.execute(text("select * from account_of(:email)"), {"email": email.strip()}).one_or_none()
    is_right = passwords.matches(password, found.password_hash if found else None)
    if found is None or found.is_paused:
        return None
    if not is_right:
        _note_wrong(found.user_id)
        return None
    return Proved(found.user_id, found.second_step_sealed is not None)


def sign_in(user_id: int, email: str, code: str | None, device: str | None) -> str | None:
    """Open a session of somebody who proved their password, with a code where there is a second step; return its token.

    ``code`` is an authenticator's or a recovery code, each good once. Nothing is returned when it does not fit, and
    the wrong answer counts.
    """
    step, recovery = None, None
    with db.transaction("app_sign_in") as session:
        found = session.execute(text("select * from account_of(:email)"), {"email": email.strip()}).one_or_none()
    if found is None or found.user_id != user_id or found.is_paused:
        return None
    if found.second_step_sealed is not None:
        secret = second_step.unseal(found.second_step_sealed, user_id)
        step = second_step.matching_step(secret, code or "", found.last_step)
        recovery = second_step.hashed_code(code or "") if step is None else None
    token = sessions.new_token()
    opened = text("select open_account_session(:user_id, :token, :device, :step, :recovery)")
    values = {"user_id": user_id, "token": sessions.hashed(token), "step": step, "recovery": recovery}
    with db.transaction("app_sign_in") as session:
        is_open = session.scalar(opened, {**values, "device": sessions.device_name(device)})
    if not is_open:
        _note_wrong(user_id)
    return token if is_open else None


def sign_in_from_provider(email: str, device: str | None) -> str | None:
    """Open a session of the active user with this e-mail, which a provider verified; nothing when there is none."""
    token = sessions.new_token()
    opened = text("select open_provider_session(:email, :token, :device)")
    values = {"email": email.strip(), "token": sessions.hashed(token), "device": sessions.device_name(device)}
    with db.transaction("app_sign_in") as session:
        return token if session.scalar(opened, values) else None


def new_second_step() -> SecondStep:
    """Return a new secret and new recovery codes; nothing is kept before ``set_second_step``."""
    return SecondStep(second_step.new_secret(), tuple(second_step.new_recovery_codes()))


def set_second_step(user_id: int, made: SecondStep, code: str) -> bool:
    """Keep a first second step that its owner could use: ``code`` has to be right. Return whether it is kept."""
    step = second_step.matching_step(made.secret, code)
    if step is None:
        return False
    values = {
        "user_id": user_id,
        "sealed": second_step.seal(made.secret, user_id),
        "step": step - 1,  # the same code may open the session that it was set up for
        "codes": [second_step.hashed_code(code) for code in made.codes],
    }
    kept = text("select set_second_step(:user_id, :sealed, :step, cast(:codes as bytea[]))")
    with db.transaction("app_sign_in") as session:
        return bool(session.scalar(kept, values))


def invited(token: str) -> Invited | None:
    """Return whom a link is for; nothing when it was used, is over, or never was."""
    with db.transaction("app_sign_in", read_only=True) as session:
        row = session.execute(
            text("select * from link_person(:token)"), {"token": sessions.hashed(token)}
        ).one_or_none()
    return Invited(row.user_id, row.email, row.display_name) if row else None


def set_password(token: str, password: str) -> bool:
    """Set the password of whom a link is for, which uses it up and ends their sessions; return whether it was good."""
    values = {"token": sessions.hashed(token), "hashed": passwords.hash_password(password)}
    with db.transaction("app_sign_in") as session:
        return bool(session.scalar(text("select set_password_by_link(:token, :hashed)"), values))


def change_password(session_token: str, email: str, present: str, wanted: str) -> bool:
    """Change the password of whose session it is, who knows the present one; their other sessions end."""
    if prove(email, present) is None:
        return False
    values = {"token": sessions.hashed(session_token), "hashed": passwords.hash_password(wanted)}
    with db.transaction("app_sign_in") as session:
        return bool(session.scalar(text("select change_password(:token, :hashed)"), values))


def request_reset(email: str) -> str | None:
    """Make a link to set a new password and return its token; nothing for a stranger or after three in an hour."""
    token = sessions.new_token()
    values = {"email": email.strip(), "token": sessions.hashed(token)}
    with db.transaction("app_sign_in") as session:
        return token if session.scalar(text("select request_reset(:email, :token)"), values) else None


def _note_wrong(user_id: int) -> None:
    with db.transaction("app_sign_in") as session:
        session.execute(text("select note_wrong_answer(:user_id)"), {"user_id": user_id})
