"""Who is asking: nobody, somebody of another role, somebody who has left. All of them are refused alike."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import text

from dashboard import db
from dashboard.access import queries
from dashboard.access.actor import Actor, NotAllowedError, reading, require, transaction
from dashboard.config import ROOT
from tests.acting import enter

MANAGER = Actor(1, "Marta", "manager", token="actor manager")
# Asked before anybody can have signed in; they name no patient.
OPEN_TO_ALL = {"practice", "has_people", "refreshed_at"}


def questions_and_commands() -> list[tuple[str, Callable[..., Any]]]:
    """Return every public function of the slices' queries and commands."""
    found = []
    for path in sorted((ROOT / "dashboard").glob("*/*.py")):
        if path.stem not in {"queries", "commands"}:
            continue
        module = importlib.import_module(f"dashboard.{path.parent.name}.{path.stem}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__ and not name.startswith("_") and name not in OPEN_TO_ALL:
                found.append((f"{path.parent.name}.{name}", function))
    return found


@pytest.mark.parametrize("intruder", [None, 1, "manager", {"role": "manager"}], ids=repr)
def test_whoever_is_no_person_is_refused(intruder) -> None:
    with pytest.raises(NotAllowedError):
        require(intruder)


def test_a_person_of_another_role_is_refused_in_the_same_words() -> None:
    assert require(MANAGER) is MANAGER
    assert require(MANAGER, "therapist", "manager") is MANAGER
    with pytest.raises(NotAllowedError) as nobody:
        require(None)
    with pytest.raises(NotAllowedError) as other:
        require(MANAGER, "auditor")
    assert str(nobody.value) == str(other.value)


@pytest.fixture
def nowhere(monkeypatch) -> Iterator[None]:
    """Let this process have no engine, and an address where no database is."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    db.forget_engines()
    yield
    db.forget_engines()


def test_whoever_asks_for_the_database_is_noticed(nowhere) -> None:
    with pytest.raises(db.DatabaseRefusal):
        queries.practice()
    assert list(db._engines) == ["app_rt"]


@pytest.mark.parametrize("ask", [pytest.param(ask, id=name) for name, ask in questions_and_commands()])
def test_without_an_acting_person_no_question_or_command_asks_for_the_database(nowhere, ask) -> None:
    parameters = list(inspect.signature(ask).parameters.values())
    needed = [parameter for parameter in parameters if parameter.default is parameter.empty]
    named = {parameter.name: None for parameter in needed if parameter.kind is parameter.KEYWORD_ONLY}
    with suppress(Exception):  # a command may first refuse what it is given, here nothing at all
        ask(*(None for parameter in needed if parameter.kind is not parameter.KEYWORD_ONLY), **named)
    assert db._engines == {}


@pytest.mark.parametrize("ask", [pytest.param(ask, id=name) for name, ask in questions_and_commands()])
def test_who_takes_only_an_acting_person_refuses_without_one(nowhere, ask) -> None:
    parameters = list(inspect.signature(ask).parameters.values())
    if [parameter.name for parameter in parameters if parameter.default is parameter.empty] == ["actor"]:
        with pytest.raises(NotAllowedError):
            ask(None)


def test_a_refused_transaction_never_begins(database) -> None:
    enter(MANAGER)
    with pytest.raises(NotAllowedError), transaction(MANAGER, "auditor") as session:
        session.execute(text("delete from site"))
    with pytest.raises(db.DatabaseRefusal), reading(MANAGER) as session:
        session.execute(text("delete from appointment_patient"))


def test_a_practice_without_a_row_is_not_taken_for_a_synthetic_one(database) -> None:
    assert queries.practice().is_synthetic is False
    assert queries.has_people() is False
