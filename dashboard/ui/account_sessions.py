"""Open sessions: where somebody is signed in, and the way to end it."""

from __future__ import annotations

import re
from collections.abc import Sequence

import streamlit as st

from dashboard.access import sessions
from dashboard.access.actor import Actor
from dashboard.access.sessions import OpenSession
from dashboard.ui import formats, notice
from dashboard.ui.language import _, ngettext
from dashboard.ui.navigation import role_name

# The order matters: Edge and Opera also call themselves Chrome, and Chrome calls itself Safari.
BROWSERS = ("Edg", "OPR", "Firefox", "Chrome", "Safari")
CHANGE = "/sign-in/password"
BROWSER_NAMES = {"Edg": "Edge", "OPR": "Opera"}
SYSTEMS = ("Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux")


def device_name(user_agent: str | None) -> str:
    """Return the browser and the system in words, from what the browser said of itself."""
    said = user_agent or ""
    browser = next((name for name in BROWSERS if re.search(rf"\b{name}", said)), None)
    system = next((name for name in SYSTEMS if name in said), None)
    if browser is None:
        return _("Unknown device")
    name = BROWSER_NAMES.get(browser, browser)
    return _("{browser} on {system}").format(browser=name, system=system) if system else name


def show(actor: Actor, found: Sequence[OpenSession], this: int, *, names_people: bool) -> None:
    """Show sessions, one line each with the button that ends it; the present one has none."""
    for one in found:
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"account_session_{one.id}"):
            st.markdown(_line(one, names_people=names_people), width="stretch")
            if one.id == this:
                st.badge(_("This one"), color="green")
            elif st.button(_("End"), key=f"account_end_{one.id}"):
                sessions.end(actor, one.user_id, one.id)
                notice.done(_("The session was ended."))


def password_link() -> None:
    """Lead to where a password is changed."""
    st.markdown("[{}]({})".format(_("Change the password"), CHANGE))


def _line(one: OpenSession, *, names_people: bool) -> str:
    who = f"**{one.display_name}** · {role_name(one.role)}  \n" if names_people else ""
    facts = _("Signed in {opened}, last seen {seen}").format(
        opened=formats.moment(one.opened_at), seen=formats.moment(one.seen_at)
    )
    return f"{who}{device_name(one.device)} · {_method(one.method)}  \n:small[{facts}]"


def _method(code: str) -> str:
    return {
        "chosen": _("chosen, not proved"),
        "password": _("with a password"),
        "oidc": _("through a sign-in service"),
    }[code]


def end_others(actor: Actor) -> None:
    """Offer to end all of the person's sessions but this one."""
    if st.button(_("Sign out everywhere else"), key="account_end_others", icon=":material/logout:"):
        ended = sessions.end(actor, actor.user_id, keeps_this=True)
        words = ngettext("{count} session was ended.", "{count} sessions were ended.", ended)
        notice.done(words.format(count=ended))
