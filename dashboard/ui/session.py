"""Who is using this browser tab, checked anew on every run."""

from __future__ import annotations

import streamlit as st

from dashboard.access import queries as access
from dashboard.access.actor import Actor, NotAllowedError
from dashboard.config import settings
from dashboard.ui import language

STATE_KEY = "app_user_id"


def person() -> Actor | None:
    """Return the person of this session as they are in the database now, or nobody."""
    chosen = st.session_state.get(STATE_KEY)
    if not isinstance(chosen, int) or not may_choose():
        return None
    return access.active_person(chosen)


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


def sign_in(actor: Actor) -> None:
    """Work as ``actor`` from now on."""
    st.session_state[STATE_KEY] = actor.user_id
    if actor.language:
        language.choose(actor.language)


def sign_out() -> None:
    """Forget everything of this session but the language."""
    kept = st.session_state.get(language.STATE_KEY)
    st.session_state.clear()
    if kept:
        language.choose(kept)
