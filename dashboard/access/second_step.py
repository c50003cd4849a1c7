"""The second step of signing in: one-time codes of an authenticator (RFC 6238), and codes that stand in for it once."""

from __future__ import annotations

import base64
import hashlib
import secrets
from hmac import compare_digest

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from dashboard import clock, db

ISSUER = "Intersession"
SECONDS = 30
SLACK = 1
"""Codes of that many steps before and after count: clocks differ, and people type slowly."""
RECOVERY_CODES = 10
RECOVERY_BYTES = 10
NONCE_BYTES = 12


class UnreadableSecretError(RuntimeError):
    """A second step was sealed with another key: the installation's secret changed since."""


def new_secret() -> str:
    """Return a secret for an authenticator, in base32."""
    return pyotp.random_base32()


def address(secret: str, email: str) -> str:
    """Return the address that an authenticator reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def matching_step(secret: str, code: str, last_step: int | None = None) -> int | None:
    """Return the number of the half minute that ``code`` belongs to, or nothing; a used one does not count again."""
    given = "".join(code.split())
    now = int(clock.now().timestamp()) // SECONDS
    for step in range(now - SLACK, now + SLACK + 1):
        if step > (last_step or 0) and compare_digest(pyotp.TOTP(secret).at(step * SECONDS), given):
            return step
    return None


def new_recovery_codes() -> list[str]:
    """Return codes of 80 random bits, in groups that can be copied from paper."""
    codes = [base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower() for _ in range(RECOVERY_CODES)]
    return ["-".join(code[place : place + 4] for place in range(0, len(code), 4)) for code in codes]


def hashed_code(code: str) -> bytes:
    """Return what is kept of a recovery code; how it was typed does not matter."""
    return hashlib.sha256("".join(sign for sign in code.lower() if sign.isalnum()).encode()).digest()


def seal(secret: str, user_id: int) -> bytes:
    """Return ``secret`` sealed for the database, bound to its user."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(_key()).encrypt(nonce, secret.encode(), _bound(user_id))


def unseal(sealed: bytes, user_id: int) -> str:
    """Return the secret that was sealed for a user.

    Raises:
        UnreadableSecretError: it was sealed for somebody else or with another key.
    """
    try:
        return AESGCM(_key()).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound(user_id)).decode()
    except (InvalidTag, ValueError):
        raise UnreadableSecretError("The second step of this account cannot be read.") from None


def _bound(user_id: int) -> bytes:
    return f"second step|{user_id}".encode()


def _key() -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"second step").derive(db.web_secret())
