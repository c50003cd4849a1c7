"""Passwords of linked calendars: sealed by the page that takes them, opened by the worker alone.

They are sealed with keys derived from the master keys, so that the worker, which opens no clinical text, needs no
master key in its environment; and for one therapist, address and user name, so that a sealed password cannot be made to
go to another server by changing a row.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from dashboard.access.actor import RuleBrokenError
from dashboard.clinical import keyring
from dashboard.clinical.errors import KeyMissingError, SealError
from dashboard.clinical.keyring import Keyring, line_of
from dashboard.clinical.sealing import KEY_BYTES, NONCE_BYTES, MasterKey
from dashboard.config import settings

INFO = b"intersession passwords of linked calendars"


class UnreadablePasswordError(RuntimeError):
    """A password was sealed with a key that is not here, or for another account."""


def keys() -> Keyring:
    """Return the keys of these passwords, the newest last: those that were set, else derived from the master keys.

    Raises:
        SealError: the keys that are configured are none.
    """
    own = settings().calendar_key
    if own:
        return keyring.parsed(own)
    return Keyring([MasterKey(_derived(master.secret)) for master in keyring.keyring().every])


def for_worker() -> str | None:
    """Return the keys as the worker's setting, when it cannot derive them from a file; nothing when there are none."""
    if not keyring.is_in_environment() and not settings().calendar_key:
        return None
    try:
        return ",".join(line_of(key) for key in keys().every) or None
    except SealError:
        return None


def seal(password: str, therapist_id: int, address: str, user_name: str) -> tuple[bytes, str]:
    """Return a password sealed for an account, and the name of the key that opens it.

    Raises:
        RuleBrokenError: there is no key.
    """
    try:
        key = keys().newest
    except SealError:
        raise RuleBrokenError("No key is set up to keep passwords with. Tell whoever looks after the system.") from None
    nonce = secrets.token_bytes(NONCE_BYTES)
    bound = _bound(therapist_id, address, user_name)
    return nonce + AESGCM(key.secret).encrypt(nonce, password.encode(), bound), key.id


def unseal(sealed: bytes, key_id: str, therapist_id: int, address: str, user_name: str) -> str:
    """Return the password of an account.

    Raises:
        UnreadablePasswordError: its key is not here, or it was sealed for another account.
    """
    try:
        key = keys().find(key_id)
        if key is None:
            raise KeyMissingError(key_id)
        bound = _bound(therapist_id, address, user_name)
        return AESGCM(key.secret).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound).decode()
    except (InvalidTag, SealError, ValueError):
        raise UnreadablePasswordError("The password of a linked calendar cannot be read.") from None


def _bound(therapist_id: int, address: str, user_name: str) -> bytes:
    return "|".join(("linked calendar", str(therapist_id), address, user_name)).encode()


def _derived(master: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=INFO).derive(master)
