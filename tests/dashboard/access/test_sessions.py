"""Sessions: a random token is a person, for as long as the database says so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from dashboard import db
from dashboard.access import sessions
from dashboard.access.actor import Actor, reading
from dashboard.access.models import AppUser, Practice
from tests.acting import newcomer, someone
from tests.conftest import Database

ALMOST_ASLEEP = """
update login_session set seen_at = now() - interval '1 minute', idle_until = now() + interval '1 minute'
"""
FOLLOWS = "fk_login_session_user_id_role_is_active_therapist_key_app_user"
LEAVES = "update app_user set therapist_id = null, role = 'auditor' where therapist_id = :left"


def administer(statement: str, **values: object) -> None:
    """Run a statement as the owner of the schema."""
    with db.administration() as session:
        session.execute(text(statement), values)


def patients_of(actor: Actor) -> int:
    """Return how many files the database shows to ``actor``."""
    with reading(actor) as session:
        return int(session.execute(text("select count(*) from patient")).scalar_one())


def test_nobody_is_offered_for_choice_in_a_real_practice(database: Database) -> None:
    person = newcomer("manager")
    with db.administration() as session:
        session.add(Practice(id=1, name="Real"))
        session.add(AppUser(display_name="Marta", email="m@example.org", role="manager"))
    assert sessions.people_to_choose() == []
    assert sessions.open_chosen(person.user_id) is None


def test_a_chosen_person_is_signed_in_until_they_leave(demo_database: Database) -> None:
    offered = sessions.people_to_choose()
    assert {person.role for person in offered} == {"manager", "therapist", "front_desk", "auditor"}
    actor = sessions.open_chosen(offered[0].user_id, "Firefox")
    assert actor is not None
    assert sessions.person_of(actor.token) == actor
    assert actor.token not in repr(actor)
    sessions.close(actor.token)
    assert sessions.person_of(actor.token) is None
    assert sessions.open_chosen(2**62) is None


@pytest.mark.parametrize(
    "ended",
    [
        "update login_session set revoked_at = now()",
        "update login_session set idle_until = now()",
        "update login_session set expires_at = now()",
        "update app_user set is_active = false where role = 'front_desk'",
    ],
)
def test_a_session_that_ended_is_nobody_and_shows_no_row(demo_database: Database, ended: str) -> None:
    actor = someone("front_desk")
    assert patients_of(actor) > 0
    administer(ended)
    assert sessions.person_of(actor.token) is None
    assert patients_of(actor) == 0


def test_a_changed_role_counts_at_the_next_question(demo_database: Database) -> None:
    actor = someone("front_desk")
    administer("update app_user set role = 'auditor' where id = :id", id=actor.user_id)
    assert patients_of(actor) == 0  # the role taken is not the session's any more
    now = sessions.person_of(actor.token)
    assert now is not None
    assert now.role == "auditor"


def sees_as(actor: Actor) -> int | None:
    with reading(actor) as session:
        found: int | None = session.scalar(text("select session_therapist()"))
        return found


def hand_over(actor: Actor, therapist_id: int) -> None:
    """Let the user be another therapist, whose own user leaves that place."""
    administer(LEAVES, left=therapist_id)
    administer("update app_user set therapist_id = :new where id = :id", new=therapist_id, id=actor.user_id)


def test_another_therapist_counts_at_the_next_question(demo_database: Database) -> None:
    actor = someone("therapist")
    assert sees_as(actor) == actor.therapist_id
    others = {person.therapist_id for person in sessions.people_to_choose()} - {actor.therapist_id, None}
    other = min(each for each in others if each is not None)
    hand_over(actor, other)
    assert sees_as(actor) == other


def test_without_the_key_that_follows_a_session_would_keep_what_its_person_was(demo_database: Database) -> None:
    actor = someone("front_desk")
    administer(f"alter table login_session drop constraint {FOLLOWS}")
    administer("update app_user set role = 'auditor' where id = :id", id=actor.user_id)
    assert patients_of(actor) > 0


@pytest.mark.parametrize("standing", ["role = 'manager'", "therapist_key = 3", "is_active = false"])
def test_a_session_cannot_be_more_than_its_person(demo_database: Database, standing: str) -> None:
    actor = someone("front_desk")
    with pytest.raises((DBAPIError, db.DatabaseRefusal)):
        administer(f"update login_session set {standing} where user_id = :id", id=actor.user_id)


def test_being_seen_keeps_a_session_awake_but_not_beyond_its_hours(demo_database: Database) -> None:
    actor = someone("manager")
    administer(ALMOST_ASLEEP)
    assert sessions.person_of(actor.token) is not None
    with db.administration() as session:
        left, hours = session.execute(
            text("select idle_until - now(), expires_at - opened_at from login_session")
        ).one()
    assert left > timedelta(minutes=14)
    assert hours == timedelta(hours=8)


def test_the_database_keeps_no_token(demo_database: Database) -> None:
    actor = someone("manager")
    with db.administration() as session:
        rows = session.execute(text("select cast(login_session as text) from login_session")).scalars().all()
    assert rows
    assert not any(actor.token in row or actor.token.encode().hex() in row for row in rows)
