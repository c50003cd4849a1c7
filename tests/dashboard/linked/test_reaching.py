"""No other machine than the one a therapist named is asked, none inside the network, and none for ever."""

from __future__ import annotations

import base64
import gzip
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any

import pytest

from dashboard.access.actor import RuleBrokenError
from dashboard.config import settings
from dashboard.linked import dav, discovery, reaching
from dashboard.linked.reaching import Server, ServerProblemError, checked_address, is_public, is_trusted

HOME = (
    '<d:multistatus xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:response><d:href>/</d:href><d:propstat>'
    "<d:prop><c:calendar-home-set><d:href>{href}</d:href></c:calendar-home-set></d:prop>"
    "<d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>"
)
DOCTYPE = b'<!DOCTYPE x [<!ENTITY a "b">]><d:multistatus xmlns:d="DAV:">&a;</d:multistatus>'
EMPTY = b'<?xml version="1.0"?><d:multistatus xmlns:d="DAV:"/>'


@pytest.fixture(autouse=True)
def named(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let this machine be asked."""
    monkeypatch.setenv("INTERSESSION_CALENDAR_HOSTS", "localhost, 127.0.0.1")
    settings.cache_clear()
    yield
    settings.cache_clear()


@contextmanager
def answering(status: int, body: bytes = EMPTY, **headers: str) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Serve one answer to everything; yield the address, and the headers of what was asked."""
    asked: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            asked.append({**dict(self.headers), "path": self.path})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(body)

        do_PROPFIND = do_REPORT = do_PUT = do_GET = answer  # noqa: N815 - the library's names

        def log_message(self, *_args: Any) -> None:
            """Stay quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def code_of(address: str) -> str:
    """Return why nothing was found at an address."""
    with Server(address, "ana", "pass") as server, pytest.raises(ServerProblemError) as problem:
        discovery.calendars(server)
    return problem.value.code


@pytest.mark.parametrize(
    "address",
    [
        "http://cloud.example.org/", "ftp://cloud.example.org/", "https://", "https://a:b@cloud.example.org/", "",
        "https://cloud.example.org/?q=1", "https://cloud.example.org/#x", "https://cloud.example.org/\nHost: x",
        "https://cl\u043eud.example.org/", "https://[::1", "http://10.0.0.1/", "https://cloud.example.org:99999/",
    ],
)  # fmt: skip
def test_an_address_that_is_none_or_would_send_the_password_in_clear_is_refused(address: str) -> None:
    with pytest.raises(RuleBrokenError):
        checked_address(address)


def test_an_address_without_a_scheme_is_one_of_https() -> None:
    assert checked_address(" cloud.example.org/dav ") == "https://cloud.example.org/dav"


@pytest.mark.parametrize(
    "inside",
    [
        "127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "::1", "fe80::1", "fc00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "::",
    ],
)  # fmt: skip
def test_an_address_inside_the_network_is_none_of_the_internet(inside: str) -> None:
    assert not is_public(ip_address(inside))


@pytest.mark.parametrize("outside", ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822"])
def test_an_address_of_the_internet_is_one(outside: str) -> None:
    assert is_public(ip_address(outside))


def test_a_host_inside_the_network_is_asked_nothing_unless_the_settings_name_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with answering(207) as (address, asked):
        monkeypatch.setenv("INTERSESSION_CALENDAR_HOSTS", "cloud.example.org")
        settings.cache_clear()
        assert code_of(address) == "private"
        assert asked == []
        monkeypatch.setenv("INTERSESSION_CALENDAR_HOSTS", "127.0.0.1")
        settings.cache_clear()
        code_of(address)
        assert asked  # the control: it would have been reached


def test_a_name_that_leads_outside_when_looked_at_and_inside_when_asked_is_asked_where_it_was_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = iter(["93.184.216.34", "127.0.0.1"])
    looked = socket.getaddrinfo

    def turning(host: Any, *args: Any, **given: Any) -> Any:
        if host == "cloud.example.invalid":
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(found), 443))]
        return looked(host, *args, **given)

    connected: list[str] = []

    def connecting(address: tuple[str, int], *_args: Any, **_given: Any) -> Any:
        connected.append(address[0])
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", turning)
    monkeypatch.setattr(socket, "create_connection", connecting)
    assert code_of("https://cloud.example.invalid/") == "unreachable"
    assert connected == ["93.184.216.34"]


def test_the_password_does_not_follow_a_redirect_or_a_link_to_another_host() -> None:
    with answering(207) as (other, asked):
        elsewhere = other.replace("127.0.0.1", "localhost")
        with answering(301, Location=elsewhere) as (address, met):
            assert code_of(address) == "not_caldav"
            assert met[0]["Authorization"] == f"Basic {base64.b64encode(b'ana:pass').decode()}"
        body = HOME.format(href=elsewhere)
        with answering(207, body.encode()) as (address, _met):
            assert code_of(address) == "not_caldav"
        assert asked == []


def test_only_hosts_of_one_provider_belong_together() -> None:
    known = "https://caldav.icloud.com/"
    assert is_trusted("https://p42-caldav.icloud.com:443/1/calendars/", known)
    for other in ("https://icloud.com.evil.example/", "http://p42-caldav.icloud.com/", "https://evil.example/"):
        assert not is_trusted(other, known)
    assert not is_trusted("https://p42-caldav.icloud.com/", "https://evil.example/")
    assert not is_trusted("https://cloud.example.org:8443/", "https://cloud.example.org/")


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (401, EMPTY, "refused"), (500, EMPTY, "server_busy"), (429, EMPTY, "server_busy"),
        (200, b"hello", "not_caldav"),
        (207, b"no xml", "not_caldav"), (207, EMPTY, "not_caldav"),
        (207, DOCTYPE, "not_caldav"),
    ],
)  # fmt: skip
def test_what_a_server_does_instead_of_answering_is_a_code(status: int, body: bytes, code: str) -> None:
    with answering(status, body) as (address, _asked):
        assert code_of(address) == code


def test_an_answer_without_end_or_packed_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaching, "MOST_BYTES", 1_000)
    with answering(207, b"x" * 2_000) as (address, _asked), Server(address, "ana", "pass") as server:
        with pytest.raises(ServerProblemError) as problem:
            dav.tags(server, address)
        assert problem.value.code == "too_large"
    with answering(207, gzip.compress(b"x" * 500), Content_Encoding="gzip") as (address, _asked):
        with Server(address, "ana", "pass") as server, pytest.raises(ServerProblemError) as problem:
            dav.tags(server, address)
        assert problem.value.code == "unreadable"


def test_a_server_that_sends_a_byte_now_and_then_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaching, "MOST_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            connection, _where = listening.accept()
            with connection:
                connection.recv(4_096)
                connection.sendall(b"HTTP/1.1 207 Multi-Status\r\nContent-Length: 1000\r\n\r\n")
                for _turn in range(100):
                    try:
                        connection.sendall(b"x")
                    except OSError:
                        return
                    time.sleep(0.05)

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        address, begun = f"http://127.0.0.1:{listening.getsockname()[1]}/", time.monotonic()
        with Server(address, "ana", "pass") as server, pytest.raises(ServerProblemError):
            dav.tags(server, address)
        assert time.monotonic() - begun < 4
        thread.join()
