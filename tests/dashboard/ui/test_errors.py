"""What a person reads when something is refused: a sentence for every code, and never a value."""

from __future__ import annotations

import pytest

from dashboard.access.actor import ChangedSinceError, NotAllowedError, NotFoundError
from dashboard.db import CODES, DatabaseRefusal, NoDatabaseError
from dashboard.ui.errors import refusal_sentence, sentence

SECRET = "Ana García 600123123"


@pytest.mark.parametrize(
    "error",
    [
        ValueError(SECRET),
        KeyError(SECRET),
        NotAllowedError(SECRET),
        NotFoundError(SECRET),
        ChangedSinceError(SECRET),
        NoDatabaseError(SECRET),
        DatabaseRefusal("rule", "0a1b2c3d", SECRET),
    ],
    ids=lambda error: type(error).__name__,
)
def test_no_sentence_repeats_what_the_error_says(error) -> None:
    assert "Ana" not in sentence(error)
    assert sentence(error).endswith(".")


def test_unknown_and_forbidden_read_the_same() -> None:
    assert sentence(NotAllowedError()) == sentence(NotFoundError()) == refusal_sentence("not_allowed")


def test_every_code_of_the_database_has_a_sentence_of_its_own() -> None:
    sentences = {code: refusal_sentence(code) for code in CODES.values()}
    assert len(set(sentences.values())) == len(sentences)


def refused_command() -> None:
    from dashboard.access.actor import RuleBrokenError
    from dashboard.db import DatabaseRefusal
    from dashboard.ui.errors import told

    refusals = [DatabaseRefusal(code, "0a1b2c3d") for code in ("busy", "not_built")]
    for error in (*refusals, RuleBrokenError("No.")):
        with told():
            raise error


def test_a_refused_command_is_told_on_the_spot_and_the_screen_goes_on(in_session) -> None:
    app = in_session(refused_command, app_language="en")
    assert [box.value for box in app.error] == [refusal_sentence("busy"), "No."]
    assert [box.value for box in app.info] == [refusal_sentence("not_built")]


def broken_command() -> None:
    from dashboard.ui.errors import told

    try:
        with told():
            divmod(1, 0)
    except ZeroDivisionError:
        import streamlit as st

        st.session_state["told"] = "passed on"


def test_a_fault_of_ours_is_not_taken_for_a_refusal(in_session) -> None:
    assert in_session(broken_command).session_state["told"] == "passed on"
