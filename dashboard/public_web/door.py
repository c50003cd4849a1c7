"""The door of public booking: how often an address may ask, how much it may send, and headers for every answer.

Addresses are counted in this process's memory, and forgotten with it: nothing about who looked is kept.
"""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict, deque

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_FORM = 16_384
LONGEST_ADDRESS = 1_000
MOST_ADDRESSES = 20_000
# Nothing but our own style is loaded, nothing runs, and nobody shows these pages within theirs. Links are secrets:
# where a visitor goes from here is told nothing.
HEADERS = {
    b"content-security-policy": b"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    b"base-uri 'none'; frame-ancestors 'none'",
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"no-referrer",
    b"permissions-policy": b"camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"x-robots-tag": b"noindex, nofollow",
}


class Pace:
    """How often somebody does something: ``most`` times in ``seconds``, each somebody by themselves."""

    def __init__(self, most: int, seconds: float) -> None:
        """Remember nothing yet."""
        self.most = most
        self.seconds = seconds
        self.met: OrderedDict[str, deque[float]] = OrderedDict()

    def is_too_fast(self, who: str) -> bool:
        """Count once more, and return whether that was too often; the longest silent are forgotten first."""
        times = self.met.setdefault(who, deque(maxlen=self.most))
        self.met.move_to_end(who)
        if len(self.met) > MOST_ADDRESSES:
            self.met.popitem(last=False)
        now = time.monotonic()
        if len(times) == self.most and now - times[0] < self.seconds:
            return True
        times.append(now)
        return False


def whose(scope: Scope) -> str:
    """Return the address that asks; of IPv6 the network, as one house has as many addresses as it likes."""
    host = (scope.get("client") or ("", 0))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return str(host)
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network(f"{address}/64", strict=False))


class Door:
    """Refuses what is too much, too often or of no use here, and puts the headers on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap ``app``."""
        self.app = app
        self.looks = Pace(240, 60)
        self.forms = Pace(40, 600)
        self.holds = Pace(10, 600)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1000})
                return
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                named = {name.lower() for name, _value in message["headers"]}
                extra = dict(HEADERS)
                if b"cache-control" not in named:
                    extra[b"cache-control"] = b"no-store"
                kept = [pair for pair in message["headers"] if pair[0].lower() not in HEADERS]
                message = {**message, "headers": [*kept, *extra.items()]}
            await send(message)

        refused = self._refusal(scope)
        await (refused or self.app)(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        if scope["method"] not in {"GET", "HEAD", "POST"}:
            return PlainTextResponse("Method Not Allowed", 405)
        if len(scope["path"]) + len(scope["query_string"]) > LONGEST_ADDRESS:
            return PlainTextResponse("Too long.", 414)
        who = whose(scope)
        if self._is_too_fast(scope, who):
            return PlainTextResponse("Too often. Please wait some minutes.", 429, {"Retry-After": "600"})
        if scope["method"] == "POST":
            length = dict(scope["headers"]).get(b"content-length", b"")
            if not length.isdigit():
                return PlainTextResponse("Say how long it is.", 411)
            if int(length) > LARGEST_FORM:
                return PlainTextResponse("Too large.", 413)
        return None

    def _is_too_fast(self, scope: Scope, who: str) -> bool:
        if scope["method"] != "POST":
            return self.looks.is_too_fast(who)
        is_too_fast = self.forms.is_too_fast(who)
        return is_too_fast or (scope["path"] == "/hold" and self.holds.is_too_fast(who))
