"""Servers of the dashboard, each a fork of one process that has its libraries loaded, which is most of a start.

``python -m tests.pages.warm`` is that process. Each line that it is given is one server's environment, arguments and
log; it answers with the number of the server's process. That a server starts by itself is tried elsewhere.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path

from dashboard.config import ROOT, settings

LIBRARIES = ("dashboard.server", "altair", "pandas")
"""Not the screens: the calendar makes itself known to the running server, which there must be by then."""


class Server:
    """A running server."""

    def __init__(self, environment: dict[str, str], arguments: list[str], log: Path) -> None:
        """Start it; ``log`` takes what it writes."""
        process = _process()
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps([environment, arguments, str(log)]) + "\n")
        process.stdin.flush()
        self.pid = int(process.stdout.readline())

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, 0)
            return True
        return False

    def end(self, seconds: float = 15) -> None:
        """Ask it to end and wait until it has."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while self.is_running:
            assert time.monotonic() < deadline, "the server does not end"
            time.sleep(0.02)


@cache
def _process() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.pages.warm"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _become_server(environment: dict[str, str], arguments: list[str], log: str) -> None:
    from dashboard import server

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    with Path(os.devnull).open("rb") as nothing, Path(log).open("ab") as written:
        os.dup2(nothing.fileno(), 0)
        os.dup2(written.fileno(), 1)
        os.dup2(written.fileno(), 2)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["dashboard.server", *arguments]
    settings.cache_clear()
    server.main()


def _serve() -> None:
    for name in LIBRARIES:
        import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # what has ended is gone: nobody here waits for it
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            with suppress(SystemExit):
                _become_server(*json.loads(line))
            os._exit(0)
        print(pid, flush=True)


if __name__ == "__main__":
    _serve()
