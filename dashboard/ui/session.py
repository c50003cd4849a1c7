"""Who is using this browser tab, checked anew on every run."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard.access import queries as access
from dashboard.access.actor import Actor, NotAllowedError
from dashboard.config import settings
from dashboard.ui import language

STATE_KEY = "app_user_id"


def person() -> Actor | None:
    """Return the person of this session as they are in the database now, in this session's language, or nobody."""
    chosen = st.session_state.get(STATE_KEY)
    if not isinstance(chosen, int) or not may_choose():
        return None
    found = access.active_person(chosen)
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
