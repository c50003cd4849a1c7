"""The embedded PostgreSQL of people who are not root, and root's with their folders."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dashboard import postgres
from tests.dashboard.test_postgres import AS_ROOT, NOBODY, ROOT, wait_until, watchers


def as_ordinary_user(python: str, code: str, *arguments: Path) -> subprocess.CompletedProcess[str]:
    places = f"{ROOT}{os.pathsep}{Path(psycopg.__file__).parents[1]}"  # coverage would write beside our code
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    environment |= {"PYTHONPATH": places, "PYTHONDONTWRITEBYTECODE": "1"}
    who: dict[str, Any] = {"user": NOBODY.pw_uid, "group": NOBODY.pw_gid, "extra_groups": []} if AS_ROOT else {}
    return subprocess.run(
        [python, "-c", code, *map(str, arguments)],
        cwd="/",
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        **who,
    )


def ordinary_python() -> str:
    """Return an interpreter that somebody who is not root can run with our packages."""
    for python in (sys.executable, "/usr/bin/python3"):
        with suppress(PermissionError):
            if as_ordinary_user(python, "import psycopg, dashboard.config").returncode == 0:
                return python
    pytest.skip("the account nobody can run no Python with our packages here")


def test_an_ordinary_user_runs_it_in_a_folder_of_theirs() -> None:
    code = """
import os, sys
from pathlib import Path
from dashboard import postgres
folder = Path(sys.argv[1])
with postgres.running(folder) as server:
    owners = {path.stat().st_uid for path in folder.rglob("*")}
    assert owners == {os.geteuid()} != {0}, owners
    assert Path(f"/proc/{server.pid}").stat().st_uid == os.geteuid()
with postgres.running(folder):
    print("twice")
"""
    with tempfile.TemporaryDirectory() as folder:
        if AS_ROOT:
            os.chown(folder, NOBODY.pw_uid, NOBODY.pw_gid)
        done = as_ordinary_user(ordinary_python(), code, Path(folder, "home"))
        assert (done.stdout, done.stderr) == ("twice\n", "")
        wait_until(lambda: not watchers(Path(folder, "home")))


def test_an_ordinary_user_is_told_of_a_folder_that_is_not_theirs() -> None:
    code = "import sys, pathlib; from dashboard import postgres; postgres.start(pathlib.Path(sys.argv[1]))"
    done = as_ordinary_user(ordinary_python(), code, Path("/usr/intersession-of-somebody-else"))
    assert "Set INTERSESSION_DATA_DIR to a folder of your own" in done.stderr.splitlines()[-1]


@pytest.mark.skipif(not AS_ROOT, reason="root only")
def test_root_runs_an_ordinary_users_server_as_that_user() -> None:
    code = "import sys, pathlib; from dashboard import postgres\nwith postgres.running(pathlib.Path(sys.argv[1])): pass"
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, NOBODY.pw_uid, NOBODY.pw_gid)
        assert as_ordinary_user(ordinary_python(), code, Path(folder, "home")).stderr == ""
        with postgres.running(Path(folder, "home")) as server:
            assert Path(f"/proc/{server.pid}").stat().st_uid == NOBODY.pw_uid
        wait_until(lambda: not watchers(Path(folder, "home")))
        assert as_ordinary_user(ordinary_python(), code, Path(folder, "home")).stderr == ""
