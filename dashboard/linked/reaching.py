"""Asks a calendar server of a therapist's choice, and no other machine.

Where a name leads is looked up once and connected to as found: an address inside the network is refused unless the
practice's settings name the host. Redirects are not followed to other hosts, and what comes back is bounded.
"""

from __future__ import annotations

import socket
import ssl
import time
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Self
from urllib.parse import urljoin, urlsplit

import httpx

from dashboard.access.actor import RuleBrokenError
from dashboard.config import settings

LONGEST_ADDRESS = 300
PATIENCE_SECONDS = 15.0
MOST_SECONDS = 120.0
MOST_BYTES = 16_000_000
MOST_REDIRECTS = 3
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
FAMILIES = ("icloud.com",)
"""Providers that keep accounts on further hosts of theirs (p42-caldav.icloud.com)."""
TRANSLATED = IPv6Network("64:ff9b::/96")

SENTENCES: dict[str, str] = {
    "unreachable": "The calendar server does not answer.",
    "refused": "The calendar server refuses the user name or the password.",
    "gone": "The calendar is not there any more.",
    "not_caldav": "At this address there is no calendar server that speaks CalDAV.",
    "too_large": "The calendar is larger than what is read.",
    "private": "This address is inside the network. The practice's settings must name the server first.",
    "server_busy": "The calendar server has a fault or is busy.",
    "no_key": "The password cannot be read any more. Connect again.",
    "read_only": "The calendar server does not let this calendar be written to.",
    "unreadable": "What the calendar server sent is no calendar.",
}


class ServerProblemError(RuleBrokenError):
    """A server did not do what was asked; a code of ``SENTENCES``, never a server's words."""

    def __init__(self, code: str) -> None:
        super().__init__(SENTENCES[code])
        self.code = code


@dataclass(frozen=True)
class Answer:
    """What a server answered: its status, the address that answered, the tag of what it holds there, the content."""

    status: int
    url: str
    tag: str | None
    content: bytes


def checked_address(address: str) -> str:
    """Return the address of a server, as it is asked.

    Raises:
        RuleBrokenError: it is none, or would send the password in clear.
    """
    address = address.strip()
    if "://" not in address:
        address = f"https://{address}"
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or len(address) > LONGEST_ADDRESS or not (address.isascii() and address.isprintable()):
        raise RuleBrokenError("This is no address of a calendar server.")
    if " " in address or parts.username is not None or parts.query or parts.fragment:
        raise RuleBrokenError("This is no address of a calendar server.")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK):
        raise RuleBrokenError("The address must begin with https://, so that the password is not sent in clear.")
    return address


def joined(base: str, link: str) -> str:
    """Return where a link of a server leads; one that is no address leads nowhere that is trusted."""
    try:
        return urljoin(base, link.strip())
    except ValueError:
        return ""


def origin(url: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port of an address."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def is_trusted(url: str, base: str) -> bool:
    """Return whether what is at ``url`` may be told the password that was given for ``base``."""
    try:
        asked, known = origin(url), origin(base)
    except ValueError:
        return False
    if asked == known:
        return True
    is_https = asked[0] == known[0] == "https" and asked[2] == known[2] == 443
    return is_https and any(asked[1].endswith(f".{name}") and known[1].endswith(f".{name}") for name in FAMILIES)


def is_public(found: IPv4Address | IPv6Address) -> bool:
    """Return whether an address is one of the open internet, also where it holds another one."""
    if isinstance(found, IPv6Address):
        if found in TRANSLATED:
            return is_public(IPv4Address(int(found) & 0xFFFFFFFF))
        if found.ipv4_mapped is not None:
            return is_public(found.ipv4_mapped)
        if found.sixtofour is not None or found.teredo is not None:
            return False
    return found.is_global and not found.is_multicast


def addresses_of(host: str, port: int) -> list[str]:
    """Return where ``host`` is, all of it looked at: one address inside the network is enough to refuse.

    Raises:
        ServerProblemError: nobody knows the host, or it is inside the network and not named in the settings.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
        is_outside = all(is_public(ip_address(address)) for address in addresses)
    except (OSError, UnicodeError, ValueError):
        raise ServerProblemError("unreachable") from None
    if not is_outside and host.lower() not in settings().private_calendar_hosts:
        raise ServerProblemError("private")
    return list(dict.fromkeys(addresses))


class _Checked(httpx.BaseTransport):
    """Connects to the address that was looked at, and asks it by its name."""

    def __init__(self) -> None:
        self._inner = httpx.HTTPTransport(verify=ssl.create_default_context())

    def ask_at_checked_address(self, request: httpx.Request) -> httpx.Response:
        """Ask as ``request`` says, at the first address of its host that answers."""
        named = request.url
        known = addresses_of(named.host, named.port or {"https": 443}.get(named.scheme, 80))
        request.extensions = {**request.extensions, "sni_hostname": named.host}
        for place, address in enumerate(known, start=1):
            request.url = named.copy_with(host=address)
            try:
                return self._inner.handle_request(request)
            except httpx.ConnectError:
                if place == len(known):
                    raise
        raise httpx.ConnectError("no address")

    handle_request = ask_at_checked_address

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


class Server:
    """A calendar server, asked with one account's name and password; to be closed, or used in a ``with``."""

    def __init__(self, address: str, user_name: str, password: str) -> None:
        self.address = address
        self._until = time.monotonic() + MOST_SECONDS
        self._client = httpx.Client(
            transport=_Checked(),
            auth=httpx.BasicAuth(user_name.encode(), password.encode()),
            timeout=PATIENCE_SECONDS,
            follow_redirects=False,
            trust_env=False,
            headers={"User-Agent": "Intersession", "Accept-Encoding": "identity"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._client.close()

    @property
    def may_go_on(self) -> bool:
        """Whether less than half of the time is used: what is left is for what else is to be asked in this round."""
        return time.monotonic() < self._until - MOST_SECONDS / 2

    def ask(self, method: str, url: str, content: bytes = b"", **headers: str) -> Answer:
        """Ask, and follow redirects that stay on the host; ``headers`` are written with underscores.

        Raises:
            ServerProblemError: no answer, too long a one, or one that refuses the account.
        """
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        for _turn in range(MOST_REDIRECTS + 1):
            if not is_trusted(url, self.address):
                raise ServerProblemError("not_caldav")
            answer, leads_to = self._ask_once(method, url, content, named)
            if leads_to is None:
                return answer
            url = joined(url, leads_to)
        raise ServerProblemError("not_caldav")

    def _ask_once(self, method: str, url: str, content: bytes, headers: dict[str, str]) -> tuple[Answer, str | None]:
        try:
            with self._client.stream(method, url, content=content, headers=headers) as response:
                if response.status_code in {401, 407}:
                    raise ServerProblemError("refused")
                if response.status_code == 429 or response.status_code >= 500:
                    raise ServerProblemError("server_busy")
                body = self._read(response)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError):
            raise ServerProblemError("unreachable") from None
        tag = response.headers.get("etag", "").removeprefix("W/") or None
        is_elsewhere = response.status_code in {301, 302, 307, 308}
        return Answer(response.status_code, url, tag, body), response.headers.get("location") if is_elsewhere else None

    def _read(self, response: httpx.Response) -> bytes:
        """Return the content, which was asked for as it is: nothing is unpacked that could grow."""
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise ServerProblemError("unreadable")
        body = bytearray()
        for part in response.iter_raw():
            body += part
            if len(body) > MOST_BYTES:
                raise ServerProblemError("too_large")
            if time.monotonic() >= self._until:
                raise ServerProblemError("unreachable")
        return bytes(body)
