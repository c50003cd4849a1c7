"""Python loads this in every process of a test run: a connection that would leave the machine is noted and refused.

``INTERSESSION_EGRESS_LOG`` names the file for the notes; without it nothing is watched.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

LOG = os.environ.get("INTERSESSION_EGRESS_LOG")
HERE = {None, "", "localhost", "ip6-localhost"}


class LeavesTheMachineError(OSError):
    """The tests need nothing outside this machine, and nothing that they run does."""


def stays(host: object) -> bool:
    """Whether ``host`` is this machine."""
    name = host.decode() if isinstance(host, bytes) else host
    if name in HERE or name == os.uname().nodename:
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(str(name).partition("%")[0]).is_loopback or str(name) in {"0.0.0.0", "::"}
    return False


def watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse an address elsewhere before anything is sent to it."""
    if event in {"socket.connect", "socket.sendto"}:
        address = arguments[1]
        if not isinstance(address, tuple):
            return
        host = address[0]
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if not stays(host):
        with suppress(OSError), Path(str(LOG)).open("a", encoding="utf-8") as log:
            log.write(f"{event} {host!r} by {' '.join(sys.argv[:3])}\n")
        raise LeavesTheMachineError(f"{event} to another machine")


if LOG:
    sys.addaudithook(watch)
