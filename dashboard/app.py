"""The frame around every screen: who is signed in, which screens they have, and the screen itself."""

from __future__ import annotations

import gc

import streamlit as st

from dashboard.access import audit
from dashboard.access.actor import Actor
from dashboard.config import ROOT
from dashboard.ui import session
from dashboard.ui.frame import sidebar, sign_in_screen, unavailable
from dashboard.ui.language import ask_anew
from dashboard.ui.navigation import SCREENS, Screen, page_file, title

REFUSED = "app_refused"
ICON = ROOT / "dashboard" / "ui" / "icon.svg"


@st.cache_resource
def _freeze_once() -> None:
    """Take what is loaded out of garbage collection: Streamlit collects fully after every rerun."""
    gc.collect()
    gc.freeze()


def _page(screen: Screen, actor: Actor | None) -> st.Page:
    """Return Streamlit's page for ``screen``; one that the person does not have keeps its address but shows nothing."""
    has_it = actor is not None and screen.is_for(actor)
    return st.Page(
        ROOT / screen.path if has_it else unavailable,
        title=title(screen.slug),
        icon=screen.icon,
        url_path=screen.slug,
        visibility="visible" if has_it else "hidden",
    )


def _home() -> None:
    """Go to the first screen; the bare address stays free, so that every screen has an address of its own."""
    st.switch_page(page_file("today"))


def _note_refusal(actor: Actor | None, slug: str) -> None:
    """Put on record, once a browser tab, that somebody asked for a screen they do not have; everybody starts at two."""
    noted: set[tuple[int | None, str]] = st.session_state.setdefault(REFUSED, set())
    who = actor.user_id if actor else None
    if slug not in {"", "today"} and (who, slug) not in noted:
        audit.refused(actor, slug)
        noted.add((who, slug))


def main() -> None:
    """Run one screen for one person."""
    ask_anew()
    st.set_page_config(page_title="Intersession", page_icon=str(ICON), layout="wide")
    _freeze_once()
    actor = session.person()
    home = st.Page(_home, title="Intersession", default=True, visibility="hidden")
    screens = [_page(screen, actor) for screen in SCREENS]
    page = st.navigation([home, *screens], position="sidebar" if actor else "hidden", expanded=True)
    if actor is None:
        _note_refusal(None, page.url_path)
        sign_in_screen()
        return
    if not any(screen.slug == page.url_path and screen.is_for(actor) for screen in SCREENS):
        _note_refusal(actor, page.url_path)
    sidebar(actor)
    st.title(page.title, anchor=False)
    page.run()


main()
