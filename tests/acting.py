"""People who are signed in, for tests: sessions are opened past sign-in, as the owner of the schema."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from dashboard import db
from dashboard.access import sessions
from dashboard.access.actor import Actor, Person, Role

SOMEBODY = """
select id from app_user
where role = :role and is_active and (cast(:therapist_id as bigint) is null or therapist_id = :therapist_id)
order by id limit 1
"""
NEWCOMER = """
insert into app_user (display_name, email, role, therapist_id)
values (:name, :email, :role, :therapist_id) returning id
"""
OPEN = """
insert into login_session (user_id, role, is_active, therapist_key, token_sha256)
select id, role, is_active, therapist_key, :token_sha256 from app_user where id = :user_id
on conflict (token_sha256) do nothing
"""


def open_session(session: Session, user_id: int, token: str | None = None) -> str:
    """Open a session of a user within a transaction of the owner and return its token."""
    token = token or sessions.new_token()
    session.execute(text(OPEN), {"user_id": user_id, "token_sha256": sessions.hashed(token)})
    return token


def signed_in(person: Person) -> Actor:
    """Return a user of the database, signed in."""
    with db.administration() as session:
        token = open_session(session, person.user_id)
    return Actor(person.user_id, person.display_name, person.role, person.therapist_id, person.language, token)


def newcomer(role: Role, therapist_id: int | None = None, session: Session | None = None) -> Actor:
    """Return a new user of ``role``, signed in."""
    if session is None:
        with db.administration() as opened:
            return newcomer(role, therapist_id, opened)
    name = f"{role} {therapist_id or ''}".strip()
    values: dict[str, Any] = {"name": name, "email": f"{sessions.new_token()}@example.org", "role": role}
    user_id = session.execute(text(NEWCOMER), {**values, "therapist_id": therapist_id}).scalar_one()
    return Actor(user_id, name, role, therapist_id, token=open_session(session, user_id))


def someone(role: Role) -> Actor:
    """Return one of the synthetic practice's people, signed in."""
    return signed_in(next(person for person in sessions.people_to_choose() if person.role == role))


def enter(*actors: Actor) -> None:
    """Let tokens that a test module chose belong to users of their roles, new ones where there are none."""
    for actor in actors:
        with db.administration() as session:
            wanted = {"role": actor.role, "therapist_id": actor.therapist_id}
            user_id = session.scalar(text(SOMEBODY), wanted)
            if user_id is None:
                email = f"{actor.token}@example.org"
                new = {**wanted, "name": actor.display_name, "email": email}
                user_id = session.execute(text(NEWCOMER), new).scalar_one()
            open_session(session, user_id, actor.token)
