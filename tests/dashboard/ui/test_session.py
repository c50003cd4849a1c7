"""Who works in a browser tab: chosen among synthetic people on this machine only, and looked up anew at each run."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from dashboard import db
from dashboard.config import settings
from tests.acting import someone


def who() -> None:
    import streamlit as st

    from dashboard.access import sessions
    from dashboard.ui import session

    person = session.person()
    st.session_state["told"] = person and person.role
    st.session_state["may"] = sessions.may_choose()


@pytest.fixture
def manager(demo_database) -> str:
    """Return the token of a session of the synthetic practice's manager."""
    return someone("manager").token


def test_a_chosen_person_is_who_they_are_in_the_database(in_session, manager) -> None:
    assert in_session(who, app_session=manager).session_state["told"] == "manager"


def what_is_missing() -> None:
    import streamlit as st

    from dashboard.findings import queries
    from dashboard.ui import session

    st.session_state["told"] = list(queries.rules(session.acting())["words"])


def test_what_is_missing_is_told_in_the_session_s_language(in_session, figures_database) -> None:
    desk = someone("front_desk").token
    told = {
        language: in_session(what_is_missing, app_session=desk, app_language=language).session_state["told"]
        for language in ("en", "es")
    }
    assert "The telephone number is missing." in told["en"]
    assert "The telephone number is missing." not in told["es"]
    assert len(told["es"]) == len(told["en"])


@pytest.mark.parametrize("forged", [None, "", "1", 1, "x" * 10_000, [1]])
def test_a_forged_token_is_nobody(in_session, manager, forged) -> None:
    assert in_session(who, app_session=forged).session_state["told"] is None


@pytest.mark.parametrize(("name", "value"), [("INTERSESSION_HOST", "0.0.0.0"), ("INTERSESSION_DEMO_SIGN_IN", "false")])
def test_nobody_is_chosen_where_others_could_reach_it_or_where_it_is_switched_off(
    in_session, manager, monkeypatch, name, value
) -> None:
    monkeypatch.setenv(name, value)
    settings.cache_clear()
    app = in_session(who, app_session=manager)
    assert (app.session_state["told"], app.session_state["may"]) == (None, False)


def test_nobody_is_chosen_in_a_real_practice(in_session, manager) -> None:
    with db.administration() as session:
        session.execute(text("update practice_profile set is_synthetic = false"))
    app = in_session(who, app_session=manager)
    assert (app.session_state["told"], app.session_state["may"]) == (None, False)


def leave() -> None:
    import streamlit as st

    from dashboard.ui import session

    session.sign_out()
    st.session_state["left"] = sorted(st.session_state)


def test_who_leaves_leaves_nothing_behind_but_the_language(in_session, manager) -> None:
    app = in_session(leave, app_session=manager, billing_kept="secret", app_language="es")
    assert app.session_state["left"] == ["app_language"]
