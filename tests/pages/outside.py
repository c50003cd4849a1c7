"""The browser's way out: a proxy that notes whatever Chromium would ask another machine for, and answers nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

from tests.conftest import EGRESS_LOG

# What Chromium itself asks its maker for, whatever page is open; it gets no answer either.
BROWSERS_OWN = (
    *("optimizationguide-pa.googleapis.com", "content-autofill.googleapis.com", "update.googleapis.com"),
    *("safebrowsing.googleapis.com", "clients2.google.com", "accounts.google.com", "redirector.gvt1.com"),
)


class Noting(StreamRequestHandler):
    """One request that would have left the machine."""

    def handle(self) -> None:
        """Note its first line, which names the host, and end."""
        asked = self.rfile.readline(2000).decode("latin-1").strip()
        if any(host in asked for host in BROWSERS_OWN):
            return
        with Path(os.environ[EGRESS_LOG]).open("a", encoding="utf-8") as log:
            log.write(f"browser {asked}\n")


@contextmanager
def noted() -> Iterator[str]:
    """Give the address of a proxy for everything but this machine."""
    with ThreadingTCPServer(("127.0.0.1", 0), Noting) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
