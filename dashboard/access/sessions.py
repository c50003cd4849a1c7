"""Sessions: who is signed in. The browser's side keeps a random token, the database only its hash."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from sqlalchemy import Row, text

from dashboard import db
from dashboard.access.actor import Actor, Person, Role

TOKEN_BYTES = 32
LONGEST_DEVICE = 200


def new_token() -> str:
    """Return a token nobody can guess."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hashed(token: str) -> bytes:
    """Return what the database keeps of a token."""
    return hashlib.sha256(token.encode()).digest()


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
            {"user_id": user_id, "token_sha256": hashed(token), "device": (device or "")[:LONGEST_DEVICE] or None},
        )
    return person_of(token) if is_opened else None


def person_of(token: str) -> Actor | None:
    """Return the person whose session ``token`` is, as they are now; nothing when it ended or they may not any more."""
    with db.transaction() as session:
        row = session.execute(
            text("select * from session_person(:token_sha256)"), {"token_sha256": hashed(token)}
        ).one_or_none()
    return Actor(*_told(row), token=token) if row is not None else None


def close(token: str) -> None:
    """End a session."""
    with db.transaction() as session:
        session.execute(text("select close_session(:token_sha256)"), {"token_sha256": hashed(token)})


def _told(row: Row[Any]) -> tuple[int, str, Role, int | None, str | None]:
    return row.id, row.display_name, row.role, row.therapist_id, row.language
