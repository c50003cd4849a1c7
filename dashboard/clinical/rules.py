"""Rules of the clinical record, without a database: sections, lengths, what differs between two versions."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

HISTORY_SECTIONS = (
    "reason_for_consultation",
    "current_symptoms",
    "symptoms_began_on",
    "precipitating_events",
    "previous_illnesses",
    "operations",
    "medication",
    "family_history",
    "past_traumas",
    "eating_habits",
    "sleep_habits",
    "substance_use",
)
LONGEST_TEXT = 20_000
SNIPPET = 60

Part = tuple[Literal["same", "added", "removed"], str]


@dataclass(frozen=True)
class Difference:
    """What changed in one section, as parts to read one after the other."""

    section: str
    parts: list[Part]


def kept(texts: Mapping[str, str], allowed: Iterable[str]) -> dict[str, str] | None:
    """Return the texts worth keeping, in the order of ``allowed``; nothing when one is unknown or too long."""
    known = list(allowed)
    stripped = {name: text.strip() for name, text in texts.items()}
    if stripped.keys() - set(known) or any(len(text) > LONGEST_TEXT for text in stripped.values()):
        return None
    return {name: stripped[name] for name in known if stripped.get(name)}


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[Difference]:
    """Return the sections that differ, in the order of a history, word by word."""
    return [
        Difference(section, _parts(before.get(section, ""), after.get(section, "")))
        for section in HISTORY_SECTIONS
        if before.get(section, "") != after.get(section, "")
    ]


def _parts(before: str, after: str) -> list[Part]:
    old, new = before.split(), after.split()
    parts: list[Part] = []
    for kind, old_from, old_to, new_from, new_to in difflib.SequenceMatcher(a=old, b=new, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append(("same", " ".join(old[old_from:old_to])))
            continue
        if old_to > old_from:
            parts.append(("removed", " ".join(old[old_from:old_to])))
        if new_to > new_from:
            parts.append(("added", " ".join(new[new_from:new_to])))
    return parts


def folded(text: str) -> str:
    """Return ``text`` as it is compared in a search: without accents and capitals, letter for letter."""
    return "".join(unicodedata.normalize("NFD", letter)[0] for letter in text).lower()


def snippet(texts: Iterable[str], words: str) -> str | None:
    """Return the surroundings of the first place where ``words`` stand in one of ``texts``, or nothing."""
    wanted = folded(words.strip())
    for text in texts:
        at = folded(text).find(wanted)
        if wanted and at >= 0:
            start, end = max(0, at - SNIPPET), at + len(wanted) + SNIPPET
            shown = " ".join(text[start:end].split())
            return f"{'…' if start else ''}{shown}{'…' if end < len(text) else ''}"
    return None
