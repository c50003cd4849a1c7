"""What surrounds a screen: the sidebar, and what is shown in its place to who may not have it."""

from __future__ import annotations

import streamlit as st

from dashboard.access.actor import Actor
from dashboard.ui import language, session
from dashboard.ui.formats import practice
from dashboard.ui.language import LANGUAGES, _
from dashboard.ui.navigation import role_name


def sign_in_screen() -> None:
    """Say that nobody is signed in, and send the browser to where one does."""
    st.title("Intersession", anchor=False)
    st.info(_("You are not signed in, or your session is over. Reload this page to sign in."), icon=":material/lock:")
    session.leave()


def sidebar(actor: Actor) -> None:
    """Show who is signed in, the language, and the way out."""
    with st.sidebar:
        st.caption(f"{practice().name}  \n**{actor.display_name}** · {role_name(actor.role)}")
        _language_choice("app")
        words = _("Change person") if actor.is_chosen else _("Sign out")
        if st.button(words, key="app_sign_out", icon=":material/logout:", type="tertiary"):
            st.query_params.clear()  # whoever signs in next does not land where this person was
            session.sign_out()
            session.leave()
            st.stop()


def unavailable() -> None:
    """Say that a screen is not available, in the same words whether it exists or not."""
    st.info(_("This screen is not available to you."), icon=":material/block:")


def _language_choice(place: str) -> None:
    codes = list(LANGUAGES)
    picked = st.selectbox(
        _("Language"),
        codes,
        index=codes.index(language.language()),
        format_func=LANGUAGES.__getitem__,
        key=f"{place}_language_field",
        label_visibility="collapsed",
    )
    if picked != language.language():
        language.choose(picked)
        st.rerun()
