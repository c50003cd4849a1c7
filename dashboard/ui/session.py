"""Who is using this browser tab, checked anew on every run."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard.access import sessions
from dashboard.access.actor import Actor, NotAllowedError
from dashboard.ui import language

STATE_KEY = "app_session"


def person() -> Actor | None:
    """Return the person of this session as they are in the database now, in this session's language, or nobody."""
    token = st.session_state.get(STATE_KEY)
    is_new = token is None
    if is_new:
        token = st.context.cookies.get(sessions.COOKIE)
    found = sessions.person_of(token) if isinstance(token, str) else None
    if found is None:
        return None
    if is_new:
        st.session_state[STATE_KEY] = token
        if found.language:
            language.choose(found.language)
    return replace(found, language=language.language())


def acting() -> Actor:
    """Return the person of this session; a page that runs without one stops here.

    Raises:
        NotAllowedError: nobody is signed in.
    """
    found = person()
    if found is None:
        raise NotAllowedError("Nobody is signed in.")
    return found


def sign_out() -> None:
    """End the session and forget everything of it but the language; ``leave`` then sends the browser away."""
    token = st.session_state.get(STATE_KEY)
    if isinstance(token, str):
        sessions.close(token)
    kept = st.session_state.get(language.STATE_KEY)
    st.session_state.clear()
    if kept:
        language.choose(kept)


def leave() -> None:
    """Send the browser to the sign-in page; the server drops its cookie on the way."""
    st.logout()
