"""What stands where: at the top, directly in dashboard/, and not under dbt/."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import packages_distributions

import pytest

from tests.architecture.lints import ROOT

TOP = set(
    """
    .ci .env.example .github .gitignore .pre-commit-config.yaml .sqlfluff .streamlit CHANGELOG.md LICENSE Makefile
    README.md SECURITY.md compose.yaml dashboard dbt expectations pages pyproject.toml tests uv.lock
    """.split()
)
OURS = {"dashboard", "expectations", "intersession"}


def committed_files() -> list[str]:
    """Return the committed files, skipping the test where there is no repository (an unpacked archive)."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git repository")
    return listed.stdout.splitlines()


def names_taken(names: Iterable[str]) -> set[str]:
    """Return the names that a standard or installed module has already."""
    installed = {name for name, owners in packages_distributions().items() if set(owners) - OURS}
    return set(names) & (set(sys.stdlib_module_names) | installed)


def test_only_known_names_stand_at_the_top() -> None:
    assert {path.split("/")[0] for path in committed_files()} - TOP == set()


def test_there_is_no_python_under_dbt() -> None:
    """A Python file there would shadow the installed package dbt."""
    assert list((ROOT / "dbt").rglob("*.py")) == []


def test_pages_are_no_package() -> None:
    assert not (ROOT / "pages" / "__init__.py").exists()


def test_no_file_stands_beside_pages_that_streamlit_could_start() -> None:
    """With an entrypoint beside pages/ Streamlit routes deep links itself, past the sign-in."""
    assert list(ROOT.glob("*.py")) == []


def test_no_module_of_the_dashboard_takes_a_name_of_another() -> None:
    """Streamlit puts dashboard/ first on the path: dashboard/calendar.py would replace the standard calendar."""
    packages = {path.parent.name for path in (ROOT / "dashboard").glob("*/__init__.py")}
    modules = {path.stem for path in (ROOT / "dashboard").glob("*.py")}
    assert names_taken(packages | modules) == set()


def test_a_taken_name_is_noticed() -> None:
    assert names_taken(["calendar", "sqlalchemy", "agenda"]) == {"calendar", "sqlalchemy"}
