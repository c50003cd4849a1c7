"""The words of video calls: what a session needs, what is asked before it, where it is held, what is shared."""

from __future__ import annotations

from dashboard.ui.language import _
from dashboard.video.rules import State


def needs() -> dict[str, str]:
    """Return the words of each need of a session by code."""
    return {
        "consent": _("Consent to video calls on the day"),
        "place": _("Where the patient will be"),
        "emergency": _("Emergency contact"),
        "guardian": _("An adult with the minor"),
        "fallback": _("Telephone if the call fails"),
        "link": _("Link"),
        "sent": _("E-mail with the link"),
    }


def icon(state: State) -> str:
    """Return the icon of whether a need is met, as Markdown shows it."""
    return {
        "ready": ":green[:material/check_circle:]",
        "missing": ":orange[:material/error:]",
        "unknown": ":gray[:material/help:]",
    }[state]


def state_name(need: str, state: State) -> str:
    """Return the words of whether a need is met."""
    met = {"consent": _("valid"), "link": _("there"), "guardian": _("agreed")}.get(need, _("known"))
    return {"ready": met, "missing": _("missing"), "unknown": _("not yours to see")}[state]


def items() -> dict[str, str]:
    """Return what is asked before a session by code."""
    return {
        "identity": _("It is the right person: seen or asked"),
        "place": _("Asked where they are now"),
        "emergency": _("The emergency contact still holds"),
        "privacy": _("Nobody else hears or records it"),
        "guardian": _("An adult is there or nearby"),
        "fallback": _("Agreed: if it fails, we ring"),
        "link_given": _("They have the link"),
    }


def ways() -> dict[str, str]:
    """Return the words of each way to hold calls by code."""
    return {
        "jitsi": _("A new room for each session on a Jitsi server"),
        "template": _("A new room for each session at another provider"),
        "personal": _("Always the same room"),
    }


def titles() -> dict[str, str]:
    """Return the titles of what is shared by code: they say nothing about anybody."""
    return {
        "worksheet": _("Worksheet"),
        "reading": _("Reading"),
        "picture": _("Picture"),
        "film": _("Film"),
        "questionnaire": _("Questions"),
        "other": _("Page"),
    }
