"""Turns the text of one cell into a value, by the mapping's declared format; what does not fit is a coded problem."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from dashboard.imports.codes import Code, RowProblemError

EARLIEST_YEAR, LATEST_YEAR = 1890, 2200
MOST_CENTS = 10_000_000_000_00

# Written as in a spreadsheet; "iso" is what ISO 8601 calls extended, "after YYYY" the first day of the year after.
TOKENS = {
    "YYYY": r"(?P<year>\d{4})",
    "MM": r"(?P<month>\d{2})",
    "DD": r"(?P<day>\d{2})",
    "M": r"(?P<month>\d{1,2})",
    "D": r"(?P<day>\d{1,2})",
    "HH": r"(?P<hour>\d{2})",
    "H": r"(?P<hour>\d{1,2})",
    "mm": r"(?P<minute>\d{2})",
    "ss": r"(?P<second>\d{2})",
}
TOKEN = re.compile("|".join(TOKENS))
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
ISO_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?", re.ASCII)

Moment = date | datetime
Parser = Callable[[str], Moment | None]


def tidy_text(text: str) -> str:
    """Return text with outer blanks removed and composed characters (NFC), otherwise as written."""
    text = text.strip()
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def tidy_key(text: str) -> str:
    """Return an id without the characters that nobody sees: blanks around it, zero-width and direction marks."""
    text = tidy_text(text)
    if text.isascii():
        return text
    return "".join(character for character in text if unicodedata.category(character) not in {"Cf", "Cc"}).strip()


@lru_cache(maxsize=64)
def _pattern(written: str) -> re.Pattern[str]:
    parts, position = [], 0
    for found in TOKEN.finditer(written):
        parts += [re.escape(written[position : found.start()]), TOKENS[found.group()]]
        position = found.end()
    return re.compile("".join(parts) + re.escape(written[position:]), re.ASCII)


def known_format(written: str) -> bool:
    """Whether a mapping's date format has at least a year and names no part twice."""
    if written in {"iso", "after YYYY"}:
        return True
    try:
        return "year" in _pattern(written).groupindex
    except re.error:
        return False


def _iso(text: str) -> Moment | None:
    if ISO_DATE.fullmatch(text):
        return date.fromisoformat(text)
    return datetime.fromisoformat(text) if ISO_TIMESTAMP.fullmatch(text) else None


def _year_after(text: str) -> Moment | None:
    return date(int(text) + 1, 1, 1) if re.fullmatch(r"\d{4}", text, re.ASCII) else None


def _written_as(written: str) -> Parser:
    pattern = _pattern(written)

    def parse(text: str) -> Moment | None:
        found = pattern.fullmatch(text)
        if found is None:
            return None
        parts = {name: int(value) for name, value in found.groupdict().items()}
        if "hour" in parts:
            return datetime(**{"month": 1, "day": 1, **parts})  # type: ignore[arg-type]  # noqa: DTZ001 - placed below
        return date(parts["year"], parts.get("month", 1), parts.get("day", 1))

    return parse


def _parsers(formats: Sequence[str]) -> list[Parser]:
    special: dict[str, Parser] = {"iso": _iso, "after YYYY": _year_after}
    return [special.get(written) or _written_as(written) for written in formats]


def moment_parser(formats: Sequence[str]) -> Callable[[str], Moment]:
    """Return a function that reads a date or a date with a time in the first of ``formats`` that fits."""
    parsers = _parsers(formats)

    def parse(text: str) -> Moment:
        for parser in parsers:
            try:
                value = parser(text)
            except (ValueError, OverflowError):
                raise RowProblemError(Code.DATE) from None
            if value is not None:
                if EARLIEST_YEAR <= value.year <= LATEST_YEAR:
                    return value
                break
        raise RowProblemError(Code.DATE)

    return parse


def day_parser(formats: Sequence[str], time_zone: str) -> Callable[[str], str]:
    """Return a function that reads a calendar day; a moment with an offset is the day in ``time_zone``."""
    parse, zone = moment_parser(formats), ZoneInfo(time_zone)

    def day(text: str) -> str:
        value = parse(text)
        if isinstance(value, datetime):
            value = (value.astimezone(zone) if value.tzinfo else value).date()
        return value.isoformat()

    return day


def timestamp_parser(formats: Sequence[str], time_zone: str) -> Callable[[str], str]:
    """Return a function that reads a moment; without an offset it is local time, and without a time it is noon."""
    parse, zone = moment_parser(formats), ZoneInfo(time_zone)

    def timestamp(text: str) -> str:
        value = parse(text)
        if not isinstance(value, datetime):
            value = datetime.combine(value, time(12), zone)
        elif value.tzinfo is None:
            value = value.replace(tzinfo=zone)
        return value.astimezone(UTC).isoformat()

    return timestamp


def amount_parser(decimal: str, thousands: str, too_fine: str) -> Callable[[str], int]:
    """Return a function that reads money into cents; ``too_fine``: a third decimal is refused (or rounded)."""
    point, group = re.escape(decimal), re.escape(thousands)
    whole = rf"\d{{1,3}}(?:{group}\d{{3}})+|\d+" if thousands else r"\d+"
    pattern = re.compile(rf"(-?)({whole})(?:{point}(\d+))?", re.ASCII)

    def amount(text: str) -> int:
        found = pattern.fullmatch(text)
        if found is None:
            raise RowProblemError(Code.AMOUNT)
        sign, units, fraction = found.groups()
        fraction = (fraction or "").rstrip("0")
        cents = int(units.replace(thousands, "") if thousands else units) * 100 + int(f"{fraction[:2]:0<2}")
        if len(fraction) > 2:
            if too_fine == "refuse":
                raise RowProblemError(Code.AMOUNT_SCALE)
            cents += fraction[2] >= "5"
        if cents > MOST_CENTS:
            raise RowProblemError(Code.AMOUNT)
        return -cents if sign else cents

    return amount


def whole_number(text: str) -> int:
    """Return a whole number written in ASCII digits."""
    if not re.fullmatch(r"-?\d{1,9}", text, re.ASCII):
        raise RowProblemError(Code.NUMBER)
    return int(text)
