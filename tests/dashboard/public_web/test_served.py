"""Public booking as it is served: a process of its own, whose log tells nothing, and which ends with its parent."""

from __future__ import annotations

import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

from dashboard.config import ROOT
from dashboard.supervise import environment
from tests.conftest import free_port
from tests.dashboard.public_booking.conftest import Open
from tests.dashboard.test_cli import until


def answers(address: str) -> int:
    """Return the status of an answer, 0 for none."""
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def test_it_is_served_with_one_login_and_its_log_holds_no_link(practice: Open, tmp_path: Path) -> None:
    child = environment("visitor")
    assert {name for name in child if name.endswith("_URL") and child[name]} & {
        *("DATABASE_URL", "INTERSESSION_APP_RT_URL", "INTERSESSION_MESSENGER_URL", "INTERSESSION_APP_SIGN_IN_URL"),
    } == set()
    own, port = practice.confirmed(), free_port()
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "dashboard.public_server", "--port", str(port)],
            env={**os.environ, **child, "DATABASE_URL": ""},
            cwd=ROOT,
            stdout=out,
            stderr=out,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            assert until(lambda: answers(f"{address}/health") == 200, 60)
            assert answers(f"{address}/request/{own.replace(' ', '%20').replace('+', '%2B')}") == 200
            assert answers(f"{address}/request/nobodys") == 404
        finally:
            process.terminate()
            process.wait(15)
    written = log.read_text()
    assert "request/" not in written
    assert "example.org" not in written
