"""Passwords of local accounts: argon2id, and length over rules of composition."""

from __future__ import annotations

import secrets
from functools import lru_cache
from threading import BoundedSemaphore
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

Weakness = Literal["too_short", "too_long", "too_simple", "too_easy"]
SHORTEST, LONGEST = 12, 128
FEWEST_DIFFERENT = 5
# Argon2id with 19 MiB and two passes is the least that OWASP advises; the library's defaults are above it.
HASHER = PasswordHasher()
AT_ONCE = BoundedSemaphore(2)
"""Each hash takes 64 MiB: more at once would let strangers fill the machine's memory."""

WIDELY_USED = frozenset(
    "password contraseña contrasena qwertyuiop asdfghjkl 1234567890 letmein iloveyou administrator psicologia"
    " psychology therapist intersession welcome bienvenido changeme".split()
)


def hash_password(password: str) -> str:
    """Return what is kept of a password."""
    with AT_ONCE:
        return HASHER.hash(password)


def matches(password: str, kept: str | None) -> bool:
    """Return whether ``password`` is the one that ``kept`` was made of; without ``kept`` it takes as long to say no."""
    with AT_ONCE:
        try:
            HASHER.verify(kept or _nobodys(), password[: LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None


def weakness(password: str, *about: str) -> Weakness | None:
    """Return why a password is refused, or nothing; ``about`` are words about the person."""
    plain = password.casefold()
    if len(password) < SHORTEST:
        return "too_short"
    if len(password) > LONGEST:
        return "too_long"
    if len(set(plain)) < FEWEST_DIFFERENT:
        return "too_simple"
    known = [word.casefold() for words in about for word in words.replace("@", " ").split() if len(word) > 3]
    remaining = plain
    for word in (*known, *WIDELY_USED):
        remaining = remaining.replace(word, "")
    if len(remaining) < SHORTEST - 4:
        return "too_easy"
    return None


@lru_cache(maxsize=1)
def _nobodys() -> str:
    """Return the hash of a password that nobody has."""
    return HASHER.hash(secrets.token_urlsafe(32))
