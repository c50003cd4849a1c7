"""Templates of session notes: data, read from ``templates.yaml``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

FILE = Path(__file__).with_name("templates.yaml")
DEFAULT = "soap"


@dataclass(frozen=True)
class Template:
    """A template: its name, and its sections (code to words), both by language."""

    code: str
    name: dict[str, str]
    sections: dict[str, dict[str, str]]


@lru_cache(maxsize=1)
def templates() -> dict[str, Template]:
    """Return the templates by code, in the order of choice."""
    found = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return {
        row["code"]: Template(
            row["code"],
            row["name"],
            {section["code"]: {"en": section["en"], "es": section["es"]} for section in row["sections"]},
        )
        for row in found
    }
