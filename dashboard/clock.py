"""The one place that asks what time it is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def today(time_zone: str = "UTC") -> date:
    """Return the calendar day at ``time_zone`` (an IANA name)."""
    return now().astimezone(ZoneInfo(time_zone)).date()
