"""A real CalDAV server on a port of this machine, and the other program that a therapist uses with it."""

from __future__ import annotations

import base64
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import free_port
from tests.dashboard.calendars.conftest import file

USER, PASSWORD = "ana", "app-password-7731"
CONFIG = """
[server]
hosts = 127.0.0.1:{port}
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0
[storage]
filesystem_folder = {folder}/collections
[rights]
type = owner_only
[logging]
level = error
"""
MAKE = """<?xml version="1.0"?><c:mkcalendar xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:set><d:prop>
<d:displayname>{name}</d:displayname></d:prop></d:set></c:mkcalendar>"""


@dataclass
class Radicale:
    """A running server, and what the therapist's own program does with it."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Return the address that a person types."""
        return f"http://127.0.0.1:{self.port}/"

    def start(self) -> None:
        """Start, and wait until it answers."""
        command = [sys.executable, "-m", "radicale", "--config", str(self.folder / "config")]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _turn in range(1_000):
            try:
                with urllib.request.urlopen(f"{self.address}.web/", timeout=2):
                    return
            except urllib.error.HTTPError as answered:
                answered.close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the server did not answer")

    def stop(self) -> None:
        """Stop."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def let_in(self, password: str = PASSWORD) -> None:
        """Set the user's password."""
        (self.folder / "users").write_text(f"{USER}:{password}\n")

    def ask(self, method: str, path: str, content: bytes = b"", **headers: str) -> tuple[int, bytes]:
        """Ask as the therapist's own program; return status and content."""
        request = urllib.request.Request(f"{self.address}{USER}/{path}", content or None, headers, method=method)
        token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def make(self, path: str, name: str) -> None:
        """Make a calendar."""
        assert self.ask("MKCALENDAR", f"{path}/", MAKE.format(name=name).encode())[0] == 201

    def put(self, path: str, *events: str) -> None:
        """Write a resource of events, whatever stood there."""
        self.put_bytes(path, file(*events))

    def put_bytes(self, path: str, content: bytes) -> None:
        """Write a resource."""
        status, _said = self.ask("PUT", path, content, **{"Content-Type": "text/calendar"})
        assert status in {200, 201, 204}, status

    def files(self, calendar: str) -> dict[str, str]:
        """Return what stands in a calendar: the text of each resource by its name."""
        folder = self.folder / "collections" / "collection-root" / USER / calendar
        return {path.name: path.read_text() for path in sorted(folder.glob("*.ics"))}


@contextmanager
def serving(folder: Path) -> Iterator[Radicale]:
    """Serve two calendars of one user, ``work`` and ``home``."""
    server = Radicale(free_port(), folder)
    (folder / "config").write_text(CONFIG.format(port=server.port, folder=folder))
    server.let_in()
    server.start()
    try:
        server.make("work", "Práctica")
        server.make("home", "Home")
        yield server
    finally:
        server.stop()
