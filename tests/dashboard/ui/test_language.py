"""A run asks for its language once, keeps a choice made meanwhile, and nobody else's run hears of it."""

from __future__ import annotations

from collections.abc import Callable

from streamlit.testing.v1 import AppTest


def chooses_in_between() -> None:
    import streamlit as st

    from dashboard.ui.language import _, choose, language

    first = (language(), _("Today"))
    choose("es")
    st.session_state["told"] = [first, (language(), _("Today"))]


def only_reads() -> None:
    import streamlit as st

    from dashboard.ui.language import language

    st.session_state["told"] = language()


def test_a_choice_counts_at_once_and_in_that_session_alone(in_session: Callable[..., AppTest]) -> None:
    told = in_session(chooses_in_between, app_language="en").session_state["told"]
    assert told == [("en", "Today"), ("es", "Hoy")]
    assert in_session(only_reads, app_language="en").session_state["told"] == "en"


def asks_often() -> None:
    import streamlit as st

    from dashboard.ui import language
    from dashboard.ui.language import _

    asked, ask = [], language._asked

    def counted() -> str:
        asked.append(1)
        return ask()

    language._asked = counted
    try:
        for _turn in range(5):
            _("Today")
    finally:
        language._asked = ask
    st.session_state["told"] = len(asked)


def test_session_and_browser_are_asked_once_a_run(in_session: Callable[..., AppTest]) -> None:
    assert in_session(asks_often, app_language="en").session_state["told"] == 1
