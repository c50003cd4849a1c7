"""The walls of a process that reads what a stranger made: little memory, little time, no network, no secrets."""

from __future__ import annotations

import os
import sys
from typing import Any

MEMORY = 1 << 30
PASSED_ON = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "PYTHONTZPATH", "VIRTUAL_ENV")
REFUSED = {"socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.system"}


def environment() -> dict[str, str]:
    """Return the environment of such a process: no part of it holds a secret."""
    passed_on = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {**passed_on, "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def confine(seconds: int) -> None:
    """Limit this process: 1 GB of address space, ``seconds`` of the processor, no network, no other program."""
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - not on every system

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.addaudithook(_refuse_network)


def _refuse_network(event: str, _arguments: tuple[Any, ...]) -> None:
    if event in REFUSED:
        raise PermissionError(event)
