"""The embedded PostgreSQL, tried with real servers."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dashboard import postgres
from dashboard.postgres_programs import EmbeddedPostgresError, programs_found

ROOT = Path(__file__).resolve().parents[2]
DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
AS_ROOT = os.geteuid() == 0
NOBODY = pwd.getpwnam("nobody")
SETTINGS = """
listen_addresses=127.0.0.1 unix_socket_directories= data_checksums=on server_encoding=UTF8 fsync=on TimeZone=UTC
password_encryption=scram-sha-256 shared_buffers=256MB max_wal_size=2GB
log_error_verbosity=terse log_min_error_statement=panic log_parameter_max_length_on_error=0
"""
# A program that uses the server until its standard input ends. Ctrl-C counts even where the run itself ignores it.
APP = """
import signal, sys
from pathlib import Path
from dashboard import postgres
signal.signal(signal.SIGINT, signal.default_int_handler)
with postgres.running(Path(sys.argv[1])) as server:
    try:
        print(server.pid, server.started_here, flush=True)
        sys.stdin.read()
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Path]:
    """Yield an empty data folder; as root one that the server's account can reach, which pytest's is not."""
    folder = Path(tempfile.mkdtemp(prefix="intersession-")) if AS_ROOT else tmp_path / "home"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o711)
    yield folder
    postgres.stop(folder)
    wait_until(lambda: not watchers(folder))
    if AS_ROOT:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield a data folder in which a server once ran, to be copied: initdb is what costs the time."""
    folder = Path(tempfile.mkdtemp(prefix="intersession-")) if AS_ROOT else tmp_path_factory.mktemp("used")
    folder.chmod(0o711)
    with postgres.running(folder):
        pass
    (folder / "intersession.conf").unlink()  # or all copies would want the same port
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def home(fresh: Path, used: Path) -> Path:
    subprocess.run(["cp", "-a", f"{used}/.", fresh], check=True)
    return fresh


def wait_until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    answer = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(answer.strip()) and not answer.startswith("Z")


def watchers(folder: Path) -> list[int]:
    answer = subprocess.run(["ps", "-ww", "-eo", "pid=,args="], capture_output=True, text=True, check=True).stdout
    return [int(line.split()[0]) for line in answer.splitlines() if f"postgres.py watch {folder} " in line]


def app(folder: Path) -> tuple[subprocess.Popen[str], int, bool]:
    """Start another process that uses the server; return it, the server's pid and whether it started it."""
    options: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "start_new_session": True}
    process = subprocess.Popen([sys.executable, "-c", APP, folder], cwd=ROOT, text=True, **options)
    assert process.stdout is not None
    pid, started = process.stdout.readline().split()
    return process, int(pid), started == "True"


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def ask(server: postgres.Server, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(server.url, autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        return cursor.fetchall() if cursor.description else []


def test_a_fresh_start_creates_a_safe_server(fresh: Path) -> None:
    with postgres.running(fresh) as server:
        assert server.started_here
        assert postgres.status(fresh) == server
        wanted = dict(setting.split("=") for setting in SETTINGS.split())
        assert {name: ask(server, f"show {name}")[0][0] for name in wanted} == wanted
        assert ask(server, "select distinct auth_method from pg_hba_file_rules") == [("scram-sha-256",)]
        assert ask(server, "select datcollate from pg_database where datname = current_database()") == [("C",)]
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(server.url.replace("postgres:", "postgres:x", 1))
    assert postgres.status(fresh) is None
    assert not alive(server.pid)


def test_secrets_are_for_our_eyes_only_and_appear_nowhere_else(fresh: Path) -> None:
    with postgres.running(fresh) as server:
        with pytest.raises(psycopg.Error), psycopg.connect(server.url) as connection:
            connection.execute("alter role nobody_at_all password 'open sesame'")
        words = [(fresh / name).read_text() for name in ("password", "login-secret")]
    assert words[0] in server.url
    assert words[1] == server.secret
    for name in ("password", "login-secret"):
        assert stat.S_IMODE((fresh / name).stat().st_mode) == 0o600
        assert (fresh / name).stat().st_uid == os.geteuid()
    assert all(word not in repr(server) for word in words)
    for file in (path for path in fresh.rglob("*") if path.is_file() and path.name not in {"password", "login-secret"}):
        assert all(word.encode() not in file.read_bytes() for word in words), file
    logs = [*fresh.glob("data/log/*"), fresh / "data" / "start.log", fresh / "watcher.log"]
    assert len(logs) > 2
    assert all("sesame" not in log.read_text() for log in logs)


def test_the_data_outlives_the_server_and_the_port_stays(home: Path) -> None:
    with postgres.running(home) as first:
        ask(first, "create table memory as select 42 as answer")
    with postgres.running(home) as second:
        assert second.pid != first.pid
        assert second.url == first.url
        assert second.secret == first.secret
        assert ask(second, "table memory") == [(42,)]


def test_a_second_process_shares_the_server_which_stops_with_the_last(home: Path) -> None:
    with postgres.running(home) as server:
        other, pid, started = app(home)
        assert (pid, started) == (server.pid, False)
        with postgres.running(home) as again:
            assert again.pid == server.pid
        assert ask(server, "select 1") == [(1,)]
    assert alive(pid)
    other.communicate()
    wait_until(lambda: not alive(pid))


def test_two_processes_that_start_at_once_get_one_server(fresh: Path) -> None:
    found: list[tuple[subprocess.Popen[str], int, bool]] = []
    threads = [threading.Thread(target=lambda: found.append(app(fresh))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({pid for _, pid, _ in found}) == 1
    assert sorted(started for _, _, started in found) == [False, False, True]
    assert len(watchers(fresh)) == 1
    for process, _, _ in found:
        process.communicate()
    wait_until(lambda: not alive(found[0][1]))


def test_a_killed_app_leaves_no_server_and_the_next_start_has_the_data(home: Path) -> None:
    process, pid, _ = app(home)
    server = postgres.status(home)
    assert server is not None
    ask(server, "create table memory as select 42 as answer")
    kill(process)
    wait_until(lambda: not alive(pid), 10)
    wait_until(lambda: not watchers(home))
    with postgres.running(home) as again:
        assert ask(again, "table memory") == [(42,)]


def test_a_start_right_after_a_killed_app_succeeds(home: Path) -> None:
    for _ in range(3):
        process, _, _ = app(home)
        kill(process)
    with postgres.running(home) as server:
        time.sleep(0.5)  # a watcher that mistook us would have stopped it by now
        assert ask(server, "select 1") == [(1,)]


@pytest.mark.parametrize("delay", [0.5, 0.8, 1.1])
def test_an_app_killed_while_it_starts_leaves_nothing_running(fresh: Path, delay: float) -> None:
    process = subprocess.Popen([sys.executable, "-c", APP, fresh], cwd=ROOT, stdin=subprocess.PIPE, text=True)
    time.sleep(delay)
    kill(process)
    wait_until(lambda: not watchers(fresh))
    assert postgres.status(fresh) is None
    with postgres.running(fresh) as server:
        assert ask(server, "select 1") == [(1,)]


def test_a_killed_server_is_recovered_at_the_next_start(home: Path) -> None:
    with postgres.running(home) as server, psycopg.connect(server.url) as connection:
        ask(server, "create table memory as select 42 as answer")
        connection.execute("insert into memory values (43)")  # never committed
        os.kill(server.pid, signal.SIGKILL)
        again = postgres.start(home)
        assert again.pid != server.pid
        assert again.started_here
        assert ask(again, "table memory") == [(42,)]
        connection.close()


def test_a_server_that_dies_while_it_is_looked_at_is_started_anew(home: Path) -> None:
    data = home / "data"
    with postgres.running(home) as server:
        former = (data / "postmaster.pid").read_text()
    owner = data.stat()
    with subprocess.Popen(["sh", "-c", "sleep 1; :", "-D", data]) as dying:
        (data / "postmaster.pid").write_text(former.replace(str(server.pid), str(dying.pid), 1))
        os.chown(data / "postmaster.pid", owner.st_uid, owner.st_gid)
        assert postgres.status(home) is not None
        with postgres.running(home) as again:
            assert again.pid != dying.pid
            assert ask(again, "select 1") == [(1,)]


def test_a_left_over_pid_of_a_stranger_does_not_hinder_the_start(home: Path) -> None:
    with postgres.running(home) as server:
        former = (home / "data" / "postmaster.pid").read_text()
    owner = (home / "data").stat()
    who: dict[str, Any] = {"user": owner.st_uid, "group": owner.st_gid} if AS_ROOT else {}
    with subprocess.Popen(["sleep", "60"], **who) as stranger:
        pid_file = home / "data" / "postmaster.pid"
        pid_file.write_text(former.replace(str(server.pid), str(stranger.pid), 1))
        os.chown(pid_file, owner.st_uid, owner.st_gid)
        assert postgres.status(home) is None
        with postgres.running(home) as again:
            assert again.pid != stranger.pid
        assert stranger.poll() is None
        stranger.kill()


def test_a_taken_port_is_replaced(home: Path) -> None:
    with postgres.running(home) as server:
        port = int(server.url.rpartition(":")[2].partition("/")[0])
    with socket.create_server(("127.0.0.1", port)), postgres.running(home) as again:
        assert ask(again, f"select 1 where current_setting('port') <> '{port}'") == [(1,)]


def test_a_killed_watcher_is_replaced_at_the_next_start(home: Path) -> None:
    postgres.start(home)
    (pid,) = watchers(home)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not watchers(home))
    postgres.start(home)
    assert len(watchers(home)) == 1


def test_a_data_folder_of_another_version_is_refused_with_advice(fresh: Path) -> None:
    (fresh / "data").mkdir()
    (fresh / "data" / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedPostgresError, match=r"Install PostgreSQL 9, which made .*Found: 18"):
        postgres.start(fresh)
    assert [path.name for path in (fresh / "data").iterdir()] == ["PG_VERSION"]


def test_a_wrong_pg_bin_is_named(fresh: Path) -> None:
    with pytest.raises(EmbeddedPostgresError, match="INTERSESSION_PG_BIN=/nowhere"):
        postgres.start(fresh, Path("/nowhere"))


def test_a_configuration_that_cannot_work_is_reported_with_the_servers_words(home: Path) -> None:
    with (home / "data" / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    with pytest.raises(EmbeddedPostgresError, match=r"did not start.*FATAL"):
        postgres.start(home)


@pytest.mark.skipif(not DEBIAN_15.exists(), reason="no PostgreSQL 15 on this machine")
def test_programs_of_version_15_serve_and_are_found_again_for_their_folder(fresh: Path) -> None:
    with postgres.running(fresh, DEBIAN_15) as server:
        assert str(ask(server, "show server_version")[0][0]).startswith("15.")
    with postgres.running(fresh) as again:
        assert str(ask(again, "show server_version")[0][0]).startswith("15.")


def test_ctrl_c_in_the_terminal_reaches_the_app_but_not_the_server(home: Path) -> None:
    process, pid, _ = app(home)
    os.killpg(process.pid, signal.SIGINT)
    assert (process.stdout or sys.stdin).readline() == "interrupted\n"
    time.sleep(0.3)
    assert alive(pid)
    assert len(watchers(home)) == 1
    process.communicate()
    wait_until(lambda: not alive(pid))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_is_no_user(home: Path) -> None:
    with postgres.running(home) as server:
        child = os.fork()
        if child == 0:
            time.sleep(30)
            os._exit(0)
    assert not alive(server.pid)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


@pytest.mark.skipif(not AS_ROOT, reason="root only")
def test_root_uses_a_folder_of_its_own_where_the_servers_account_cannot_enter(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    elsewhere = postgres.ROOT_HOME / str(private).strip("/").replace("/", "~")
    try:
        with postgres.running(private) as server:
            assert ask(server, "select 1") == [(1,)]
            assert (elsewhere / "data").stat().st_uid != 0
            assert (elsewhere / "password").stat().st_uid == 0
        assert not any(private.iterdir())
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
    finally:
        wait_until(lambda: not watchers(elsewhere))
        shutil.rmtree(elsewhere)


@pytest.mark.skipif(not AS_ROOT, reason="root only")
def test_root_runs_a_copy_of_programs_that_the_servers_account_cannot_read(home: Path) -> None:
    with tempfile.TemporaryDirectory() as hidden:
        (wheel,) = [folder for folder, version in programs_found(None) if "pginstall18" in str(folder)]
        site, package = wheel.parents[2], wheel.parents[1].name
        shutil.copytree(wheel.parent, Path(hidden, package, "pginstall18"))
        for libraries in site.glob(f"{package}.libs"):
            shutil.copytree(libraries, Path(hidden, libraries.name))
        Path(hidden, package).chmod(0o700)
        with postgres.running(home, Path(hidden, package, "pginstall18", "bin")) as server:
            assert ask(server, "select 1") == [(1,)]
            assert f"{home}/programs-18" in Path(f"/proc/{server.pid}/cmdline").read_text()
