"""Nothing written in a file leaves it: not into output, logs, temporary files or the tables of the checks."""

import json
import subprocess
import sys

from dashboard.config import ROOT

CANARY = "Zzcanary"
PERSONAL = (
    "given_name",
    "surname_1",
    "surname_2",
    "profession",
    "address_line",
    "postal_code",
    "city",
    "telephone",
    "email",
    "id_value",
    "emergency_name",
    "emergency_telephone",
    "referral_source",
)
CHECK_TABLES = ("check_rule", "check_run", "check_result", "finding", "refresh_run")


def spoiled(files):
    """Add files in which every personal column holds the canary, and none is as it should be."""
    for turn in range(25):
        values = dict.fromkeys(PERSONAL, f"{CANARY}{turn}") | {"postal_code": f"{CANARY}", "id_kind": "nif"}
        files.file(**values)


def run(environment, folder, *arguments):
    """Run a module with its temporary files in ``folder``."""
    temporary = folder / "tmp"
    temporary.mkdir()
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        env={**environment, "TMPDIR": str(temporary), "INTERSESSION_DATA_DIR": str(folder / "data")},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def written(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def test_the_checks_find_everything_and_tell_no_value(files, files_database, tmp_path):
    spoiled(files)
    done = run(files_database.environment, tmp_path, "expectations", "--json")
    counts = json.loads(done.stdout)
    assert (done.returncode, counts["files"]) == (0, 25)
    assert counts["opened"] == files.all("select count(*) from finding")[0][0] >= 25 * 4
    assert done.stderr == ""
    assert written(tmp_path) == []
    assert_tables_hold_no_canary(files)


def test_a_refresh_writes_no_value_anywhere(files, files_database, tmp_path):
    spoiled(files)
    done = run(files_database.environment, tmp_path, "dashboard.refresh", "--once")
    assert done.returncode == 0, done.stderr
    assert CANARY not in done.stdout + done.stderr
    assert [path for path in written(tmp_path) if CANARY.encode() in path.read_bytes()] == []
    assert_tables_hold_no_canary(files)


def assert_tables_hold_no_canary(files):
    for table in CHECK_TABLES:
        rows = files.all(f"select to_jsonb({table})::text from {table}")
        assert not [row for (row,) in rows if CANARY in row], table
