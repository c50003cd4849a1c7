"""One real Postgres for the whole run, template databases, and a clone of one for each test that asks.

Folders of tests are no packages (no ``__init__.py``), so test files of different folders may share a name. The
repository is on the path: ``from tests.conftest import Database`` gives the same classes that the fixtures use.
"""

from __future__ import annotations

import functools
import json
import logging
import os
import runpy
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from filelock import FileLock

from dashboard import db, postgres
from dashboard.config import ROOT

SMALL_DEMO_SESSIONS = "4000"
BLANK = "template1"
POINTER = "cluster.json"
ROOM = 3 * 1024**3  # bytes, of which a run holds less than half
GUARD = Path(__file__).parent / "egress" / "sitecustomize.py"
EGRESS_LOG = "INTERSESSION_EGRESS_LOG"
NOBODYS = "example.invalid"
BUILD = "import sys; from dashboard.refresh import build_figures; sys.exit(not build_figures(*sys.argv[1:]))"
FASTER = ("fsync = off", "synchronous_commit = off", "full_page_writes = off", "max_wal_size = '256MB'")


def pytest_configure() -> None:
    """Watch this process and every Python process that it starts for connections to other machines."""
    if EGRESS_LOG not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="intersession-egress-"))
        folder.chmod(0o777)  # a server that runs as somebody else notes too
        os.environ[EGRESS_LOG] = str(folder / "log")
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(GUARD.parent), os.environ.get("PYTHONPATH")]))
    if "sitecustomize" not in sys.modules or not hasattr(sys.modules["sitecustomize"], "watch"):
        runpy.run_path(str(GUARD))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Remove the run's server; fail the run when anything tried to leave the machine."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    _remove_server(session.config)
    log = Path(os.environ[EGRESS_LOG])
    if not log.exists():
        return
    tried = [line for line in log.read_text(encoding="utf-8").splitlines() if NOBODYS not in line]
    if tried:
        print("\nConnections to other machines were tried:", *tried, sep="\n  ")
        session.exitstatus = 1


def _remove_server(config: pytest.Config) -> None:
    """Remove what the server of the run has left, which may be in memory; a worker cannot know that it is the last."""
    pointer = config._tmp_path_factory.getbasetemp() / POINTER  # type: ignore[attr-defined]
    if pointer.exists():
        folder = Path(json.loads(pointer.read_text()))
        postgres.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Cluster:
    """The run's Postgres server: its administrative address and the secret of the logins' passwords."""

    url: str
    secret: str
    folder: Path

    def address(self, database: str) -> str:
        """Return the administrative address of ``database``."""
        return self.url.rsplit("/", 1)[0] + f"/{database}"

    def run(self, *statements: str) -> None:
        """Run administrative statements, each outside a transaction."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def environment(self, database: str) -> dict[str, str]:
        """Return an environment in which every process works on ``database``."""
        return {
            **os.environ,
            "DATABASE_URL": self.address(database),
            "INTERSESSION_LOGIN_SECRET": self.secret,
            "INTERSESSION_DATA_DIR": str(self.folder),
            "DO_NOT_TRACK": "1",
        }


def free_port(wanted: int = 0) -> int:
    """Return ``wanted`` when it is free, or any free port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind(("127.0.0.1", wanted))
            return int(probe.getsockname()[1])
    return free_port()


def run_command(environment: dict[str, str], *arguments: str) -> None:
    """Run ``intersession`` with ``arguments`` in a process of its own; fail with its output."""
    done = subprocess.run(
        [sys.executable, "-m", "dashboard", *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{arguments} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that all workers of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def _roomy_memory() -> Path | None:
    """Return the file system in memory when the run's databases fit: copying one takes a quarter there.

    Who names a folder for temporary files has that, as measurements over millions of rows do.
    """
    memory = Path("/dev/shm")
    is_roomy = memory.is_dir() and shutil.disk_usage(memory).free >= ROOM
    return memory if is_roomy and "TMPDIR" not in os.environ else None


@pytest.fixture(scope="session")
def cluster(shared_folder: Path) -> Iterator[Cluster]:
    """Return the run's server: the first worker that asks starts it; it stops when the last worker leaves."""
    pointer = shared_folder / POINTER
    with FileLock(str(pointer) + ".lock"):
        if not pointer.exists():
            # Not below the run's own folder: as root the server runs as somebody who may not enter that.
            folder = Path(tempfile.mkdtemp(prefix="intersession-test-", dir=_roomy_memory()))
            folder.chmod(0o755)
            pointer.write_text(json.dumps(str(folder)))
        folder = Path(json.loads(pointer.read_text()))
        running = postgres.running(data_dir=folder)
        server = running.__enter__()
        started = Cluster(server.url, server.secret, folder)
        if server.started_here:
            started.run(*(f"alter system set {setting}" for setting in FASTER), "select pg_reload_conf()")
    yield started
    db.forget_engines()
    running.__exit__(None, None, None)


def _template(cluster: Cluster, shared_folder: Path, name: str, parent: str | None, build: Callable[[], None]) -> str:
    """Build the template database ``name`` once a run, from ``parent`` when it has one."""
    with FileLock(str(shared_folder / f"{name}.lock")):
        done = shared_folder / f"{name}.done"
        if not done.exists():
            cluster.run(f"drop database if exists {name}")
            cluster.run(f"create database {name}" + (f" template {parent}" if parent else ""))
            build()
            done.touch()
    return name


@pytest.fixture(scope="session")
def migrated_template(cluster: Cluster, shared_folder: Path) -> str:
    """Return a database with the schema and no rows."""

    def build() -> None:
        run_command(cluster.environment("t_migrated"), "migrate")

    return _template(cluster, shared_folder, "t_migrated", None, build)


@pytest.fixture(scope="session")
def built_template(cluster: Cluster, shared_folder: Path, migrated_template: str) -> str:
    """Return a database without rows whose figures are built."""

    def build() -> None:
        run_command(cluster.environment("t_built"), "refresh")

    return _template(cluster, shared_folder, "t_built", migrated_template, build)


@pytest.fixture(scope="session")
def demo_template(cluster: Cluster, shared_folder: Path, migrated_template: str) -> str:
    """Return a database with a small synthetic practice."""

    def build() -> None:
        run_command(cluster.environment("t_demo"), "demo", "--sessions", SMALL_DEMO_SESSIONS, "--seed", "7")

    return _template(cluster, shared_folder, "t_demo", migrated_template, build)


@pytest.fixture(scope="session")
def figures_template(cluster: Cluster, shared_folder: Path, demo_template: str) -> str:
    """Return a database with a small synthetic practice, its figures and its findings."""

    def build() -> None:
        run_command(cluster.environment("t_figures"), "refresh")

    return _template(cluster, shared_folder, "t_figures", demo_template, build)


@dataclass(frozen=True)
class Database:
    """A database of one test."""

    name: str
    cluster: Cluster

    @property
    def url(self) -> str:
        """Return the administrative address."""
        return self.cluster.address(self.name)

    @property
    def environment(self) -> dict[str, str]:
        """Return an environment in which every process works on this database."""
        return self.cluster.environment(self.name)


@contextmanager
def cloned(cluster: Cluster, template: str) -> Iterator[Database]:
    """Give a copy of ``template`` while the block runs."""
    name = f"x_{uuid4().hex[:12]}"
    # Copying a template fails while anybody is connected to it, and two copies may not run at once.
    with FileLock(str(cluster.folder / f"{template}.clone.lock")):
        cluster.run(f"create database {name} template {template}")
    if template != BLANK:  # a copy has none of the rights on the database itself
        cluster.run(
            f"revoke all on database {name} from public",
            f"grant connect on database {name} to {', '.join(db.LOGINS)}",
            f"grant temporary on database {name} to checker",
        )
    try:
        yield Database(name, cluster)
    finally:
        cluster.run(f"drop database if exists {name} with (force)")


def _clone(cluster: Cluster, template: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    with cloned(cluster, template) as database:
        for key in ("DATABASE_URL", "INTERSESSION_LOGIN_SECRET", "INTERSESSION_DATA_DIR", "DO_NOT_TRACK"):
            monkeypatch.setenv(key, database.environment[key])
        db.forget_engines()
        yield database
        db.forget_engines()


@pytest.fixture
def database(cluster: Cluster, migrated_template: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Return a migrated database without rows, for this test alone."""
    yield from _clone(cluster, migrated_template, monkeypatch)


@pytest.fixture
def demo_database(cluster: Cluster, demo_template: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Return a database with a small synthetic practice, for this test alone."""
    yield from _clone(cluster, demo_template, monkeypatch)


@pytest.fixture
def figures_database(cluster: Cluster, figures_template: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Return a database with a small synthetic practice, figures and findings, for this test alone."""
    yield from _clone(cluster, figures_template, monkeypatch)


@pytest.fixture
def blank_database(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Return a database without even a schema, for this test alone."""
    yield from _clone(cluster, BLANK, monkeypatch)


@pytest.fixture(scope="session")
def _one_scan() -> None:
    """Let Streamlit look once through all installed packages for components, and not for every screen under test."""
    from streamlit.components.v2 import manifest_scanner

    manifest_scanner.scan_component_manifests = functools.cache(manifest_scanner.scan_component_manifests)


@pytest.fixture
def quiet_streamlit(_one_scan: None) -> Iterator[None]:
    """Keep Streamlit from warning that it runs outside its server."""
    kept = logging.getLogger("streamlit").level
    logging.getLogger("streamlit").setLevel(logging.ERROR)
    yield
    logging.getLogger("streamlit").setLevel(kept)
