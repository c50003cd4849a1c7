"""Starts the dashboard, public booking and the workers as processes of their own, and stops all with the dashboard."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from types import FrameType

import click
from sqlalchemy.exc import DBAPIError

from dashboard import db
from dashboard.access import chain
from dashboard.config import ROOT, Login, settings
from dashboard.linked import passwords

PASSWORD_OF_MAIL = "INTERSESSION_SMTP_PASSWORD"  # noqa: S105 - a variable's name
KEY_OF_CALENDARS = "INTERSESSION_CALENDAR_KEY"
SECRETS_OF_THE_MESSENGER = (PASSWORD_OF_MAIL, KEY_OF_CALENDARS)
SECRETS_OF_THE_DASHBOARD = (
    "INTERSESSION_MASTER_KEY",
    "INTERSESSION_WEB_SECRET",
    "INTERSESSION_OIDC_CLIENT_SECRET",
    *SECRETS_OF_THE_MESSENGER,
)
WORKERS: dict[str, tuple[Login, ...]] = {
    "dashboard.refresh": ("transformer", "checker"),
    "dashboard.messenger": ("messenger",),
    "dashboard.public_server": ("visitor",),
}
"""What is started beside the dashboard, and again when it ends, with the logins that it gets."""
READY_SECONDS = 60
STOP_SECONDS = 15
ANCHOR_SECONDS = 3_600


def environment(*logins: str) -> dict[str, str]:
    """Return the environment of a child: the addresses of ``logins`` and nothing administrative."""
    child = {**os.environ, "DATABASE_URL": "", "DO_NOT_TRACK": "1"}
    child.pop("INTERSESSION_LOGIN_SECRET", None)
    if "app_rt" in logins:
        child["INTERSESSION_WEB_SECRET"] = db.web_secret().decode()
    else:  # workers open no clinical text and sign nobody in, and only one of them speaks with servers outside
        for name in SECRETS_OF_THE_DASHBOARD:
            if name not in SECRETS_OF_THE_MESSENGER or "messenger" not in logins:
                child.pop(name, None)
    if "messenger" in logins and (key := passwords.for_worker()):
        child[KEY_OF_CALENDARS] = key
    for login in db.LOGINS:
        child.pop(f"INTERSESSION_{login.upper()}_URL", None)
        if login in logins:
            child[f"INTERSESSION_{login.upper()}_URL"] = db.url(login).render_as_string(hide_password=False)
    child["INTERSESSION_PARENT_PID"] = str(os.getpid())
    return child


def serve(port: int) -> int:
    """Serve until a signal or the end of a child. Return the exit code."""
    host = settings().host
    app = [sys.executable, "-m", "dashboard.server", "--port", str(port)]
    children = [subprocess.Popen(app, env=environment("app_rt", "app_sign_in"), cwd=ROOT)]
    stopping = _Stopping()
    try:
        if not _await_health(host, port, children[0], stopping):
            click.echo("The dashboard did not start.", err=True)
            return 1
        # Only now: their starts would each make that of the dashboard slower.
        children += [_start(worker) for worker in WORKERS]
        click.echo(f"Intersession is ready at http://{_shown(host)}:{port}")
        click.echo(f"Public booking is at {settings().booking_address}")
        anchored_at = time.monotonic() - ANCHOR_SECONDS
        while not stopping.asked and children[0].poll() is None:
            if time.monotonic() >= anchored_at + ANCHOR_SECONDS:
                _anchor()
                anchored_at = time.monotonic()
            time.sleep(0.3)
            for place, worker in enumerate(WORKERS, start=1):
                if children[place].poll() is not None:
                    children[place] = _start(worker)
                    time.sleep(2)  # a worker that cannot start is not restarted in a tight loop
        return 0 if stopping.asked else 1
    finally:
        _stop(children)


def _start(worker: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", worker], env=environment(*WORKERS[worker]), cwd=ROOT)


def _anchor() -> None:
    """Keep the present end of the audit log outside the database; a failure is told and stops nothing."""
    try:
        chain.anchor()
    except chain.BrokenAnchorError as error:
        click.echo(f"The audit log is not anchored. {error}", err=True)
    except (OSError, DBAPIError, db.DatabaseRefusal, db.NoDatabaseError) as error:
        click.echo(f"The audit log could not be anchored ({type(error).__name__}); tried again in an hour.", err=True)


class _Stopping:
    """Remembers that a signal asked to stop."""

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


def _shown(host: str) -> str:
    return "localhost" if settings().is_loopback else host


def _reachable(host: str) -> str:
    """Return the address that reaches a server listening on ``host``."""
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared only
    return f"[{name}]" if ":" in name else name


def is_taken(port: int) -> bool:
    """Return whether somebody listens on ``port`` already, or we may not."""
    family = socket.AF_INET6 if ":" in settings().host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings().host, port))
        except OSError:
            return True
    return False


def _await_health(host: str, port: int, app: subprocess.Popen[bytes], stopping: _Stopping) -> bool:
    address = f"http://{_reachable(host)}:{port}/_stcore/health"
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and app.poll() is None and not stopping.asked:
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False


def _stop(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.terminate()
    for child in children:
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
