"""Opening seals. Only ``dashboard.clinical`` imports this, and tests."""

from __future__ import annotations

import json
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from dashboard.clinical.errors import KeyMissingError, TamperedError, WrongKeyError
from dashboard.clinical.sealing import HEADER, NONCE_BYTES, SHORTEST, VERSION, DataKey, MasterKey, Place, key_place

KEYS_KEPT = 4_096
"""Unwrapped keys that a process keeps in memory, at most."""


def key_id_of(blob: bytes) -> int:
    """Return the number of the key that sealed ``blob``.

    Raises:
        TamperedError: it is no sealed text.
    """
    if len(blob) < SHORTEST or blob[0] != VERSION:
        raise TamperedError("What is stored here is no sealed text.")
    return int(HEADER.unpack_from(blob)[1])


def unsealed_bytes(secret: bytes, blob: bytes, place: Place) -> bytes:
    """Return what was sealed at ``place``.

    Raises:
        TamperedError: it was changed, or sealed with another key or at another place.
    """
    key_id = key_id_of(blob)
    nonce, rest = blob[HEADER.size : HEADER.size + NONCE_BYTES], blob[HEADER.size + NONCE_BYTES :]
    try:
        return AESGCM(secret).decrypt(nonce, rest, place.bound(key_id))
    except InvalidTag:
        raise TamperedError("What is stored here is not what was sealed here.") from None


def unwrap(master: MasterKey | None, wrapped: bytes | None, key_id: int, patient_id: int) -> DataKey:
    """Return a patient's key.

    Raises:
        KeyMissingError: the patient's key was destroyed, or the master key is not there.
        WrongKeyError: the master key did not wrap this.
    """
    if wrapped is None:
        raise KeyMissingError("The key of this text was destroyed; the text cannot be read any more.")
    if master is None:
        raise KeyMissingError("The master key of this text is not among those configured.")
    return _unwrapped(master, wrapped, key_id, patient_id)


@lru_cache(maxsize=KEYS_KEPT)
def _unwrapped(master: MasterKey, wrapped: bytes, key_id: int, patient_id: int) -> DataKey:
    try:
        return DataKey(key_id, patient_id, unsealed_bytes(master.secret, wrapped, key_place(key_id, patient_id)))
    except TamperedError:
        raise WrongKeyError("The master key does not open this patient's key.") from None


def unseal_bytes(key: DataKey, blob: bytes, row_id: int, table: str) -> bytes:
    """Return the content of a row.

    Raises:
        TamperedError: it was not sealed at this row, or not with this key.
    """
    return unsealed_bytes(key.secret, blob, Place(table, row_id, key.patient_id))


def unseal(key: DataKey, blob: bytes, row_id: int, table: str) -> dict[str, str]:
    """Return the texts of a row.

    Raises:
        TamperedError: they were not sealed at this row, or not with this key.
    """
    found = json.loads(unseal_bytes(key, blob, row_id, table))
    return {str(name): str(text) for name, text in found.items()}
