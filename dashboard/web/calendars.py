"""Calendars that other programs subscribe to: an address with a token, answered without any cookie."""

from __future__ import annotations

import hashlib
import re
import time
from collections import deque
from functools import lru_cache

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from dashboard import db
from dashboard.calendars import fetching
from dashboard.calendars.feed import feed
from dashboard.ui.language import LANGUAGES, _, speaking

NAME = re.compile(r"([A-Za-z0-9_-]{43})\.ics", re.ASCII)
HEADERS = {
    "Cache-Control": "private, no-store",
    "X-Robots-Tag": "noindex",
}
TYPE = "text/calendar; charset=utf-8"


class Pace:
    """How often an address was fetched: at most ``most`` times in ``seconds``, each address by itself.

    Only addresses that exist are remembered, by their hash: who guesses fills no memory.
    """

    def __init__(self, most: int = 60, seconds: float = 600.0) -> None:
        """Remember nothing yet."""
        self.most = most
        self.seconds = seconds
        self.fetches: dict[bytes, deque[float]] = {}

    def is_too_fast(self, token: str) -> bool:
        """Return whether an address was fetched as often as it may be."""
        met = self.fetches.get(_hash(token))
        return met is not None and len(met) == self.most and time.monotonic() - met[0] < self.seconds

    def note(self, token: str) -> None:
        """Count a fetch of an address that exists."""
        self.fetches.setdefault(_hash(token), deque(maxlen=self.most)).append(time.monotonic())


pace = Pace()


async def answer(request: Request) -> Response:
    """Send the calendar of an address; unknown, revoked and malformed ones answer alike."""
    named = NAME.fullmatch(request.path_params["name"])
    if named is None:
        return _nothing()
    return await run_in_threadpool(_of, named[1], request.headers.get("if-none-match", ""))


def _of(token: str, known: str) -> Response:
    if pace.is_too_fast(token):
        return PlainTextResponse("Too often.", 429, {**HEADERS, "Retry-After": str(round(pace.seconds))})
    try:
        found = fetching.fetched(token)
    except (db.DatabaseRefusal, db.NoDatabaseError):
        return PlainTextResponse("Not now.", 503, {**HEADERS, "Retry-After": "60"})
    if found is None:
        return _nothing()
    pace.note(token)
    content = _written(found)
    tag = f'"{hashlib.sha256(content).hexdigest()}"'
    headers = {**HEADERS, "ETag": tag}
    if tag in (part.strip().removeprefix("W/") for part in known.split(",")):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=TYPE)


@lru_cache(maxsize=32)
def _written(found: fetching.Fetched) -> bytes:
    """Return the calendar of what an address shows: a year of it takes most of a second to write and rarely changes."""
    with speaking(found.language if found.language in LANGUAGES else "en"):
        events = [each.as_event(each.initials or _("Session")) for each in found.appointments]
        return feed(events, found.room_name or _("Sessions"), found.time_zone)


def _nothing() -> Response:
    return PlainTextResponse("Not Found", 404, HEADERS)


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


# All of the place, so that nothing under it falls through to the screens, which ask for a session elsewhere.
ROUTE = Mount(fetching.PLACE, routes=[Route("/{name:path}", answer, methods=["GET"])])
