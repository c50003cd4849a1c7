"""What a request carries: the session's cookie, the step reached while signing in, and where it came from."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from dashboard import db
from dashboard.access.sessions import COOKIE
from dashboard.ui.language import speaking
from dashboard.web.pages import language_of

STEP_COOKIE = "intersession_step"
STEP_SECONDS = 600
LARGEST_FORM = 16_384
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
INSIDE = re.compile(r"/[a-z_]*(\?[A-Za-z0-9_=&%.,:+-]*)?")

Fields = Mapping[str, str]
Answer = Callable[[Request, Fields], Response]


def answered(answer: Answer) -> Callable[[Request], Any]:
    """Return an endpoint that reads a small form of our own pages and answers in the request's language."""

    async def endpoint(request: Request) -> Response:
        fields: dict[str, str] = {}
        if request.method == "POST":
            if not is_from_here(request) or int(request.headers.get("content-length", LARGEST_FORM + 1)) > LARGEST_FORM:
                return PlainTextResponse("Refused.", status_code=403)
            fields = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
        return await run_in_threadpool(_speak, answer, request, fields)

    return endpoint


def _speak(answer: Answer, request: Request, fields: Fields) -> Response:
    with speaking(language_of(request)):
        return answer(request, fields)


def is_from_here(request: Request) -> bool:
    """Return whether a form was sent by a page of this server: browsers say so, and cannot be made to lie about it."""
    fetched = request.headers.get("sec-fetch-site")
    if fetched is not None:
        return fetched in {"same-origin", "none"}
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def is_private(request: Request) -> bool:
    """Return whether nobody between the browser and this server can listen."""
    return request.url.scheme == "https" or request.url.hostname in LOOPBACK


def inside(address: str | None) -> str:
    """Return ``address`` when it is one of a screen of ours, else the first screen's: never another site's."""
    return address if address and INSIDE.fullmatch(address) else "/"


def go(address: str) -> Response:
    """Send the browser on."""
    return RedirectResponse(address, status_code=303)


def entered(request: Request, token: str, address: str) -> Response:
    """Send the browser to a screen with the session's cookie; what was kept of signing in is dropped."""
    answer = go(inside(address))
    is_https = request.url.scheme == "https"
    answer.set_cookie(COOKIE, token, httponly=True, samesite="lax", secure=is_https, path="/")
    answer.delete_cookie(STEP_COOKIE, path="/sign-in")
    return answer


def keep_step(request: Request, answer: Response, step: Mapping[str, Any]) -> Response:
    """Keep in a signed cookie how far signing in has come; it is good for some minutes and for these pages only."""
    answer.set_cookie(
        STEP_COOKIE,
        _signer().dumps(dict(step)),
        max_age=STEP_SECONDS,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        path="/sign-in",
    )
    return answer


def step_of(request: Request) -> dict[str, Any]:
    """Return how far signing in has come; nothing of a cookie that is forged or too old."""
    try:
        found = _signer().loads(request.cookies.get(STEP_COOKIE, ""), max_age=STEP_SECONDS)
    except BadSignature:
        return {}
    return found if isinstance(found, dict) else {}


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(db.web_secret(), salt="sign-in")
