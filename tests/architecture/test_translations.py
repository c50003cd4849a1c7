"""English is the source; Spanish is complete, and says what the screens say today."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from babel.messages.catalog import Message

from tests.architecture import catalogues
from tests.architecture.lints import ROOT

PLACEHOLDER = re.compile(r"\{\w*(?:[:!][^}]*)?\}|%\(\w+\)[sd]|%[sd]")


def forms(text: str | tuple[str, ...] | list[str]) -> list[str]:
    """Return the forms of a sentence: one, or one for each number."""
    return [text] if isinstance(text, str) else list(text)


def what_is_wrong(message: Message) -> str | None:
    """Return why a translation cannot be shown, or nothing when it can."""
    if message.fuzzy or not all(forms(message.string or "")):
        return "not translated"
    # A singular may write "one" instead of a number, so every form may use less, but none may use more.
    allowed = {name for form in forms(message.id) for name in PLACEHOLDER.findall(form)}
    used = [set(PLACEHOLDER.findall(form)) for form in forms(message.string)]
    if any(names - allowed for names in used) or used[-1] != set(PLACEHOLDER.findall(forms(message.id)[-1])):
        return "other placeholders"
    return None


def words_in_one_language(content: object, path: str = "") -> list[str]:
    """Return where a YAML document speaks English and not Spanish, or the other way round."""
    if isinstance(content, list):
        return [
            fault for number, part in enumerate(content) for fault in words_in_one_language(part, f"{path}/{number}")
        ]
    if not isinstance(content, dict):
        return []
    if {"en", "es"} & content.keys():
        return [] if all(str(content.get(code) or "").strip() for code in ("en", "es")) else [path]
    return [fault for name, part in content.items() for fault in words_in_one_language(part, f"{path}/{name}")]


@pytest.fixture(params=catalogues.catalogue_paths(), ids=lambda path: path.parents[1].name)
def catalogue(request: pytest.FixtureRequest) -> Path:
    return request.param


def test_spanish_is_there() -> None:
    assert "es" in {path.parents[1].name for path in catalogues.catalogue_paths()}


def test_the_catalogue_has_the_sentences_of_the_screens(catalogue: Path) -> None:
    """After changing a sentence: make translate, then translate what is empty."""
    on_screens = {forms(sentence)[0] for sentence, _ in catalogues.sentences()}
    assert {forms(message.id)[0] for message in catalogues.read(catalogue) if message.id} == on_screens


def test_every_sentence_is_translated(catalogue: Path) -> None:
    faults = {str(message.id): what_is_wrong(message) for message in catalogues.read(catalogue) if message.id}
    assert {sentence: fault for sentence, fault in faults.items() if fault} == {}


def test_figures_and_rules_speak_both_languages() -> None:
    paths = [path for place in ("dbt/models", "expectations") for path in (ROOT / place).rglob("*.y*ml")]
    faults = [f"{path.name}{at}" for path in paths for at in words_in_one_language(yaml.safe_load(path.read_text()))]
    assert faults == []


@pytest.mark.parametrize(
    "message",
    [
        Message("Save", ""),
        Message("Save", "Guardar", flags=["fuzzy"]),
        Message("Page {page} of {pages}", "Página {page}"),
        Message("Page {page}", "Página {pagina}"),
        Message(("{n} file", "{n} files"), ("{n} expediente", "")),
    ],
    ids=lambda message: str(message.string),
)
def test_a_translation_that_cannot_be_shown_is_flagged(message: Message) -> None:
    assert what_is_wrong(message)


@pytest.mark.parametrize(
    "message",
    [Message("Page {page}", "Página {page}"), Message(("one file", "{n} files"), ("un expediente", "{n} expedientes"))],
    ids=lambda message: str(message.string),
)
def test_a_translation_that_can_be_shown_is_left_alone(message: Message) -> None:
    assert what_is_wrong(message) is None


def test_words_in_one_language_are_flagged() -> None:
    assert words_in_one_language({"label": {"en": "Revenue", "es": " "}, "rules": [{"en": "x", "es": "y"}]}) == [
        "/label"
    ]
