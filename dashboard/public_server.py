"""Public booking, a process of its own: visitors ask for hours and change what is theirs, by pages without scripts.

Its login may call a handful of functions and read no table. The pages are drawn here and not by Streamlit: they work
without scripts, under a strict policy, and cost no socket for each visitor.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from dashboard import db, logs
from dashboard.config import settings
from dashboard.public_web.door import Door
from dashboard.public_web.routes import ROUTES

log = logging.getLogger("dashboard.public_server")
GRACE_SECONDS = 5
MOST_AT_ONCE = 200


def on_error(_request: Request, error: Exception) -> Response:
    """Answer a fault with a sentence; the log has its kind and place, never its text."""
    log.error("a page failed: %s", logs.where(error))
    return PlainTextResponse("This does not work at the moment.", 500)


@asynccontextmanager
async def _lifespan(_app: Starlette) -> AsyncIterator[None]:
    _end_with_parent()
    yield
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


def application() -> Starlette:
    """Return public booking as it is served, with counters of its own."""
    return Starlette(
        routes=ROUTES, lifespan=_lifespan, middleware=[Middleware(Door)], exception_handlers={Exception: on_error}
    )


def main() -> None:
    """Serve public booking on the host of the settings and a port of its own."""
    parser = argparse.ArgumentParser(description="Serve public booking.")
    parser.add_argument("--port", type=int, default=settings().booking_port)
    port = parser.parse_args().port
    logs.keep_values_out()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    uvicorn.run(
        application(),
        host=settings().host,
        port=port,
        log_level="warning",
        access_log=False,  # addresses hold secret links
        server_header=False,
        limit_concurrency=MOST_AT_ONCE,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


if __name__ == "__main__":
    main()
