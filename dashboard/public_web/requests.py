"""What a request carries: the form's fields, the language, and the proof that the form came from a page of ours."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dashboard import db
from dashboard.languages import LANGUAGES, nearest, speaking
from dashboard.public_web import pages

COOKIE = "booking_form"
LANGUAGE_COOKIE = "booking_language"
YEAR_SECONDS = 31_536_000
_key = secrets.token_bytes(32)
"""Of this process alone: a form that was opened before it began is asked for once more."""

Fields = Mapping[str, str]


@dataclass(frozen=True)
class Visit:
    """One request: its address and parts of it, the fields of its form, and what its own forms carry."""

    path: str
    parts: Mapping[str, str]
    asked: Mapping[str, str]
    fields: Fields
    form: str

    @property
    def token(self) -> str:
        """Return the secret part of the address."""
        return self.parts["token"]


Answer = Callable[[Visit], Response]


def _proof(cookie: str) -> str:
    return hmac.new(_key, cookie.encode(), hashlib.sha256).hexdigest()


def _is_from_here(request: Request, fields: Fields) -> bool:
    """Return whether a form was sent from a page of this server: the browser says so, and it holds what the page held.

    The origin cannot be asked: no page here tells where it leads from, which makes it ``null``.
    """
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    cookie = request.cookies.get(COOKIE, "")
    return bool(cookie) and hmac.compare_digest(_proof(cookie).encode(), fields.get("form", "").encode())


def _language_of(request: Request) -> str:
    for chosen in (request.query_params.get("language"), request.cookies.get(LANGUAGE_COOKIE)):
        if chosen in LANGUAGES:
            return str(chosen)
    return nearest(request.headers.get("accept-language", "es"))


def answered(answer: Answer) -> Callable[[Request], Any]:
    """Return an endpoint that reads a small form and answers in the visitor's language."""

    async def endpoint(request: Request) -> Response:
        fields: dict[str, str] = {}
        if request.method == "POST":
            sent = await request.form(max_files=0, max_fields=40)
            fields = {name: value for name, value in sent.items() if isinstance(value, str)}
        return await run_in_threadpool(_spoken, answer, request, fields)

    return endpoint


def _spoken(answer: Answer, request: Request, fields: Fields) -> Response:
    cookie = request.cookies.get(COOKIE) or secrets.token_urlsafe(32)
    visit = Visit(request.url.path, request.path_params, request.query_params, fields, _proof(cookie))
    with speaking(_language_of(request)):
        if request.method == "POST" and not _is_from_here(request, fields):
            response = pages.stale()
        else:
            response = _answered(answer, visit)
    is_https = request.url.scheme == "https"
    if COOKIE not in request.cookies:
        response.set_cookie(COOKIE, cookie, httponly=True, samesite="lax", secure=is_https, path="/")
    chosen = request.query_params.get("language")
    if chosen in LANGUAGES:
        response.set_cookie(
            LANGUAGE_COOKIE, chosen, max_age=YEAR_SECONDS, httponly=True, samesite="lax", secure=is_https, path="/"
        )
    return response


def _answered(answer: Answer, visit: Visit) -> Response:
    try:
        return answer(visit)
    except (db.DatabaseRefusal, db.NoDatabaseError):
        return pages.not_now()


def go(address: str) -> Response:
    """Send the browser on."""
    return RedirectResponse(address, status_code=303)


def shown(path: str, answer: Answer) -> Route:
    """Return the route of what is looked at: it changes nothing."""
    return Route(path, answered(answer), methods=["GET"])


def sent(path: str, answer: Answer) -> Route:
    """Return the route of a form."""
    return Route(path, answered(answer), methods=["POST"])
