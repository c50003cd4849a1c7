"""What a command tells once the screen is redrawn."""

from __future__ import annotations

import streamlit as st

TOLD = "app_notice"


def done(words: str) -> None:
    """Redraw the screen with ``words`` at its top."""
    st.session_state[TOLD] = words
    st.rerun()


def show() -> None:
    """Show what the last command did, once."""
    words = st.session_state.pop(TOLD, None)
    if words:
        st.success(words, icon=":material/check:")
