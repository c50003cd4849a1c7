"""Asking for the hour that is held: who it is for, and the confirmation by the link of a letter."""

from __future__ import annotations

from starlette.responses import Response

from dashboard import clock, mail
from dashboard.public_booking import details, visits, wording
from dashboard.public_booking.visits import Request
from dashboard.public_booking.wording import _
from dashboard.public_web import pages
from dashboard.public_web.hours import gone
from dashboard.public_web.requests import Visit, go

BAIT = "website"
"""A field that people do not see and programs fill in."""


def form(visit: Visit) -> Response:
    """Ask who the hour is for."""
    found = visits.request(visit.token, "hold")
    if found is None:
        return pages.unknown()
    if found.state == "chosen":
        return _form(visit, found, [])
    return go("/sent") if found.state == "sent" else _late(visit, found)


def _form(visit: Visit, found: Request, wrong: list[str]) -> Response:
    return pages.page(
        "details",
        _("Who is this hour for?"),
        422 if wrong else 200,
        path=visit.path,
        request=found,
        wrong={name: _(details.SENTENCES[name]) for name in wrong},
        typed=visit.fields,
        form=visit.form,
        bait=BAIT,
        today=clock.today(found.zone),
    )


def send(visit: Visit) -> Response:
    """Take the details; whoever it is, the answer is the same: that a letter is on its way."""
    found = visits.request(visit.token, "hold")
    if found is None:
        return pages.unknown()
    if visit.fields.get(BAIT):
        return go("/sent")
    typed, wrong = details.read(
        visit.fields,
        admits=found.admits,
        asks_birth_date=found.asks_birth_date,
        country=visits.practice().locale.partition("_")[2] or "ES",
        today=clock.today(found.zone),
    )
    if typed is None:
        return _form(visit, found, wrong) if found.state == "chosen" else _late(visit, found)
    became, shown = visits.ask(visit.token, typed, wording.language(), shows=not mail.is_set_up())
    if became == "late":
        return _late(visit, found)
    return _sent(f"/confirm/{shown}") if shown else go("/sent")


def sent(_visit: Visit) -> Response:
    """Say that a letter is on its way."""
    return _sent(None)


def _sent(link: str | None) -> Response:
    return pages.page("sent", _("Look into your mail"), path="/sent", link=link)


def leave(visit: Visit) -> Response:
    """Give the hour back and choose another."""
    found = visits.request(visit.token, "hold")
    visits.leave(visit.token)
    return go(f"/service/{found.service_id}" if found else "/")


def ready(visit: Visit) -> Response:
    """Show what the link of a letter would confirm; looking at it confirms nothing, as programs look at letters too."""
    found = visits.request(visit.token, "confirm")
    if found is None:
        return pages.unknown()
    if found.state == "lapsed":
        return _late(visit, found)
    if found.state != "sent":
        return _before()
    return pages.page("confirm", _("Confirm your request"), path=visit.path, request=found, form=visit.form)


def confirm(visit: Visit) -> Response:
    """Confirm the request, and lead to its own page."""
    found = visits.request(visit.token, "confirm")
    if found is None:
        return pages.unknown()
    became, own = visits.confirm(visit.token)
    if became == "done":
        return go(f"/request/{own}")
    return _before() if became == "before" else _late(visit, found)


def _before() -> Response:
    return pages.told(
        _("You have confirmed this already"), _("We wrote to you: the letter has a link to see, move or cancel it.")
    )


def _late(visit: Visit, found: Request) -> Response:
    return gone(visit, found.service_id, None, found.mode)
