"""Where the files of other programs are: beside the repository, or where INTERSESSION_SHARED points."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dashboard.config import ROOT

SHARED = Path(os.environ.get("INTERSESSION_SHARED", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of other programs' files; without it these tests fail, they do not pass unseen."""
    if not SHARED.is_dir():
        pytest.fail(
            f"There is no folder {SHARED}: set INTERSESSION_SHARED to the folder of foreign files.", pytrace=False
        )
    return SHARED
