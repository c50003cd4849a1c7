"""Sessions: who is signed in. The browser keeps a random token in a cookie, the database only its hash."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, text, true

from dashboard import db
from dashboard.access import queries
from dashboard.access.actor import Actor, NotFoundError, Person, Role, reading, transaction
from dashboard.access.models import AppUser, LoginSession
from dashboard.config import settings

COOKIE = "intersession"
"""The cookie that holds the token; scripts in the browser cannot read it."""
TOKEN_BYTES = 32
LONGEST_DEVICE = 200
LONGEST_LIST = 500


def new_token() -> str:
    """Return a token nobody can guess."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hashed(token: str) -> bytes:
    """Return what the database keeps of a token."""
    return hashlib.sha256(token.encode()).digest()


def may_choose() -> bool:
    """Return whether choosing a person is offered: only with synthetic people, and only on this machine."""
    return settings().demo_sign_in and settings().is_loopback and queries.practice().is_synthetic


def people_to_choose() -> list[Person]:
    """Return the synthetic practice's people, who may be chosen instead of signing in; nobody in a real practice."""
    with db.transaction(read_only=True) as session:
        return [Person(*_told(row)) for row in session.execute(text("select * from people_to_choose()"))]


def open_chosen(user_id: int, device: str | None = None) -> Actor | None:
    """Open a session as one of ``people_to_choose``; nothing when there is no such person."""
    token = new_token()
    opened = text("select open_chosen_session(:user_id, :token_sha256, :device)")
    with db.transaction() as session:
        is_opened = session.scalar(
            opened,
            {"user_id": user_id, "token_sha256": hashed(token), "device": device_name(device)},
        )
    return person_of(token) if is_opened else None


def person_of(token: str) -> Actor | None:
    """Return the person whose session ``token`` is, as they are now; nothing when it ended or they may not any more.

    Who was chosen, and proved nothing, is somebody only while choosing is offered.
    """
    with db.transaction() as session:
        row = session.execute(
            text("select * from session_person(:token_sha256)"), {"token_sha256": hashed(token)}
        ).one_or_none()
    if row is None or (row.method == "chosen" and not may_choose()):
        return None
    return Actor(*_told(row), token=token, is_chosen=row.method == "chosen")


def close(token: str) -> None:
    """End a session."""
    with db.transaction() as session:
        session.execute(text("select close_session(:token_sha256)"), {"token_sha256": hashed(token)})


def device_name(user_agent: str | None) -> str | None:
    """Return what is kept of a browser's description of itself: enough to know one's own devices again."""
    return (user_agent or "").strip()[:LONGEST_DEVICE] or None


@dataclass(frozen=True)
class OpenSession:
    """A session that is neither over nor ended."""

    id: int
    user_id: int
    display_name: str
    role: Role
    device: str | None
    method: str
    opened_at: datetime
    seen_at: datetime


@dataclass(frozen=True)
class Account:
    """What the signed-in person is told about how they sign in."""

    email: str
    has_password: bool
    has_second_step: bool
    recovery_codes_left: int
    session_id: int


def account(actor: Actor) -> Account:
    """Return how the acting person signs in.

    Raises:
        NotFoundError: the session is over.
    """
    with reading(actor) as session:
        row = session.execute(text("select * from own_account()")).one_or_none()
    if row is None:
        raise NotFoundError("No such session.")
    return Account(row.email, row.has_password, row.has_second_step, row.recovery_codes_left, row.session_id)


def open_sessions(actor: Actor, *, everybodys: bool = False) -> list[OpenSession]:
    """Return the person's own open sessions, newest first; for a manager everybody's when asked."""
    whose = LoginSession.user_id == actor.user_id
    asked = (
        select(
            LoginSession.id,
            LoginSession.user_id,
            AppUser.display_name,
            AppUser.role,
            LoginSession.device,
            LoginSession.method,
            LoginSession.opened_at,
            LoginSession.seen_at,
        )
        .join(AppUser, AppUser.id == LoginSession.user_id)
        .where(
            LoginSession.revoked_at.is_(None),
            LoginSession.expires_at > func.now(),
            LoginSession.idle_until > func.now(),
            true() if everybodys and actor.role == "manager" else whose,
        )
        .order_by(LoginSession.seen_at.desc(), LoginSession.id.desc())
        .limit(LONGEST_LIST)
    )
    with reading(actor) as session:
        return [OpenSession(**row) for row in session.execute(asked).mappings()]


def end(actor: Actor, user_id: int, session_id: int | None = None, *, keeps_this: bool = False) -> int:
    """End a person's session, or all of them; return how many ended. Of others only a manager ends any."""
    asked = text("select end_sessions(:user_id, :session_id, :keeps_this)")
    with transaction(actor) as session:
        values = {"user_id": user_id, "session_id": session_id, "keeps_this": keeps_this}
        return int(session.scalar(asked, values) or 0)


def _told(row: Row[Any]) -> tuple[int, str, Role, int | None, str | None]:
    return row.id, row.display_name, row.role, row.therapist_id, row.language
