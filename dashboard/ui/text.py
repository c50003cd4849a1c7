"""Text that people typed, shown as text."""

from __future__ import annotations

MARKDOWN = frozenset("\\`*_{}[]()#+-.!|<>$:~^=")


def plain(text: str) -> str:
    """Return ``text`` so that Markdown shows it and does not read it."""
    return "".join(f"\\{letter}" if letter in MARKDOWN else letter for letter in text)
