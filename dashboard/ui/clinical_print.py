"""Histories and notes as they are printed: titles and texts, in the order of their sections."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from dashboard.clinical import pdf
from dashboard.ui import clinical_words, formats
from dashboard.ui.language import _

Texts = list[tuple[str, str]]


def history(sections: Mapping[str, str], about: str) -> pdf.Block:
    """Return a version of a history to print."""
    return pdf.Block(_("Clinical history"), about, _titled(clinical_words.history_sections(), sections))


def written(version: int, author: str | None, at: datetime | None) -> str:
    """Return who wrote a version of a history, and when."""
    return _("Version {version}, written by {author}, {moment}").format(
        version=version, author=author or "–", moment=formats.moment(at)
    )


def signed(at: datetime | None) -> str:
    """Return when a note was signed."""
    return _("Signed {moment}").format(moment=formats.moment(at)) if at else _("Draft, not signed")


def note(
    session_at: datetime,
    about: str,
    template_code: str,
    sections: Mapping[str, str],
    subjective: str,
    addenda: Iterable[tuple[datetime, str]],
) -> pdf.Block:
    """Return a note to print; ``subjective`` is empty where it is not to be printed."""
    texts = _titled(clinical_words.note_sections(template_code), sections)
    if subjective:
        texts.append((_("Subjective annotations"), subjective))
    texts += [(_("Addendum of {moment}").format(moment=formats.moment(at)), told) for at, told in addenda]
    return pdf.Block(_("Session of {moment}").format(moment=formats.moment(session_at)), about, texts)


def _titled(titles: Mapping[str, str], sections: Mapping[str, str]) -> Texts:
    return [(title, sections[code]) for code, title in titles.items() if code in sections]
