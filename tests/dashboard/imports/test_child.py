"""The parsing process: confined, without secrets, and telling nothing of what it read but drafts and codes."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard.config import ROOT
from dashboard.imports.child import parse
from dashboard.imports.parsing import Parsing


@pytest.mark.parametrize(
    ("attempt", "error"),
    [
        ("bytearray(2 << 30)", "MemoryError"),
        ("import socket; socket.create_connection(('127.0.0.1', 9))", "PermissionError"),
        ("import subprocess; subprocess.run(['true'])", "PermissionError"),
    ],
)
def test_a_confined_process_gets_neither_memory_nor_network_nor_programs(attempt, error):
    done = subprocess.run(
        [sys.executable, "-c", f"from dashboard.confinement import confine; confine(10); {attempt}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert error in done.stderr.splitlines()[-1]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows the environment of a process")
def test_the_parser_knows_no_secret_of_the_environment(practice, monkeypatch):
    monkeypatch.setenv("INTERSESSION_LOGIN_SECRET", "a-secret-of-the-test")
    with Parsing(practice) as parsing:
        assert b"a-secret-of-the-test" not in Path(f"/proc/{parsing.process.pid}/environ").read_bytes()
        assert b"".join(block for block, _ in parsing.blocks())
        assert parsing.end().source == "synthea"


def test_each_draft_leaves_as_one_line_that_copy_can_read(practice):
    people = practice / "patients.csv"
    people.write_text(
        'Id,BIRTHDATE,FIRST,LAST\n"t\tab\\n",1980-01-01,"two\nlines",back\\slash\nx,1980-13-01,Secret,Name\n',
        encoding="utf-8",
    )
    out = io.BytesIO()
    summary = parse(people, None, out)
    good, bad = out.getvalue().decode().splitlines()
    entity, file, line, key, digest, draft = good.split("\t")
    assert (entity, file, line, key) == ("patient", "patients.csv", "2", "t\\tab\\\\n")
    assert len(digest) == len("\\\\x") + 64
    assert json.loads(draft.replace("\\\\", "\\"))["given_name"] == "two\nlines"
    assert summary.read == {"patient": 2}
    assert "Secret" not in bad
    assert '"code":"DATE"' in bad


def test_the_content_hash_is_of_the_rows_and_not_of_their_order(practice):
    file = practice / "patients.csv"
    before = parse(file, None, io.BytesIO()).sha256
    header, *lines = file.read_text(encoding="utf-8").splitlines()
    file.write_text("\n".join([header, *reversed(lines)]), encoding="utf-8")
    assert parse(file, None, io.BytesIO()).sha256 == before
    file.write_text("\n".join([header, *lines, lines[0]]), encoding="utf-8")
    assert parse(file, None, io.BytesIO()).sha256 != before
