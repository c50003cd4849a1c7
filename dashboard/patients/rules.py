"""Rules of what a patient file may hold: pure decisions, no database."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

import phonenumbers
from stdnum.es import dni, nie

ADULT_AGE = 18
OLDEST_AGE = 120
LONGEST_EMAIL = 254
EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
POSTAL_CODES = {"ES": re.compile(r"(0[1-9]|[1-4][0-9]|5[0-2])[0-9]{3}"), "US": re.compile(r"[0-9]{5}(-[0-9]{4})?")}
OTHER_IDENTIFICATION = re.compile(r"[A-Z0-9]{4,30}")


def cleaned(text: str | None) -> str | None:
    """Return ``text`` in composed form, without control and format characters and needless spaces; nothing if empty."""
    if text is None:
        return None
    composed = unicodedata.normalize("NFC", text)
    kept = "".join(" " if letter.isspace() else letter for letter in composed if _is_kept(letter))
    return " ".join(kept.split()) or None


def _is_kept(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Co", "Cn"}


def has_letters(text: str | None) -> bool:
    """Return whether ``text`` holds anything that can be read: combining marks alone do not count."""
    return any(unicodedata.category(letter)[0] not in "MZC" for letter in text or "")


def normal_telephone(text: str | None, country: str) -> str | None:
    """Return a telephone number in international form, or as it was typed when it is no number of ``country``."""
    if not text:
        return None
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return text
    if not phonenumbers.is_possible_number(number):
        return text
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_telephone(text: str, country: str) -> bool:
    """Return whether ``text`` can be dialled from ``country``."""
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(text, country))
    except phonenumbers.NumberParseException:
        return False


def is_email(text: str) -> bool:
    """Return whether ``text`` has the form of an e-mail address; the time it takes grows with its length only."""
    return len(text) <= LONGEST_EMAIL and EMAIL.fullmatch(text) is not None


def normal_identification(value: str | None) -> str | None:
    """Return an identification number in capitals, without spaces, dots and dashes."""
    return re.sub(r"[\s.\-]", "", value).upper() or None if value else None


def is_identification(kind: str, value: str) -> bool:
    """Return whether ``value`` is well formed for its kind; NIF and NIE by their check letter."""
    if kind == "nif":
        return bool(dni.is_valid(value))
    if kind == "nie":
        return bool(nie.is_valid(value))
    return OTHER_IDENTIFICATION.fullmatch(value) is not None


def is_postal_code(value: str, country: str | None) -> bool:
    """Return whether ``value`` has the form of ``country``'s postal codes; unknown countries accept anything."""
    form = POSTAL_CODES.get(country or "")
    return form is None or form.fullmatch(value) is not None


def age_on(birth_date: date, day: date) -> int:
    """Return the age in completed years on ``day``."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def is_birth_date(birth_date: date, today: date) -> bool:
    """Return whether somebody alive may be born then."""
    return birth_date <= today and age_on(birth_date, today) <= OLDEST_AGE


def is_minor(birth_date: date | None, day: date) -> bool:
    """Return whether the person is under age on ``day``; an unknown birth date counts as adult."""
    return birth_date is not None and age_on(birth_date, day) < ADULT_AGE
