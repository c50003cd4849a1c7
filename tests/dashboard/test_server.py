"""The web server: whether it is ready, its headers, and errors without values."""

from __future__ import annotations

import http.client
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from sqlalchemy import text
from starlette.requests import Request

from dashboard import db, server
from dashboard.access import sessions
from dashboard.config import ROOT
from tests.acting import someone
from tests.conftest import free_port
from tests.dashboard.test_cli import until


def ask() -> tuple[int, dict[str, object]]:
    """Return what the health address answers."""
    answer = server.health(Request({"type": "http"}))
    return answer.status_code, json.loads(answer.body)


@pytest.fixture
def served(figures_database, monkeypatch) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Return the address of a running server, and its process."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "dashboard.server", "--port", str(port)],
        env={**figures_database.environment, "INTERSESSION_PARENT_PID": str(os.getpid())},
        cwd=ROOT,
    )
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return bool(urllib.request.urlopen(f"{url}/_stcore/health", timeout=5).read())
        except OSError:
            return False

    assert until(answers, 60)
    yield url, process
    process.terminate()
    process.wait(20)


def test_it_is_ready_when_the_database_is_migrated(figures_database) -> None:
    status, state = ask()
    assert (status, state["database"], state["migrations"]) == (200, "ok", "ok")
    assert state["figures_as_of"]


def test_it_is_not_ready_before_the_migrations(blank_database) -> None:
    with psycopg.connect(blank_database.url) as connection:
        connection.execute("create schema practice; grant usage on schema practice to app_rt")
    assert ask() == (503, {"database": "ok", "migrations": "due", "figures_as_of": None})


def test_it_is_not_ready_without_a_database_and_says_nothing_more(database, monkeypatch) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://postgres:hush@127.0.0.1:{free_port()}/nothing")
    db.forget_engines()
    assert ask() == (503, {"database": "unreachable", "migrations": "unknown", "figures_as_of": None})


def test_every_answer_carries_the_safe_headers_and_no_server_name(served) -> None:
    url, _process = served
    for path in ("/", "/today", "/health", "/_stcore/health", "/static/nothing.js"):
        try:
            headers = urllib.request.urlopen(url + path, timeout=10).headers
        except urllib.error.HTTPError as error:
            headers = error.headers
            error.close()
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["X-Frame-Options"] == "SAMEORIGIN", path
        assert headers["Referrer-Policy"] == "same-origin", path
        assert headers["Server"] is None, path


def test_nothing_but_the_sign_in_page_and_the_health_is_answered_to_who_has_no_session(served) -> None:
    url, _process = served
    port = int(url.rsplit(":", 1)[1])
    manager = someone("manager")
    paths = ("/media/0a1b.csv", "/_stcore/metrics", "/_stcore/upload_file/x/y", "/billing", "/_stcore/stream")

    def answers(path: str, token: str | None) -> int:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
            connection.request("GET", path, headers={"Cookie": f"{sessions.COOKIE}={token}"} if token else {})
            return connection.getresponse().status

    for token in (None, "", "forged", sessions.hashed(manager.token).hex(), "x" * 5000):
        assert [answers(path, token) for path in paths] == [401, 401, 401, 303, 401], token
        assert [answers(path, token) for path in ("/sign-in", "/health", "/_stcore/health")] == [200, 200, 200]
    assert answers("/_stcore/metrics", manager.token) == 200
    assert answers("/media/0a1b.csv", manager.token) == 404
    assert answers("/billing", manager.token) == 200
    with db.administration() as session:
        session.execute(text("update login_session set revoked_at = now()"))
    assert [answers(path, manager.token) for path in paths] == [401, 401, 401, 303, 401]
    with db.administration() as session:
        noted = "select count(*) from audit_log where operation = 'refused' and table_name = 'billing'"
        assert session.scalar(text(noted)) == 6


def test_a_foreign_name_for_this_machine_is_refused(served) -> None:
    url, _process = served
    port = int(url.rsplit(":", 1)[1])
    upgrade = (
        "GET /_stcore/stream HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(upgrade.encode())
        assert b" 101 " not in connection.recv(200).split(b"\r\n")[0]


def test_it_ends_on_a_signal_although_a_browser_is_connected(served) -> None:
    url, process = served
    port = int(url.rsplit(":", 1)[1])
    upgrade = (
        f"GET /_stcore/stream HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nOrigin: {url}\r\nUpgrade: websocket\r\n"
        f"Cookie: {sessions.COOKIE}={someone('manager').token}\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(upgrade.encode())
        assert b" 101 " in connection.recv(200).split(b"\r\n")[0]
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) is not None


def test_the_log_of_a_failed_screen_has_a_reference_and_no_value(figures_database, caplog) -> None:
    with caplog.at_level(logging.ERROR, "dashboard.server"):
        with pytest.raises(ValueError, match="Ana") as failed:
            int("Ana García, 600123123")
        assert server.on_script_error(failed.value) is True
    said = [record.getMessage() for record in caplog.records if record.name == "dashboard.server"]
    assert len(said) == 1
    assert "ValueError at test_server.py:" in said[0]
    assert "Ana" not in said[0]


SAID = """
import logging, logging.config, uvicorn
from streamlit import error_util
from dashboard import server
{guard}
logging.config.dictConfig(uvicorn.config.LOGGING_CONFIG)
try:
    raise ValueError("Ana García")
except ValueError as error:
    for name in ("uvicorn.error", "streamlit.runtime", "somebody.else"):
        logging.getLogger(name).exception("failed")
    error_util.handle_user_script_exception(error, lambda _error: True)
"""


@pytest.mark.parametrize("guard", ["server.logs.keep_values_out()", ""])
def test_no_logger_writes_the_text_of_an_error(guard: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SAID.format(guard=guard)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    said = done.stdout + done.stderr
    assert "failed" in said
    assert "Uncaught" not in said
    assert ("Ana García" in said) is not bool(guard)  # without the guard it would be written
    assert ("failed: ValueError at <string>:" in said) is bool(guard)


def test_the_log_has_the_reference_that_the_database_s_refusal_already_has(figures_database, caplog) -> None:
    with caplog.at_level(logging.ERROR, "dashboard.server"):
        server.on_script_error(db.DatabaseRefusal("busy", "0a1b2c3d"))
    assert "reference=0a1b2c3d" in caplog.text
