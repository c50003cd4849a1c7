"""Who is using this browser tab, checked anew on every run."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard.access import queries as access
from dashboard.access import sessions
from dashboard.access.actor import Actor, NotAllowedError, Person
from dashboard.config import settings
from dashboard.ui import language

STATE_KEY = "app_session"


def person() -> Actor | None:
    """Return the person of this session as they are in the database now, in this session's language, or nobody."""
    token = st.session_state.get(STATE_KEY)
    if not isinstance(token, str) or not may_choose():
        return None
    found = sessions.person_of(token)
    return replace(found, language=language.language()) if found else None


def acting() -> Actor:
    """Return the person of this session; a page that runs without one stops here.

    Raises:
        NotAllowedError: nobody is signed in.
    """
    found = person()
    if found is None:
        raise NotAllowedError("Nobody is signed in.")
    return found


def may_choose() -> bool:
    """Return whether choosing a person is offered: only with synthetic people, and only on this machine."""
    return settings().demo_sign_in and settings().is_loopback and access.practice().is_synthetic


def sign_in(person: Person) -> None:
    """Work as one of the synthetic practice's people from now on."""
    actor = sessions.open_chosen(person.user_id)
    if actor is None:
        return
    st.session_state[STATE_KEY] = actor.token
    if actor.language:
        language.choose(actor.language)


def sign_out() -> None:
    """End the session and forget everything of it but the language."""
    token = st.session_state.get(STATE_KEY)
    if isinstance(token, str):
        sessions.close(token)
    kept = st.session_state.get(language.STATE_KEY)
    st.session_state.clear()
    if kept:
        language.choose(kept)
