"""What surrounds a screen: the choice of a person, the sidebar, the neutral page."""

from __future__ import annotations

import streamlit as st

from dashboard.access import sessions
from dashboard.access.actor import Actor
from dashboard.ui import language, session
from dashboard.ui.formats import practice
from dashboard.ui.language import LANGUAGES, _
from dashboard.ui.navigation import role_name


def sign_in_screen() -> None:
    """Offer the synthetic practice's people, or say what to set up."""
    st.title("Intersession", anchor=False)
    _language_choice("sign_in")
    if not session.may_choose():
        st.info(
            _(
                "Sign-in is not set up. Choosing a person is offered only for the synthetic practice and only on this"
                " machine. Start with `intersession up --demo` on 127.0.0.1 to look around."
            ),
            icon=":material/lock:",
        )
        return
    people = sessions.people_to_choose()
    st.write(_("This is a synthetic practice: nobody here is real. Who do you want to be?"))
    with st.form("sign_in_form", border=True):
        chosen = st.selectbox(
            _("Person"),
            people,
            format_func=lambda person: f"{role_name(person.role)} · {person.display_name}",
            key="sign_in_person",
        )
        if st.form_submit_button(_("Continue"), type="primary") and chosen is not None:
            session.sign_in(chosen)
            st.rerun()


def sidebar(actor: Actor) -> None:
    """Show who is signed in, the language, and the way out."""
    with st.sidebar:
        st.caption(f"{practice().name}  \n**{actor.display_name}** · {role_name(actor.role)}")
        _language_choice("app")
        if st.button(_("Change person"), key="app_sign_out", icon=":material/logout:", type="tertiary"):
            session.sign_out()
            st.rerun()


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
