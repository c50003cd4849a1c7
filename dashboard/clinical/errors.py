"""Why a sealed text cannot be read. The messages are for people and name no text, no key and no person."""

from __future__ import annotations


class SealError(Exception):
    """A sealed text cannot be read, or nothing can be sealed."""


class KeyMissingError(SealError):
    """The key is not there: no master key, one that is unknown here, or a patient's key that was destroyed."""


class WrongKeyError(SealError):
    """The key is not the one that sealed this."""


class TamperedError(SealError):
    """What is stored is not what was sealed at this place: changed, cut, or moved from another row or patient."""
