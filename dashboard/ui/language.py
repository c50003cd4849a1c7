"""The language of a session, and words in it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dashboard.languages import LANGUAGES, nearest, speaking, spoken, translated, translated_number

__all__ = ["COOKIE", "LANGUAGES", "_", "choose", "language", "nearest", "ngettext", "once_a_run", "speaking"]

Found = TypeVar("Found")

STATE_KEY = "app_language"
COOKIE = "intersession_language"

_RUN = threading.local()
"""What the run of this thread found. A thread of Streamlit's runs scripts of one session, and asks anew with each."""


def language() -> str:
    """Return the language of this session: the person's choice, else that of signing in, else the browser's.

    On the server's own pages there is no session to ask: there it is told, by ``speaking``.
    """
    return spoken() or once_a_run("language", _asked)


def once_a_run(name: str, ask: Callable[[], Found]) -> Found:
    """Return what this run found under ``name``, and ask when it has not yet; outside a run nothing is kept."""
    known: dict[str, Found] = _RUN.__dict__
    if name in known:
        return known[name]
    found = ask()
    if get_script_run_ctx(suppress_warning=True) is not None:
        known[name] = found
    return found


def ask_anew() -> None:
    """Forget what an earlier run of this thread found; a run begins with this."""
    _RUN.__dict__.clear()


def _asked() -> str:
    """Ask session and browser, which takes many times as long as a translation."""
    chosen = st.session_state.get(STATE_KEY)
    if chosen in LANGUAGES:
        return str(chosen)
    chosen = st.context.cookies.get(COOKIE)
    return chosen if chosen in LANGUAGES else nearest(st.context.locale or "en")


def choose(code: str) -> None:
    """Use ``code`` for the rest of this session."""
    if code in LANGUAGES:
        st.session_state[STATE_KEY] = code
        ask_anew()


def _(source: str) -> str:
    """Return ``source`` in the language of this session."""
    return translated(source, language())


def ngettext(singular: str, plural: str, number: int) -> str:
    """Return the form that fits ``number``; English and Spanish both have two."""
    return translated_number(singular, plural, number, language())
