"""The addresses of public booking. What is looked at by GET changes nothing; what is done is sent by POST."""

from __future__ import annotations

import logging

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from dashboard import db
from dashboard.public_booking import visits
from dashboard.public_booking.wording import _
from dashboard.public_web import asking, hours, offers, own, pages
from dashboard.public_web.requests import Visit, sent, shown

log = logging.getLogger(__name__)


def privacy(visit: Visit) -> Response:
    """Say what becomes of what visitors tell."""
    return pages.page("privacy", _("How we use your data"), path=visit.path)


def style(_request: Request) -> Response:
    """Return the look of the pages."""
    return pages.style()


def robots(_request: Request) -> Response:
    """Ask search engines to stay away: links are secret, and hours change by the minute."""
    return PlainTextResponse("User-agent: *\nDisallow: /\n")


def health(_request: Request) -> JSONResponse:
    """Answer whether the database can be asked as a visitor; 503 when not."""
    try:
        visits.practice()
    except (db.DatabaseRefusal, db.NoDatabaseError):
        log.warning("health: the database cannot be reached")
        return JSONResponse({"database": "unreachable"}, 503)
    return JSONResponse({"database": "ok"})


def nothing(visit: Visit) -> Response:
    """Answer an address that leads nowhere."""
    return pages.told(_("There is nothing here"), _("Perhaps the address was not copied whole."), 404, path=visit.path)


ROUTES: list[BaseRoute] = [
    shown("/", hours.services),
    shown("/service/{service}", hours.service),
    sent("/hold", hours.hold),
    shown("/details/{token}", asking.form),
    sent("/details/{token}", asking.send),
    sent("/details/{token}/leave", asking.leave),
    shown("/sent", asking.sent),
    shown("/confirm/{token}", asking.ready),
    sent("/confirm/{token}", asking.confirm),
    shown("/request/{token}", own.see),
    shown("/request/{token}/cancel", own.ask_cancel),
    sent("/request/{token}/cancel", own.cancel),
    shown("/request/{token}/move", own.ask_move),
    sent("/request/{token}/move", own.move),
    shown("/offer/{token}", offers.see),
    sent("/offer/{token}", offers.settle),
    shown("/privacy", privacy),
    Route("/style.css", style, methods=["GET"]),
    Route("/robots.txt", robots, methods=["GET"]),
    Route("/health", health, methods=["GET"]),
    shown("/{path:path}", nothing),
]
