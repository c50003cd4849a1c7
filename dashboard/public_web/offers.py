"""A freed hour offered to somebody of the waiting list, by the secret link of a letter: take it, or leave it."""

from __future__ import annotations

from starlette.responses import Response

from dashboard.public_booking.wording import _
from dashboard.public_web import pages
from dashboard.public_web.requests import Visit, go
from dashboard.waiting_list import links

ANSWERS: dict[str, links.Answer] = {"accepted": "accepted", "declined": "declined"}
"""What the buttons send; a form that says neither changes nothing."""


def titles() -> dict[str, str]:
    """Return the words of each outcome, by code."""
    return {
        "offered": _("An hour is free for you"),
        "accepted": _("The hour is yours"),
        "declined": _("You left this hour to somebody else"),
        "gone": _("This hour is not to be had any more"),
    }


def see(visit: Visit) -> Response:
    """Show the hour; looking at it takes nothing, as programs look at letters too."""
    found = links.offer_shown(visit.token)
    if found is None:
        return pages.unknown()
    return pages.page("offer", titles()[found.outcome], path=visit.path, offer=found, form=visit.form)


def settle(visit: Visit) -> Response:
    """Take the hour or leave it, and show what became of it."""
    if links.offer_shown(visit.token) is None:
        return pages.unknown()
    answer = ANSWERS.get(visit.fields.get("answer", ""))
    if answer is not None:
        links.offer_answer(visit.token, answer)
    return go(visit.path)
