"""Who asks for an hour: what a visitor types, and whether it can be taken. Pure decisions, no database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from dashboard.patients import rules

LONGEST = {"given_name": 120, "surnames": 200, "email": 254, "telephone": 60}
SENTENCES = {
    "given_name": "Write your name.",
    "surnames": "Write your surnames.",
    "email": "Write an e-mail address to which we can send the link.",
    "telephone": "Write a telephone number with which we can reach you.",
    "birth_date": "Write your date of birth.",
    "is_known": "Say whether you have been with us before.",
    "has_read": "Tick that you have read how we use your data.",
}
"""What is asked of who left a field empty, or filled it with something that cannot be; by field."""


@dataclass(frozen=True)
class Details:
    """A visitor, as they describe themselves."""

    given_name: str
    surnames: str
    email: str
    telephone: str
    birth_date: date | None
    is_known: bool

    def values(self) -> dict[str, Any]:
        """Return all of it by name."""
        return asdict(self)


def read(
    fields: Mapping[str, str], *, admits: str, asks_birth_date: bool, country: str, today: date
) -> tuple[Details | None, list[str]]:
    """Return the details in ``fields``, or the names of the fields that cannot be taken, in the order of the form.

    Args:
        fields: What was typed, by the names of the form.
        admits: Whom the service is for; only ``anybody`` is asked whether they have been here before.
        asks_birth_date: Whether the service wants to know it.
        country: Where a telephone number without a country's code is from.
        today: The practice's calendar day.
    """
    texts = {name: _text(fields.get(name, ""), longest) for name, longest in LONGEST.items()}
    wrong = [name for name in ("given_name", "surnames") if not rules.has_letters(texts[name])]
    if not texts["email"] or not texts["email"].isascii() or not rules.is_email(texts["email"]):
        wrong.append("email")
    if not texts["telephone"] or not rules.is_telephone(texts["telephone"], country):
        wrong.append("telephone")
    born = _birth_date(fields, today) if asks_birth_date else None
    if asks_birth_date and born is None:
        wrong.append("birth_date")
    is_known = {"anybody": {"yes": True, "no": False}.get(fields.get("is_known", "")), "new": False, "known": True}
    if is_known[admits] is None:
        wrong.append("is_known")
    if fields.get("has_read") != "yes":
        wrong.append("has_read")
    if wrong:
        return None, wrong
    texts["telephone"] = rules.normal_telephone(texts["telephone"], country)
    return Details(**texts, birth_date=born, is_known=bool(is_known[admits])), []  # type: ignore[arg-type]


def _text(typed: str, longest: int) -> str | None:
    """Return a text as it is kept; nothing of one that is too long, before anything reads it closely."""
    cleaned = rules.cleaned(typed) if len(typed) <= 2 * longest else None
    return cleaned if cleaned and len(cleaned) <= longest else None


def _birth_date(fields: Mapping[str, str], today: date) -> date | None:
    try:
        born = date.fromisoformat(fields.get("birth_date", ""))
    except ValueError:
        return None
    return born if rules.is_birth_date(born, today) else None
