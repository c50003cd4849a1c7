"""The web server: the dashboard and its own routes, security headers, errors without values."""

from __future__ import annotations

import argparse
import logging
import os
import secrets
import signal
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import App

from dashboard import db, logs, schema
from dashboard.access import queries as access
from dashboard.clinical import key_care
from dashboard.clinical.errors import SealError
from dashboard.config import ROOT, settings
from dashboard.web.guard import Guard
from dashboard.web.routes import ROUTES

log = logging.getLogger("dashboard.server")

# Streamlit would write the error of a failed screen as well; ``on_script_error`` does, with a reference. A filter, as
# the server's own configuration of logging enables again whatever was disabled.
logging.getLogger("streamlit.error_util").addFilter(lambda _record: False)

GRACE_SECONDS = 5  # open browser tabs do not keep the server from stopping

# Nothing on a screen comes from another machine. Streamlit's page starts by a script within it, and charts compile
# their expressions: hence the two exceptions for scripts of our own server.
POLICY_HEADER = b"content-security-policy"
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; worker-src 'self' blob:; "
    "frame-src 'self' blob:; media-src 'self' data: blob:; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'self'"
)
HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"SAMEORIGIN",
    b"referrer-policy": b"same-origin",
    b"permissions-policy": b"geolocation=(), payment=(), usb=(), camera=(), microphone=(), display-capture=()",
}
OWN_WORD = (POLICY_HEADER, b"permissions-policy")
"""Headers that a page of ours may set for itself: the test of camera and microphone uses what no screen may."""


class SafeHeaders:
    """Adds the security headers to every answer, and ``no-store`` to downloads."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap ``app``."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                extra = dict(HEADERS)
                if scope["path"].startswith("/media"):
                    extra[b"cache-control"] = b"no-store"
                extra[POLICY_HEADER] = POLICY.encode()
                for own in {name.lower() for name, _value in message["headers"]}.intersection(OWN_WORD):
                    del extra[own]
                kept = [pair for pair in message["headers"] if pair[0].lower() not in extra]
                message = {**message, "headers": [*kept, *extra.items()]}
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


def health(_request: Request) -> JSONResponse:
    """Answer whether the database is reachable and migrated, and how old the figures are; 503 when not ready."""
    state: dict[str, Any] = {"database": "unreachable", "migrations": "unknown", "figures_as_of": None}
    try:
        with db.transaction(read_only=True) as session:
            revision = schema.revision(session.connection())
        state["database"] = "ok"
        state["migrations"] = "ok" if revision == schema.head() else "due"
        moment = access.refreshed_at("figures")
        state["figures_as_of"] = moment.isoformat(timespec="seconds") if moment else None
    except (db.DatabaseRefusal, db.NoDatabaseError):
        log.warning("health: the database cannot be reached")
    ready = state["database"] == "ok" and state["migrations"] == "ok"
    return JSONResponse(state, status_code=200 if ready else 503, headers={"Cache-Control": "no-store"})


def on_script_error(error: Exception) -> bool:
    """Show a sentence and a reference number; log the reference and the kind of error, never its text."""
    from dashboard.ui.errors import show_failure  # noqa: PLC0415 - needs a running script, not a starting server

    reference = getattr(error, "reference", None) or secrets.token_hex(4)
    log.error("screen failed: reference=%s %s", reference, logs.where(error))
    show_failure(error, reference)
    return True


@asynccontextmanager
async def _lifespan(_app: App) -> AsyncIterator[dict[str, Any] | None]:
    _end_with_parent()
    yield None
    db.forget_engines()


def _end_with_parent() -> None:
    """End this process soon after the one that supervises it has gone, however it went."""
    parent = os.environ.get("INTERSESSION_PARENT_PID")
    if not parent:
        return

    def watch() -> None:
        pause = threading.Event()
        while os.getppid() == int(parent):
            pause.wait(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


app = App(
    ROOT / "dashboard" / "app.py",
    lifespan=_lifespan,
    routes=[Route("/health", health), *ROUTES],
    middleware=[Middleware(SafeHeaders), Middleware(Guard)],
    on_script_error=on_script_error,
)


def _require_keys() -> None:
    """End with a sentence when clinical texts are sealed with a master key that is not here."""
    try:
        key_care.require_keys()
    except SealError as error:
        sys.exit(str(error))
    except (db.DatabaseRefusal, db.NoDatabaseError):
        log.warning("the master key is not checked: the database cannot be asked")


def main() -> None:
    """Serve the dashboard on the address of the settings, which also decide whether choosing a person is offered."""
    parser = argparse.ArgumentParser(description="Serve the dashboard.")
    parser.add_argument("--port", type=int, default=settings().port)
    os.environ["INTERSESSION_PORT"] = str(parser.parse_args().port)  # of which links are made
    settings.cache_clear()
    _require_keys()
    logs.keep_values_out()
    uvicorn.run(
        app,
        host=settings().host,
        port=settings().port,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


if __name__ == "__main__":
    main()
