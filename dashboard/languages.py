"""Words in a language: English is the source, every other language is a folder of gettext catalogues."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

from babel.messages.pofile import read_po

LOCALE = Path(__file__).resolve().parent / "locale"
LANGUAGES = {"en": "English", "es": "Español"}
_told: ContextVar[str | None] = ContextVar("language", default=None)


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(language: str) -> dict[str, str | tuple[str, ...]]:
    """Return translations of ``language`` by source text; a plural's text is the tuple of its forms."""
    words: dict[str, str | tuple[str, ...]] = {}
    for path in sorted((LOCALE / language / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if not message.id or message.fuzzy or not message.string or not all(message.string):
                    continue
                source = message.id if isinstance(message.id, str) else message.id[0]
                words[source] = message.string if isinstance(message.string, str) else tuple(message.string)
    return words


@contextmanager
def speaking(code: str) -> Iterator[None]:
    """Use ``code`` within the block."""
    before = _told.set(code)
    try:
        yield
    finally:
        _told.reset(before)


def spoken() -> str | None:
    """Return the language of the block, if any."""
    return _told.get()


def nearest(tag: str) -> str:
    """Return the language of ours that is nearest to a browser's."""
    return "es" if tag.lower().startswith(("es", "ca", "gl", "eu")) else "en"


def translated(source: str, language: str) -> str:
    """Return ``source`` in ``language``."""
    if language == "en":
        return source
    found = catalogue(language).get(source, source)
    return found if isinstance(found, str) else found[0]


def translated_number(singular: str, plural: str, number: int, language: str) -> str:
    """Return the form that fits ``number``; English and Spanish both have two."""
    found = catalogue(language).get(singular) if language != "en" else None
    forms = found if isinstance(found, tuple) else (singular, plural)
    return forms[0] if number == 1 else forms[-1]
