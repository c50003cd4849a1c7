"""Days, hours and money as a visitor reads them: their language as it is written in the practice's country."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time
from babel.numbers import format_currency

from dashboard.languages import spoken, translated, translated_number


def language() -> str:
    """Return the language of the moment."""
    return spoken() or "en"


def _(source: str) -> str:
    """Return ``source`` in the language of the moment."""
    return translated(source, language())


def ngettext(singular: str, plural: str, number: int) -> str:
    """Return the form that fits ``number``."""
    return translated_number(singular, plural, number, language())


@lru_cache(maxsize=16)
def locale_of(language: str, practice_locale: str) -> Locale:
    """Return a language as it is written in the practice's country."""
    country = practice_locale.partition("_")[2]
    try:
        return Locale.parse(f"{language}_{country}")
    except (UnknownLocaleError, ValueError):
        return Locale.parse("en_GB" if language == "en" else language)


def day(moment: datetime | date, zone: str, practice_locale: str, *, has_year: bool = True) -> str:
    """Return a day in full, of a moment the one that clocks in ``zone`` have."""
    local = moment.astimezone(ZoneInfo(zone)).date() if isinstance(moment, datetime) else moment
    locale = locale_of(language(), practice_locale)
    if has_year:
        return format_date(local, format="full", locale=locale)
    pattern = "EEEE, d MMMM" if locale.language == "es" else "EEEE d MMMM"
    return format_date(local, format=pattern, locale=locale)


def hour(moment: datetime, zone: str, practice_locale: str) -> str:
    """Return the hour that clocks in ``zone`` show."""
    local = moment.astimezone(ZoneInfo(zone))
    return format_time(
        local.timetz(), format="short", tzinfo=local.tzinfo, locale=locale_of(language(), practice_locale)
    )


def money(cents: int, currency: str, practice_locale: str) -> str:
    """Return integer cents as money."""
    return format_currency(Decimal(cents) / 100, currency, locale=locale_of(language(), practice_locale))
