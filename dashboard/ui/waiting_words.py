"""The words of the waiting list: urgencies, wishes, states, and what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from babel.dates import get_day_names

from dashboard import clock
from dashboard.ui import formats
from dashboard.ui.agenda_words import mode_name
from dashboard.ui.language import _, ngettext


def urgencies() -> dict[int, str]:
    """Return the words of each urgency, the most urgent first."""
    return {3: _("Urgent"), 2: _("Soon"), 1: _("Can wait")}


def states() -> dict[str, str]:
    """Return the words of an entry's states."""
    return {"waiting": _("Waiting"), "served": _("Has an hour"), "closed": _("Closed")}


def reasons() -> dict[str, str]:
    """Return the words of why an entry was closed."""
    return {
        "booked": _("Booked otherwise"),
        "no_longer_wanted": _("No longer wanted"),
        "not_reached": _("Not reached"),
        "other": _("Another reason"),
    }


def happenings() -> dict[str, str]:
    """Return the words of what happened, by code."""
    return {
        "added": _("Put on the list"),
        "changed": _("Wishes changed"),
        "reopened": _("Back on the list"),
        "served": _("Has an hour"),
        "closed": _("Taken off the list"),
        "offered": _("Offered"),
        "accepted": _("Accepted"),
        "declined": _("Declined"),
        "expired": _("Not answered in time"),
        "withdrawn": _("Taken back"),
        "unfilled": _("Nobody took it"),
        "stopped": _("No longer offered"),
    }


def ways() -> dict[str, str]:
    """Return the words of how an offer was answered."""
    return {"link": _("by link"), "desk": _("by the front desk"), "clock": _("by itself")}


def weekdays() -> dict[int, str]:
    """Return the weekdays' names from Monday = 0, short."""
    names: Mapping[int, str] = get_day_names("abbreviated", locale=formats.locale())
    return {number: str(names[number]) for number in range(7)}


def wishes(row: Mapping[Any, Any], therapists: Mapping[int, str], sites: Mapping[int, str]) -> str:
    """Return in one line when, where, how and with whom somebody can come; nothing wished is said as such."""
    days = weekdays()
    parts = [
        _listed(row["therapist_ids"], therapists),
        _listed(row["weekdays"], days),
        hours(row["not_before"], row["not_after"]),
        _listed(row["site_ids"], sites),
        mode_name(row["mode"]) if row["mode"] else "",
    ]
    return " · ".join(part for part in parts if part) or _("Any hour")


def _listed(chosen: Sequence[int], names: Mapping[int, str]) -> str:
    return ", ".join(names.get(key, "–") for key in chosen)


def hours(begins: time | None, ends: time | None) -> str:
    """Return the hours of the day that suit, or nothing when all do."""
    if begins and ends:
        return f"{begins:%H:%M}–{ends:%H:%M}"
    if begins:
        return _("from {hour}").format(hour=f"{begins:%H:%M}")
    return _("until {hour}").format(hour=f"{ends:%H:%M}") if ends else ""


def waited(since: date) -> str:
    """Return how long somebody has waited."""
    days = max((formats.today() - since).days, 0)
    return ngettext("{number} day", "{number} days", days).format(number=formats.number(days))


def left(until: datetime) -> str:
    """Return how much time is left to answer."""
    minutes = int((until - clock.now()).total_seconds() // 60)
    if minutes < 0:
        return _("the time is over")
    if minutes < 120:
        return ngettext("{number} minute left", "{number} minutes left", minutes).format(number=minutes)
    return ngettext("{number} hour left", "{number} hours left", minutes // 60).format(number=minutes // 60)
