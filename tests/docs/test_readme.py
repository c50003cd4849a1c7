"""What the documents say is so: commands exist, links lead somewhere, settings are those of the code."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from click import Context
from pydantic.fields import FieldInfo

from dashboard.cli import COMMANDS, main
from dashboard.config import Settings
from dashboard.ui.navigation import SCREENS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CODE = re.compile(r"`+(?:sh\n)?([^`]*)`+")
DOCUMENTS = ("README.md", "SECURITY.md", "CHANGELOG.md")


def section(title: str) -> str:
    """Return the README's text under a heading."""
    return README.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def rows(text: str) -> list[list[str]]:
    """Return the cells of a table's rows, without its head."""
    lines = [line.strip().strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in cells] for cells in lines[2:]]


def variable(name: str, field: FieldInfo) -> str:
    """Return the environment variable of a setting."""
    return str(field.validation_alias or f"INTERSESSION_{name}").upper()


def descriptions() -> dict[str, str | None]:
    """Return what each setting is, by its environment variable."""
    return {variable(name, field): field.description for name, field in Settings.model_fields.items()}


def make_targets() -> set[str]:
    """Return what make can be asked for."""
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def links(text: str) -> Iterator[str]:
    """Yield the places in this repository that a document links to."""
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not target.startswith(("http:", "https:", "#", "mailto:")):
            yield target.split("#")[0]


def test_the_settings_table_is_that_of_the_code() -> None:
    table = {name.strip("`"): text for name, _default, text in rows(section("Settings"))}
    assert table == descriptions()


def test_the_defaults_in_the_settings_table_are_those_of_the_code() -> None:
    for name, field in Settings.model_fields.items():
        if field.default is None or isinstance(field.default, str | int | float):
            shown = {cells[0].strip("`"): cells[1].strip("`") for cells in rows(section("Settings"))}
            expected = "" if field.default is None else str(field.default)
            assert shown[variable(name, field)] == (expected.lower() if isinstance(field.default, bool) else expected)


def test_the_example_has_every_setting_with_its_description() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    written = {name: text for text, name in re.findall(r"^# (.+)\n#([A-Z_]+)=", example, re.MULTILINE)}
    assert written == descriptions()


def test_the_command_table_is_that_of_the_command() -> None:
    table = {re.search(r"intersession ([a-z-]+)", cells[0])[1]: cells[1] for cells in rows(section("The command"))}
    assert set(table) == set(COMMANDS)


def test_the_options_in_the_command_table_exist() -> None:
    for name, text in rows(section("The command")):
        command = main.get_command(Context(main), name.strip("`").split()[1])
        options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert set(re.findall(r"`(--[a-z-]+)`", text)) <= options, name


def test_the_make_commands_in_the_documents_exist() -> None:
    asked = {name for code in CODE.findall(README) for name in re.findall(r"make ([a-z-]+)", code)}
    assert asked
    assert asked <= make_targets()


def test_help_lists_every_command_of_make() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE)) == make_targets()


def test_the_screens_are_those_of_the_dashboard() -> None:
    named = [cells[0].lower().replace(" ", "_") for cells in rows(section("The screens"))]
    assert named == [screen.slug for screen in SCREENS]


def test_the_roles_in_the_screens_table_are_those_of_the_dashboard() -> None:
    for cells, screen in zip(rows(section("The screens")), SCREENS, strict=True):
        everybody = "manager, therapist, front desk, auditor"
        roles = cells[2].replace("everybody", everybody).replace("front desk", "front_desk").split(", ")
        assert sorted(roles) == sorted(screen.roles), screen.slug


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    assert [target for target in links(text) if not (ROOT / target).exists()] == []


def test_a_dead_link_is_noticed() -> None:
    found = list(links("[a](dashboard/nowhere) [b](https://example.org) ![c](.github/images/today.png)"))
    assert found == ["dashboard/nowhere", ".github/images/today.png"]


def test_the_changelog_speaks_of_the_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## [Unreleased]" in changelog or f"## [{project['version']}]" in changelog
