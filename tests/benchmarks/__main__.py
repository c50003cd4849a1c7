"""All measurements over one synthetic practice: `python -m tests.benchmarks [sessions]` (`make bench`).

The databases live in a PostgreSQL of their own in a temporary folder, which goes at the end. A process each keeps one
measurement from warming or bloating the next.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg

from dashboard import postgres
from dashboard.config import ROOT


def measure(environment: dict[str, str], title: str, *arguments: str) -> None:
    """Run one command, showing what it prints and how long it took."""
    print(f"\n{title}", flush=True)
    begun = time.perf_counter()
    subprocess.run([sys.executable, *arguments], env=environment, cwd=ROOT, check=True)
    print(f"({time.perf_counter() - begun:.1f} s in all)", flush=True)


def main() -> None:
    """Measure imports, loading, refreshing, screens and checks."""
    sessions = sys.argv[1] if len(sys.argv) > 1 else "1000000"
    folder = Path(tempfile.mkdtemp(prefix="intersession-bench-"))
    folder.chmod(0o755)
    try:
        with postgres.running(folder) as server:
            common = {**os.environ, "INTERSESSION_DATA_DIR": str(folder), "INTERSESSION_LOGIN_SECRET": server.secret}
            with psycopg.connect(server.url, autocommit=True) as connection:
                connection.execute("create database imported")
            imported = server.url.rsplit("/", 1)[0] + "/imported"
            practice = {**common, "DATABASE_URL": server.url}
            into = {**common, "DATABASE_URL": imported}
            print(f"{int(sessions):,} sessions", flush=True)
            measure(into, "A database from nothing", "-m", "dashboard", "migrate")
            measure(into, "Importing sessions, beside COPY", "-m", "tests.benchmarks.bench_import", imported, sessions)
            measure(practice, "Loading the synthetic practice", "-m", "dashboard", "demo", "--sessions", sessions)
            measure(practice, "Refreshing figures and checks, first time", "-m", "tests.benchmarks.bench_refresh")
            measure(practice, "Refreshing figures and checks again", "-m", "tests.benchmarks.bench_refresh")
            measure(practice, "The week of one therapist", "-m", "tests.benchmarks.bench_week")
            measure(practice, "Screens, beside their SQL", "-m", "tests.benchmarks.bench_pages")
    finally:
        postgres.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
