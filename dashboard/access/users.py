"""The people who may use the dashboard, as the command line cares for them: it works as the owner of the schema."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, select, update

from dashboard import clock, db
from dashboard.access import sessions
from dashboard.access.actor import NotFoundError, Role, RuleBrokenError
from dashboard.access.models import AccountLink, AppUser, Credential, LoginSession, RecoveryCode
from dashboard.config import settings

INVITATION_DAYS = 7
LINK_PATH = "/sign-in/link/"


@dataclass(frozen=True)
class User:
    """A person of the team as ``users list`` shows them."""

    id: int
    email: str
    display_name: str
    role: Role
    therapist_id: int | None
    is_active: bool
    has_password: bool
    has_second_step: bool
    open_sessions: int


def add(email: str, display_name: str, role: Role, therapist_id: int | None, language: str | None) -> int:
    """Add a person and return their number.

    Raises:
        RuleBrokenError: the e-mail is taken, or a therapist is named for another role or for none.
    """
    _require_therapist(role, therapist_id)
    require_new(email)
    with db.administration() as session:
        user = AppUser(
            email=email.strip(), display_name=display_name, role=role, therapist_id=therapist_id, language=language
        )
        session.add(user)
        session.flush()
        return user.id


def require_new(email: str) -> None:
    """Refuse an e-mail that somebody has.

    Raises:
        RuleBrokenError: somebody has it.
    """
    with db.administration(read_only=True) as session:
        if session.scalar(select(AppUser.id).where(_is(email))):
            raise RuleBrokenError("Somebody has this e-mail already.")


def everyone() -> list[User]:
    """Return everybody who may use the dashboard or once might."""
    open_sessions = (
        select(func.count())
        .where(
            LoginSession.user_id == AppUser.id,
            LoginSession.revoked_at.is_(None),
            LoginSession.expires_at > func.now(),
            LoginSession.idle_until > func.now(),
        )
        .scalar_subquery()
    )
    asked: Select[Any] = (
        select(
            AppUser.id,
            AppUser.email,
            AppUser.display_name,
            AppUser.role,
            AppUser.therapist_id,
            AppUser.is_active,
            Credential.user_id.is_not(None).label("has_password"),
            Credential.second_step_sealed.is_not(None).label("has_second_step"),
            open_sessions.label("open_sessions"),
        )
        .outerjoin(Credential, Credential.user_id == AppUser.id)
        .order_by(AppUser.role, AppUser.display_name)
    )
    with db.administration(read_only=True) as session:
        return [User(**values) for values in session.execute(asked).mappings()]


def set_active(email: str, *, is_active: bool) -> None:
    """Let a person use the dashboard, or no longer: then their sessions end and their links are void."""
    with db.administration() as session:
        user_id = session.scalar(update(AppUser).where(_is(email)).values(is_active=is_active).returning(AppUser.id))
        if user_id is None:
            raise NotFoundError("Nobody has this e-mail.")
        session.execute(update(LoginSession).where(*_open(user_id)).values(revoked_at=func.now()))
        session.execute(update(AccountLink).where(*_unused(user_id)).values(used_at=func.now()))


def set_role(email: str, role: Role, therapist_id: int | None) -> None:
    """Give a person another role; their sessions end, so that nothing of the old one stays open."""
    _require_therapist(role, therapist_id)
    with db.administration() as session:
        changed = update(AppUser).where(_is(email)).values(role=role, therapist_id=therapist_id).returning(AppUser.id)
        user_id = session.scalar(changed)
        if user_id is None:
            raise NotFoundError("Nobody has this e-mail.")
        session.execute(update(LoginSession).where(*_open(user_id)).values(revoked_at=func.now()))


def invite(email: str, *, forgets_second_step: bool = False) -> str:
    """Make a link by which a person sets their password once, and return it; earlier ones are void.

    ``forgets_second_step`` is for who lost their authenticator and their recovery codes.

    Raises:
        NotFoundError: nobody active has this e-mail.
    """
    token = sessions.new_token()
    with db.administration() as session:
        user_id = session.scalar(select(AppUser.id).where(_is(email), AppUser.is_active))
        if user_id is None:
            raise NotFoundError("Nobody active has this e-mail.")
        session.execute(update(AccountLink).where(*_unused(user_id)).values(used_at=func.now()))
        expires_at = clock.now() + timedelta(days=INVITATION_DAYS)
        session.add(
            AccountLink(user_id=user_id, kind="invitation", token_sha256=sessions.hashed(token), expires_at=expires_at)
        )
        if forgets_second_step:
            forgotten = {"second_step_sealed": None, "last_step": None}
            session.execute(update(Credential).where(Credential.user_id == user_id).values(forgotten))
            session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    return link_address(token)


def link_address(token: str) -> str:
    """Return the address of the page on which a password is set."""
    return f"{settings().address}{LINK_PATH}{token}"


def _require_therapist(role: Role, therapist_id: int | None) -> None:
    if (role == "therapist") != (therapist_id is not None):
        raise RuleBrokenError("A therapist, and nobody else, is linked to a therapist of the team: give its number.")


def _is(email: str) -> ColumnElement[bool]:
    return func.lower(AppUser.email) == email.strip().lower()


def _open(user_id: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return LoginSession.user_id == user_id, LoginSession.revoked_at.is_(None)


def _unused(user_id: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return AccountLink.user_id == user_id, AccountLink.used_at.is_(None)
