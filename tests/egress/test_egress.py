"""Nothing that the tests run leaves this machine; the guard that says so can see what would."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard.config import ROOT
from tests.conftest import EGRESS_LOG, NOBODYS

# Addresses and names that documents may use and nobody has (RFC 5737, RFC 2606).
ELSEWHERE = "192.0.2.1"
LEAVES = {
    "a connection": f"import socket; socket.create_connection(('{ELSEWHERE}', 443), timeout=1)",
    "a datagram": f"import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('{ELSEWHERE}', 53))",
    "a name asked for": "import socket; socket.getaddrinfo('" + NOBODYS + "', 443)",
    "a request": f"import urllib.request; urllib.request.urlopen('http://{ELSEWHERE}/', timeout=1)",
}


def run(code: str, log: Path | None) -> subprocess.CompletedProcess[str]:
    """Run ``code`` in a process of its own, watched when there is a ``log``."""
    environment = {**os.environ, EGRESS_LOG: str(log or "")}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False, timeout=30
    )


@pytest.mark.parametrize("way", LEAVES)
def test_whatever_would_leave_the_machine_is_noted_and_refused(way: str, tmp_path: Path) -> None:
    done = run(LEAVES[way], tmp_path / "egress.log")
    assert "LeavesTheMachineError" in done.stderr
    assert (tmp_path / "egress.log").read_text().startswith("socket.")


ANNOUNCED = f"import sys; sys.audit('socket.connect', None, ('{ELSEWHERE}', 443))"


def test_without_the_guard_nothing_would_hold_it_back(tmp_path: Path) -> None:
    assert run(ANNOUNCED, tmp_path / "egress.log").returncode == 1
    assert run(ANNOUNCED, None).returncode == 0


def test_a_run_of_tests_that_tries_to_leave_fails_though_each_test_passes(tmp_path: Path) -> None:
    leak = "import contextlib, socket\n\ndef test_leak():\n    with contextlib.suppress(OSError):\n        "
    (tmp_path / "test_leak.py").write_text(f"{leak}socket.getaddrinfo('{ELSEWHERE}', 443)\n")
    (tmp_path / "test_calm.py").write_text("def test_calm():\n    pass\n")
    arguments = ["-q", "-p", "tests.conftest", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", str(tmp_path)]
    for name, status in (("test_leak.py", 1), ("test_calm.py", 0)):
        alone = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
        environment = {**alone, EGRESS_LOG: str(tmp_path / f"{name}.log")}
        command = [sys.executable, "-m", "pytest", *arguments, str(tmp_path / name)]
        done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, "1 passed" in done.stdout) == (status, True), done.stdout + done.stderr


def test_what_stays_here_is_let_through(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        code = f"import socket; socket.create_connection(('localhost', {server.getsockname()[1]}), timeout=5)"
        done = run(code, tmp_path / "egress.log")
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "egress.log").exists()


def test_this_very_run_is_watched() -> None:
    with pytest.raises(OSError, match="to another machine"):
        socket.getaddrinfo(NOBODYS, 443)
    assert NOBODYS in Path(os.environ[EGRESS_LOG]).read_text()
