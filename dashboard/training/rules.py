"""Pure decisions about training: what a certificate may be, and which entries may still change."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

LARGEST_CERTIFICATE = 10 * 1024 * 1024
MOST_HOURS = Decimal(2_000)
MOST_HOURS_A_DAY = 24
EARLIEST = date(1950, 1, 1)

# By their first bytes, whatever the file is called.
MAGIC = {"pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n", "jpeg": b"\xff\xd8\xff"}


def certificate_kind(content: bytes) -> str | None:
    """Return ``pdf``, ``png`` or ``jpeg`` by the first bytes of a file, or nothing for anything else."""
    return next((kind for kind, start in MAGIC.items() if content.startswith(start)), None)


def is_certificate(content: bytes) -> bool:
    """Return whether a file is a PDF or a picture of a size that a certificate has."""
    return 0 < len(content) <= LARGEST_CERTIFICATE and certificate_kind(content) is not None


def are_hours_plausible(hours: Decimal, started_on: date, ended_on: date) -> bool:
    """Return whether so many hours fit between two days, in quarters of an hour or whole hundredths."""
    if not hours.is_finite() or not 0 < hours <= MOST_HOURS or hours != round(hours, 2):
        return False
    return hours <= ((ended_on - started_on).days + 1) * MOST_HOURS_A_DAY


def is_done(started_on: date, ended_on: date, today: date) -> bool:
    """Return whether training lies in the past: it is logged once it is done."""
    return EARLIEST <= started_on <= ended_on <= today


def may_change(status: str) -> bool:
    """Return whether an entry may still be edited or withdrawn: until somebody decided on it."""
    return status == "logged"
