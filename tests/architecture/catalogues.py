"""Collects the sentences of the screens into the catalogues, which people translate: ``make translate``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ROOT / "dashboard" / "locale"
SCREENS = (
    "pages/*.py",
    "dashboard/ui/**/*.py",
    "dashboard/app.py",
    "dashboard/server.py",
    "dashboard/key_figures/*.py",
)
KEYWORDS = {"_": None, "ngettext": (1, 2)}
# A command refuses with an English sentence, which the screen looks up.
REFUSALS = ("dashboard/*/*.py",)
REFUSAL_KEYWORDS = {**KEYWORDS, "RuleBrokenError": None}
# Pages that are drawn without Streamlit have their words in templates.
TEMPLATES = ("dashboard/public_web/templates/*.html",)
# A module may keep the sentences of its codes in a dictionary of this name.
SENTENCES = "SENTENCES"

# Without dates, which would change at every renewal.
HEADER = r"""msgid ""
msgstr ""
"Language: {language}\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"
"Plural-Forms: {plurals}\n"

"""

Sentence = str | tuple[str, ...]


def sentences() -> Iterator[tuple[Sentence, str]]:
    """Yield each sentence (a plural as its two forms) and the file it stands in."""
    for patterns, keywords in ((SCREENS, KEYWORDS), (REFUSALS, REFUSAL_KEYWORDS)):
        for path in sorted({path for pattern in patterns for path in ROOT.glob(pattern)}):
            file = path.relative_to(ROOT).as_posix()
            for _line, sentence, *_rest in extract_from_file("python", path, keywords=keywords):
                yield sentence, file
            yield from ((sentence, file) for sentence in sentences_of_codes(path.read_text(encoding="utf-8")))
    for path in sorted(path for pattern in TEMPLATES for path in ROOT.glob(pattern)):
        for _line, sentence, *_rest in extract_from_file("jinja2", path, keywords=KEYWORDS):
            yield sentence, path.relative_to(ROOT).as_posix()


def sentences_of_codes(source: str) -> Iterator[str]:
    """Yield the texts of a module's dictionary ``SENTENCES``."""
    for node in ast.parse(source).body:
        target = node.target if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [None])[0]
        if isinstance(target, ast.Name) and target.id == SENTENCES and isinstance(node.value, ast.Dict):
            yield from (text.value for text in node.value.values if isinstance(text, ast.Constant))


def catalogue_paths() -> list[Path]:
    """Return the catalogues of all languages but English, which is the source."""
    return sorted(LOCALE.glob("*/LC_MESSAGES/messages.po"))


def read(path: Path) -> Catalog:
    """Return a catalogue."""
    with path.open("rb") as file:
        return read_po(file, locale=path.parents[1].name)


def renew(path: Path) -> None:
    """Add the sentences that a catalogue lacks, drop those that no screen has any more, keep the translations."""
    known = read(path) if path.exists() else Catalog(locale=path.parents[1].name)
    fresh = Catalog(locale=known.locale, project="Intersession", charset="utf-8", fuzzy=False)
    for sentence, file in sentences():
        former = known.get(sentence[0] if isinstance(sentence, tuple) else sentence)
        fresh.add(sentence, former.string if former else None, locations=[(file, 0)])
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(HEADER.format(language=known.locale, plurals=fresh.plural_forms).encode())
        write_po(file, fresh, width=120, sort_output=True, omit_header=True, include_lineno=False)


if __name__ == "__main__":
    for catalogue in catalogue_paths() or [LOCALE / "es" / "LC_MESSAGES" / "messages.po"]:
        renew(catalogue)
        missing = [message for message in read(catalogue) if not (message.string and all(message.string))]
        print(f"{catalogue.relative_to(ROOT)}: {len(missing)} sentences to translate")
