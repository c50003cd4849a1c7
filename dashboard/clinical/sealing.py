"""Sealing: AES-256-GCM bound to the place of the text, so that a text moved to another row or patient cannot be read.

What is stored is ``version (1 byte) | key id (8) | nonce (12) | ciphertext and tag``. Nothing here opens a seal.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = 1
HEADER = struct.Struct(">BQ")
NONCE_BYTES = 12
TAG_BYTES = 16
KEY_BYTES = 32
SHORTEST = HEADER.size + NONCE_BYTES + TAG_BYTES


@dataclass(frozen=True)
class Place:
    """Where a sealed text stands. It is authenticated with the text, not stored in it."""

    table: str
    row_id: int
    patient_id: int

    def bound(self, key_id: int) -> bytes:
        """Return what the seal is bound to."""
        return f"intersession|{VERSION}|{key_id}|{self.table}|{self.row_id}|{self.patient_id}".encode()


@dataclass(frozen=True)
class MasterKey:
    """A key that wraps patients' keys; its name is derived from it, so that a wrong key cannot carry a right name."""

    secret: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """Return the key's name, which tells nothing of the key."""
        return hmac.new(self.secret, b"intersession master key", hashlib.sha256).hexdigest()[:16]


@dataclass(frozen=True)
class DataKey:
    """A patient's key, unwrapped."""

    id: int
    patient_id: int
    secret: bytes = field(repr=False)


def new_secret() -> bytes:
    """Return a random key of 256 bits."""
    return secrets.token_bytes(KEY_BYTES)


def key_place(key_id: int, patient_id: int) -> Place:
    """Return the place of a patient's wrapped key."""
    return Place("patient_key", key_id, patient_id)


def sealed_bytes(secret: bytes, key_id: int, plain: bytes, place: Place) -> bytes:
    """Return ``plain`` sealed at ``place``."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return HEADER.pack(VERSION, key_id) + nonce + AESGCM(secret).encrypt(nonce, plain, place.bound(key_id))


def wrap(master: MasterKey, key: DataKey) -> bytes:
    """Return a patient's key sealed with a master key."""
    return sealed_bytes(master.secret, key.id, key.secret, key_place(key.id, key.patient_id))


def seal_bytes(key: DataKey, content: bytes, row_id: int, table: str) -> bytes:
    """Return the content of a row sealed with its patient's key."""
    return sealed_bytes(key.secret, key.id, content, Place(table, row_id, key.patient_id))


def seal(key: DataKey, texts: Mapping[str, str], row_id: int, table: str) -> bytes:
    """Return the texts of a row sealed with its patient's key."""
    plain = json.dumps(dict(texts), ensure_ascii=False, separators=(",", ":")).encode()
    return seal_bytes(key, plain, row_id, table)
