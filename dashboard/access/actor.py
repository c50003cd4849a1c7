"""The acting person: every query and command asks who is asking."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy.orm import Session

from dashboard import db

Role = Literal["manager", "therapist", "front_desk", "auditor"]
OFFICE: tuple[Role, ...] = ("manager", "front_desk")


@dataclass(frozen=True)
class Person:
    """Somebody who may use the dashboard: the user, the role, and for a therapist the therapist's id."""

    user_id: int
    display_name: str
    role: Role
    therapist_id: int | None = None
    language: str | None = None


@dataclass(frozen=True)
class Actor(Person):
    """A person who is signed in; the token tells the database so, which believes nothing else."""

    token: str = field(default="", repr=False)
    is_chosen: bool = False
    """Whether they were chosen among the synthetic practice's people and proved nothing."""


@dataclass(frozen=True)
class Administrator(Actor):
    """Whoever holds the administrative address: the command line works as the owner of the schema, not as a person."""

    user_id: int = 0
    display_name: str = "command line"
    role: Role = "manager"


class NotAllowedError(Exception):
    """The acting person may not see or do this; unknown and forbidden read the same."""


class NotFoundError(Exception):
    """There is no such row for this person."""


class RuleBrokenError(Exception):
    """A rule of the practice refuses this; the message is an English sentence for people, without values."""


class ChangedSinceError(Exception):
    """The row was changed by somebody else since it was read."""


def require(actor: Actor | None, *roles: Role) -> Actor:
    """Return ``actor`` when it is a real person in one of ``roles`` (any role when none is named), else refuse.

    Raises:
        NotAllowedError: no acting person, or a role that may not.
    """
    if not isinstance(actor, Actor) or (roles and actor.role not in roles):
        raise NotAllowedError("This is not available to you.")
    return actor


@contextmanager
def transaction(actor: Actor, *roles: Role, read_only: bool = False) -> Iterator[Session]:
    """Open one transaction for ``actor``, refused unless the role is among ``roles``."""
    require(actor, *roles)
    if isinstance(actor, Administrator):
        opened = db.administration(read_only=read_only)
    else:
        opened = db.transaction(read_only=read_only, identity=db.Identity(f"app_{actor.role}", actor.token))
    with opened as session:
        yield session


@contextmanager
def reading(actor: Actor, *roles: Role) -> Iterator[Session]:
    """Open one read-only transaction for ``actor``, refused unless the role is among ``roles``."""
    with transaction(actor, *roles, read_only=True) as session:
        yield session
