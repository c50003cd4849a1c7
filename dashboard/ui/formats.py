"""Dates, numbers and money as the person reads them: the session's language, the practice's country and currency."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import cache, partial
from zoneinfo import ZoneInfo

import streamlit as st
from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_currency, format_decimal, format_percent

from dashboard.access import queries as access
from dashboard.clock import now
from dashboard.ui.language import _, language, once_a_run


def practice() -> access.PracticeProfile:
    """Return the practice, read once a session, and asked of the session once a run: every number shown asks."""
    return once_a_run("practice", _kept_practice)


def _kept_practice() -> access.PracticeProfile:
    kept = st.session_state.get("app_practice")
    if not isinstance(kept, access.PracticeProfile):
        kept = access.practice()
        st.session_state["app_practice"] = kept
    return kept


def locale() -> str:
    """Return the locale for dates and numbers: the language as it is written in the practice's country."""
    profile = practice()
    return profile.locale if profile.locale.startswith(language()) else _locale_in(language(), profile.country)


@cache
def _locale_in(spoken: str, country: str) -> str:
    try:
        return str(Locale.parse(f"{spoken}_{country}"))
    except UnknownLocaleError:
        return "en_GB" if spoken == "en" else spoken


def zone() -> ZoneInfo:
    """Return the practice's time zone."""
    return ZoneInfo(practice().time_zone)


def today() -> date:
    """Return the practice's calendar day."""
    return now().astimezone(zone()).date()


def money(amount: Decimal | float | None) -> str:
    """Return an amount in the practice's currency, or a dash when there is none."""
    return (
        "–" if amount is None or is_missing(amount) else format_currency(amount, practice().currency, locale=locale())
    )


def cents(amount: int | None) -> str:
    """Return integer cents as money."""
    return money(None if amount is None else Decimal(amount) / 100)


def number(value: Decimal | float | None, digits: int = 0) -> str:
    """Return a number with ``digits`` decimals at most, or a dash."""
    pattern = "#,##0" + ("." + "#" * digits if digits else "")
    return "–" if value is None or is_missing(value) else format_decimal(value, format=pattern, locale=locale())


def percent(share: Decimal | float | None, digits: int = 1) -> str:
    """Return a share (0 to 1) in per cent, or a dash."""
    pattern = "#,##0" + ("." + "#" * digits if digits else "") + "\u00a0%"
    return "–" if share is None or is_missing(share) else format_percent(share, format=pattern, locale=locale())


def day(value: date | None, width: str = "medium") -> str:
    """Return a date, or a dash."""
    return "–" if is_missing(value) else format_date(value, format=width, locale=locale())


def month(value: date) -> str:
    """Return a month and its year."""
    return format_date(value, format="MMM y", locale=locale())


def moment(value: datetime | None) -> str:
    """Return a date and time in the practice's time zone, or a dash."""
    if is_missing(value):
        return "–"
    return format_datetime(value, format="short", tzinfo=zone(), locale=locale())


def hour(value: datetime) -> str:
    """Return a time of day in the practice's time zone."""
    return hours()(value)


def hours() -> Callable[[datetime], str]:
    """Return ``hour`` for many times, and for where there is no session to ask."""
    return partial(format_time, format="short", tzinfo=zone(), locale=locale())


def as_of(value: datetime | None) -> str:
    """Return the sentence that says how fresh a figure is."""
    if value is None:
        return _("Not computed yet")
    return _("As of {moment}").format(moment=moment(value))


def is_missing(value: object) -> bool:
    """Return whether ``value`` is none, not a number or not a time (pandas writes absence in all three ways)."""
    return value is None or value != value  # noqa: PLR0124 - NaN and NaT differ from themselves
