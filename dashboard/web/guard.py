"""The door: nothing but the sign-in pages, the health and calendars by their token is answered without a session."""

from __future__ import annotations

import time
from collections import deque
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard import db
from dashboard.access import audit, sessions
from dashboard.ui.navigation import SCREENS
from dashboard.web.requests import inside

OPEN = ("/sign-in", "/auth/logout", "/health", "/_stcore/health", "/static/", "/favicon.png", "/calendar/")
NOT_SCREENS = ("/_stcore/", "/media/", "/component/", "/bidi-components/", "/call_check/")
MOST_NOTED, MINUTE = 60, 60.0


class Guard:
    """Asks for a session before anything of the dashboard: documents are sent to sign in, the rest gets 401."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap ``app``."""
        self.app = app
        self.noted: deque[float] = deque(maxlen=MOST_NOTED)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or one web socket."""
        if scope["type"] not in {"http", "websocket"} or scope["path"].startswith(OPEN):
            await self.app(scope, receive, send)
            return
        token = HTTPConnection(scope).cookies.get(sessions.COOKIE)
        is_known: bool = await run_in_threadpool(_is_somebodys, token) if token else False
        if is_known:
            await self.app(scope, receive, send)
            return
        await run_in_threadpool(self._note, scope["path"])
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4401})
        elif scope["path"].startswith(NOT_SCREENS) or scope["method"] != "GET":
            await PlainTextResponse("Sign in first.", status_code=401)(scope, receive, send)
        else:
            await RedirectResponse(_sign_in_address(scope), status_code=303)(scope, receive, send)

    def _note(self, path: str) -> None:
        """Put on record that somebody asked for a screen without a session; a flood of them not one by one."""
        slug, now = path.strip("/"), time.monotonic()
        is_flood = len(self.noted) == MOST_NOTED and now - self.noted[0] < MINUTE
        if slug != "today" and slug in {screen.slug for screen in SCREENS} and not is_flood:
            self.noted.append(now)
            audit.refused(None, slug)


def _is_somebodys(token: str) -> bool:
    try:
        return sessions.person_of(token) is not None
    except (db.DatabaseRefusal, db.NoDatabaseError):
        return False


def _sign_in_address(scope: Scope) -> str:
    asked = scope["path"] + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else "")
    wanted = inside(asked)
    return "/sign-in" if wanted == "/" else f"/sign-in?{urlencode({'next': wanted})}"
