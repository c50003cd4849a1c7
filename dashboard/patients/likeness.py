"""Whether two files are one person's: pure rules over what both say, a score and the reasons.

Each thing that both files say is for or against; what one of them does not say is neither. Whoever shares a surname, a
birth date, a telephone and an address may be a twin: without the same given name only an identification number speaks
against that.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA, JaroWinkler

LIKELY = 9
"""From this score on a person is asked to look."""

SENTENCES: dict[str, str] = {
    "same_name": "the same name",
    "similar_name": "a similar name",
    "swapped_name": "given name and surname exchanged",
    "same_birth_date": "the same birth date",
    "swapped_birth_date": "day and month of the birth date exchanged",
    "close_birth_date": "nearly the same birth date",
    "same_identification": "the same identification number",
    "close_identification": "nearly the same identification number",
    "same_telephone": "the same telephone",
    "same_email": "the same e-mail",
    "close_email": "nearly the same e-mail",
    "same_address": "the same address",
    "similar_address": "a similar address",
}


@dataclass(frozen=True)
class Record:
    """What two files are compared by."""

    given_name: str | None = None
    surname_1: str | None = None
    surname_2: str | None = None
    birth_date: date | None = None
    telephone: str | None = None
    email: str | None = None
    id_value: str | None = None
    address_line: str | None = None
    postal_code: str | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Record:
        """Return the record of a file's or a form's values; what is empty is not said."""
        return cls(**{field.name: values.get(field.name) or None for field in fields(cls)})


@dataclass(frozen=True)
class Likeness:
    """How like two files are: the higher, the liker; the reasons are codes of ``SENTENCES``."""

    score: int
    reasons: tuple[str, ...]

    @property
    def is_likely(self) -> bool:
        """Return whether somebody should look whether these are one person."""
        return self.score >= LIKELY


Verdict = tuple[int, str | None]
NEITHER: Verdict = (0, None)


def likeness(one: Record, other: Record) -> Likeness:
    """Return how like two files are, and why."""
    identification = _identification(one, other)
    found = [
        _name(one, other),
        _birth_date(one.birth_date, other.birth_date),
        identification,
        _telephone(one.telephone, other.telephone),
        _email(one.email, other.email),
        _address(one, other),
    ]
    score = sum(score for score, _ in found)
    if _are_others(one, other) and identification[1] != "same_identification":
        score = min(score, 0)
    return Likeness(score, tuple(reason for _, reason in found if reason))


def _are_others(one: Record, other: Record) -> bool:
    """Return whether given names speak of two people: twins share all the rest."""
    given, given_2 = plain(one.given_name), plain(other.given_name)
    is_exchanged = _exchanged(_names(one), _names(other)) > 0
    return bool(given and given_2) and not _nearness(given, given_2) and not is_exchanged


def plain(text: str | None) -> str:
    """Return ``text`` in small letters without accents, other signs as blanks."""
    decomposed = unicodedata.normalize("NFKD", (text or "").casefold())
    kept = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[\W_]+", " ", kept).split())


def _nearness(one: str, other: str) -> float:
    """Return 1 for the same words, about 0.9 for a slip of the pen or a short form, 0 for other words."""
    if one == other:
        return 1.0
    joined, other_joined = one.replace(" ", ""), other.replace(" ", "")
    shorter, longer = sorted((joined, other_joined), key=len)
    if len(shorter) > 2 and (longer.startswith(shorter) or sorted(shorter) == sorted(longer)):
        return 0.9
    if len(shorter) == 1 and longer.startswith(shorter):
        return 0.85
    slips = OSA.distance(joined, other_joined)
    if slips <= (1 if len(shorter) < 6 else 2) and len(shorter) > 2:
        return 0.9
    return 0.85 if JaroWinkler.similarity(joined, other_joined) >= 0.93 else 0.0


def _part(one: str, other: str, same: int, different: int) -> int:
    """Return what a part of the name is worth: ``same``, less for nearly, ``different``, nothing when not said."""
    if not one or not other:
        return 0
    near = _nearness(one, other)
    return same if near == 1.0 else same - 1 if near else different


def _names(record: Record) -> tuple[str, str, str]:
    return plain(record.given_name), plain(record.surname_1), plain(record.surname_2)


def _name(one: Record, other: Record) -> Verdict:
    """Compare the names as they stand and with given name and surname exchanged, and believe the better."""
    names, names_2 = _names(one), _names(other)
    worth = ((4, -3), (4, -4), (3, -3))
    straight = sum(_part(a, b, *each) for a, b, each in zip(names, names_2, worth, strict=True))
    exchanged = _exchanged(names, names_2)
    if exchanged > straight:
        return exchanged, "swapped_name"
    if straight <= 0:
        return straight, None
    said = [(a, b) for a, b in zip(names, names_2, strict=True) if a and b]
    is_same = len(said) > 1 and all(a == b for a, b in said)
    return straight, "same_name" if is_same else "similar_name"


def _exchanged(one: tuple[str, str, str], other: tuple[str, str, str]) -> int:
    """Return what the names are worth when their words agree in another order: all of them, and more than one."""
    words, words_2 = _words(one), _words(other)
    if len(words) < 2 or len(words) != len(words_2):
        return -99
    near = [_nearness(a, b) for a, b in zip(words, words_2, strict=True)]
    return 2 * len(words) + 2 if all(near) else -99


def _words(parts: Iterable[str]) -> list[str]:
    return sorted(" ".join(parts).split())


def _birth_date(one: date | None, other: date | None) -> Verdict:
    if one is None or other is None:
        return NEITHER
    if one == other:
        return 7, "same_birth_date"
    if (one.year, one.month, one.day) == (other.year, other.day, other.month):
        return 5, "swapped_birth_date"
    slips = OSA.distance(f"{one:%Y%m%d}", f"{other:%Y%m%d}")
    if slips <= 2:
        return (4 if slips == 1 else 2), "close_birth_date"
    return -5, None


def _identification(one: Record, other: Record) -> Verdict:
    number, number_2 = (re.sub(r"[\W_]", "", each.id_value or "").upper() for each in (one, other))
    if not number or not number_2:
        return NEITHER
    if number == number_2:
        return 11, "same_identification"
    if OSA.distance(number, number_2) == 1 and len(number) > 6:
        return 4, "close_identification"
    return -3, None


def _telephone(one: str | None, other: str | None) -> Verdict:
    """Compare the last nine digits: the same number with and without its country."""
    digits, digits_2 = (re.sub(r"[^0-9]", "", each or "")[-9:] for each in (one, other))
    if len(digits) < 6 or len(digits_2) < 6:
        return NEITHER
    return (4, "same_telephone") if digits == digits_2 else (-1, None)


def _email(one: str | None, other: str | None) -> Verdict:
    mail, mail_2 = (one or "").strip().casefold(), (other or "").strip().casefold()
    if not mail or not mail_2:
        return NEITHER
    if mail == mail_2:
        return 6, "same_email"
    is_close = OSA.distance(mail, mail_2) <= 2 or mail.partition("@")[0] == mail_2.partition("@")[0]
    return (4, "close_email") if is_close else (-1, None)


def _address(one: Record, other: Record) -> Verdict:
    street, street_2 = plain(one.address_line), plain(other.address_line)
    if not street or not street_2:
        return NEITHER
    same = fuzz.token_sort_ratio(street, street_2)
    if same >= 97:
        return 4, "same_address"
    return (3, "similar_address") if same >= 80 else (-1, None)
