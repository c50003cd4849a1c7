"""Finds, starts, shares and stops the embedded PostgreSQL.

One folder, here called home, holds one server: ``data`` (PostgreSQL's own), ``intersession.conf`` (rewritten at each
start), ``password`` and ``login-secret`` (mode 0600), and three locks. Every process using the server shares
``users.lock``, which the kernel releases even on ``kill -9``. Whoever starts or stops it holds ``start.lock``. The
watcher, a small detached process, holds ``watch.lock``, waits until ``users.lock`` is free, stops the server and ends.

Home is ``settings().data_dir``. PostgreSQL refuses to run as root, so root runs it as the owner of an existing data
folder, else as ``postgres`` or ``nobody``. If that account cannot enter ``data_dir`` (``/root`` is closed to it), home
is below ``/var/lib/intersession``. The mode of an existing folder is never changed.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

if __name__ != "__main__":  # the watcher waits for days, and needs 11 MB instead of 50 without these
    import psycopg

    from dashboard.config import settings
    from dashboard.postgres_programs import EmbeddedPostgresError, programs_found

ROOT_HOME = Path("/var/lib/intersession")
# Statements, parameters and details stay out of the log: they hold patients' data, passwords. Nothing feeds a replica.
CONFIGURATION = """\
# Written by Intersession at each start. Put settings of your own into data/postgresql.conf, below its last line.
listen_addresses = '127.0.0.1'; port = {port}; unix_socket_directories = ''; max_connections = 100; timezone = 'UTC'
shared_buffers = '256MB'; max_wal_size = '2GB'; max_wal_senders = 0; wal_level = minimal; log_timezone = 'UTC'
logging_collector = on; log_filename = 'postgresql-%Y%m%d-%H%M%S.log'; log_rotation_size = '10MB'; log_checkpoints = off
log_error_verbosity = terse; log_min_error_statement = panic; log_parameter_max_length_on_error = 0
""".replace("; ", "\n")


@dataclass(frozen=True)
class Server:
    """A running server; what its fields hold is said beside them."""

    url: str = field(repr=False)  # the superuser's address, with its password, which no repr may carry into a log
    secret: str = field(repr=False)  # what the passwords of the logins are derived from
    pid: int  # the postmaster's
    started_here: bool  # by this process


def _await(condition: Callable[..., bool], seconds: float, *arguments: int) -> None:
    deadline = time.monotonic() + seconds
    while not condition(*arguments) and time.monotonic() < deadline:
        time.sleep(0.02)


def _lock(path: Path, how: int = fcntl.LOCK_EX) -> IO[str]:
    """Wait for a lock; closing the file releases it, as does the end of the process."""
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8")
    fcntl.flock(file, how)
    return file


def _write(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a whole file or none, never readable by more than its mode says, and safely on the disk."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix="new-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        os.fchmod(descriptor, mode)
        file.flush()
        os.fsync(descriptor)
    Path(name).replace(path)


def _secret(path: Path) -> str:
    if not path.exists():
        _write(path, secrets.token_urlsafe(32))
    return path.read_text(encoding="utf-8").strip()


@dataclass(frozen=True)
class _Place:
    """Where one server lives, and the account that runs it if that is another than ours."""

    home: Path
    account: pwd.struct_passwd | None = None

    @property
    def data(self) -> Path:
        return self.home / "data"

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a command as the server's account, out of reach of the terminal's Ctrl-C; its output is merged."""
        options: dict[str, Any] = {"cwd": "/", "start_new_session": True, "umask": 0o077, "timeout": 300}
        if self.account:
            options |= {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}
        options |= {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        return subprocess.run(command, env=environment | {"LC_ALL": "C"}, check=False, **options)

    def choose_programs(self, preferred: Path | None) -> Path:
        """Return the first bin folder that fits the data folder, where the server's account can run it."""
        stamp, seen = self.data / "PG_VERSION", []
        needed = stamp.read_text().strip() if stamp.exists() else ""
        for folder, version in programs_found(preferred):
            if not needed or version.startswith(f"{needed}.") or version == needed:
                with suppress(PermissionError):
                    if self.run(folder / "initdb", "--version").returncode == 0:
                        return folder
                return self.copy_programs(folder, version)
            seen.append(version)
        wanted = f"PostgreSQL {needed}, which made {self.data} (or move that away)" if needed else "PostgreSQL 15 to 18"
        raise EmbeddedPostgresError(f"Install {wanted}, or set INTERSESSION_PG_BIN. Found: {', '.join(seen) or '-'}.")

    def copy_programs(self, folder: Path, version: str) -> Path:
        copy, unfinished = self.home / f"programs-{version}", self.home / "programs-unfinished"
        base = folder.parent.parent.parent
        package = folder.parent.relative_to(base)
        if not copy.exists():
            # The wheel's programs look for libpq in a folder beside their package.
            for part in (folder.parent, *base.glob(f"{package.parts[0]}.libs")):
                shutil.copytree(part, unfinished / part.relative_to(base), dirs_exist_ok=True)
            for path in (unfinished, *unfinished.rglob("*")):
                path.chmod(0o755)
            unfinished.rename(copy)
        return copy / package / "bin"

    def serves(self, pid: int) -> bool:
        """Whether a process is the live postmaster of this data folder; a zombie has no arguments any more."""
        if not Path("/proc/self/cmdline").exists():
            return f"-D {self.data}\n" in self.run("ps", "-ww", "-p", str(pid), "-o", "command=").stdout
        with suppress(OSError):
            return b"\0-D\0%b\0" % os.fsencode(self.data) in Path(f"/proc/{pid}/cmdline").read_bytes()
        return False

    def postmaster(self) -> tuple[int, int, str] | None:
        """Return pid, port and state (starting, ready, stopping) of the server: of a process, not just of a file."""
        with suppress(OSError, ValueError, IndexError):
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            if self.serves(int(lines[0])):
                return int(lines[0]), int(lines[3]), "".join(lines[7:8]).strip() or "starting"
        return None

    def ready(self) -> tuple[int, int] | None:
        """Return pid and port of the server, None if there is none; wait for one that is starting or stopping."""
        _await(lambda: (self.postmaster() or (0, 0, "ready"))[2] == "ready", 120)
        found = self.postmaster()
        return found and found[:2]

    def stop(self) -> None:
        """Stop the server fast (transactions are rolled back), or at once when that takes over a minute."""
        with _lock(self.home / "start.lock"), suppress(ProcessLookupError):
            for how in (signal.SIGINT, signal.SIGQUIT):
                if found := self.postmaster():
                    os.kill(found[0], how)
                    _await(lambda pid: not self.serves(pid), 60, found[0])  # postmaster.pid goes before its process

    def initialise(self, programs: Path) -> None:
        """Create the data folder under another name and rename it when whole: a crash leaves no half of one."""
        for former in self.home.glob("init-*"):
            shutil.rmtree(former, ignore_errors=True)
        work = Path(tempfile.mkdtemp(dir=self.home, prefix="init-"))
        _write(work / "password", _secret(self.home / "password"))  # the server's account cannot read our own file
        if self.account:
            for path in (work / "password", work):
                os.chown(path, self.account.pw_uid, self.account.pw_gid)
        options = ["--username=postgres", f"--pwfile={work / 'password'}", "--auth=scram-sha-256", "--data-checksums"]
        done = self.run(programs / "initdb", *options, "--encoding=UTF8", "--locale=C", f"--pgdata={work / 'data'}")
        if done.returncode != 0:
            raise EmbeddedPostgresError(f"initdb of {programs} did not create {self.data}: {done.stdout[-500:]}")
        with (work / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("\ninclude '../intersession.conf'\n")
        (work / "data").rename(self.data)
        shutil.rmtree(work)

    def configure(self) -> None:
        """Write the settings, with the former port if nobody listens on it, else any free one."""
        file = self.home / "intersession.conf"
        former = re.search(r"(?m)^port = (\d+)$", file.read_text()) if file.exists() else None
        for port in (int(former[1]), 0) if former else (0,):
            with suppress(OSError), socket.create_server(("127.0.0.1", port)) as probe:
                return _write(file, CONFIGURATION.format(port=probe.getsockname()[1]), 0o644)
        raise EmbeddedPostgresError(f"No port is free on 127.0.0.1, or {file} cannot be written.")

    def try_launch(self, programs: Path) -> str:
        """Start the server, recovery from a crash included (at most four minutes); return why it failed, if it did."""
        with suppress(OSError, ValueError, IndexError):
            # A number that now is another process's, or a zombie's, would keep PostgreSQL from starting. A number
            # nobody has stays: PostgreSQL takes the hint and looks for the killed server's processes still at work.
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
            os.kill(pid, 0)
            if not self.serves(pid):
                (self.data / "postmaster.pid").unlink()
        log, begun = self.data / "start.log", time.time() - 1
        log.unlink(missing_ok=True)
        if self.run(programs / "pg_ctl", "start", "-w", "-t", "240", "-D", self.data, "-l", log).returncode == 0:
            return ""
        logs = [path for path in (log, *self.data.glob("log/*.log")) if path.exists() and path.stat().st_mtime > begun]
        lines = [line for path in logs for line in path.read_text(errors="replace")[-3000:].splitlines()]
        return " ".join([line for line in lines if "FATAL" in line][-3:] or lines[-3:]) or "no reason given"

    def launch(self, programs: Path) -> tuple[int, int]:
        """Return pid and port of the server once it is up, however many tries that takes within reason."""
        marker, why = self.home / "launching", ""
        marker.touch()  # should we be killed now, the watcher knows that a server may yet appear
        for _attempt in range(20):
            found = self.ready()  # perhaps another's: of a starter that was killed while it launched
            # Processes of a killed server take a moment to end; a port may be taken between the look and the start.
            if found or (why and not re.search(r"still in use|lock file|could not (bind|create any)", why)):
                break
            time.sleep(0.5 if why else 0)
            self.configure()
            why = self.try_launch(programs)
        marker.unlink(missing_ok=True)
        if found:
            return found
        raise EmbeddedPostgresError(f"PostgreSQL did not start on {self.data}. It says: {why or 'nothing'}")

    def ensure_database(self, port: int) -> None:
        file = self.home / "password"
        address = f"host=127.0.0.1 port={port} user=postgres dbname=postgres sslmode=disable gssencmode=disable"
        try:
            with psycopg.connect(address, password=_secret(file), autocommit=True, connect_timeout=30) as connection:
                if not connection.execute("select 1 from pg_database where datname = 'intersession'").fetchone():
                    connection.execute("create database intersession")
        except psycopg.Error as error:
            raise EmbeddedPostgresError(f"{self.data} refused the password in {file}, or failed: {error}") from error

    def is_dying(self, pid: int, port: int) -> bool:
        """Whether what looks like the server was killed a moment ago: it hangs up, and soon is no process any more."""
        try:
            self.ensure_database(port)
        except EmbeddedPostgresError:
            _await(lambda: not self.serves(pid), 2)
            if self.serves(pid):
                raise
            return True
        return False

    def ensure_watcher(self) -> None:
        """Start the watcher unless there is one. It inherits watch.lock already locked, so there are never two."""
        descriptor = os.open(self.home / "watch.lock", os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(descriptor) as lock, suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            watch = [sys.executable, "-I", __file__, "watch", str(self.home), str(lock.fileno())]
            # The shell ends at once, so that the watcher is never a zombie of ours.
            shell = ["/bin/sh", "-c", '"$0" "$@" >watcher.log 2>&1 &', *watch]
            subprocess.run(shell, cwd=self.home, pass_fds=[lock.fileno()], start_new_session=True, check=True)

    def prune_logs(self) -> None:
        while True:
            for old in sorted(self.data.glob("log/*.log"))[:-5]:
                old.unlink(missing_ok=True)
            time.sleep(600)

    def watch(self, watch_lock: int) -> None:
        """Wait until nobody uses the server, then stop it."""
        threading.Thread(target=self.prune_logs, daemon=True).start()
        path, marker = self.home / "users.lock", self.home / "launching"
        with _lock(path) as users:
            if not os.path.samestat(os.fstat(users.fileno()), path.stat()):
                return  # somebody has deleted home and begun anew: that server is another watcher's
            _await(lambda: not marker.exists() or self.postmaster() is not None, 10)  # a killed starter's pg_ctl lives
            self.stop()
            marker.unlink(missing_ok=True)
            os.close(watch_lock)  # before users.lock: who waits for that must not believe in a watcher that leaves

    def describe(self, pid: int, port: int) -> Server:
        url = f"postgresql://postgres:{_secret(self.home / 'password')}@127.0.0.1:{port}/intersession"
        secret = settings().login_secret or _secret(self.home / "login-secret")
        return Server(url, secret, pid, started_here=_launched.get(self.home) == pid)


_users: dict[Path, IO[str]] = {}  # by home: our hold on users.lock
_starts: Counter[Path] = Counter()  # starts of this process not yet left
_launched: dict[Path, int] = {}  # pid of the server that this process launched
_mutex = threading.RLock()
# A forked child is no user: with the inherited locks it would count as one, even after its parent's end.
os.register_at_fork(before=_mutex.acquire, after_in_parent=_mutex.release, after_in_child=_users.clear)
os.register_at_fork(after_in_child=_mutex.release)


def _account(data: Path) -> pwd.struct_passwd | None:
    """Return who runs the server of this data folder, None for ourselves."""
    if os.geteuid() != 0:
        return None
    owner = data.stat().st_uid if data.exists() else 0
    fit = [a for a in pwd.getpwall() if (a.pw_uid == owner if owner else a.pw_name in {"postgres", "nobody"})]
    if not fit:
        raise EmbeddedPostgresError("PostgreSQL does not run as root. Create its account: useradd --system postgres")
    return max(fit, key=lambda account: account.pw_name)  # postgres rather than nobody


def _place(data_dir: Path | None) -> _Place:
    wanted = (data_dir or settings().data_dir).expanduser().resolve()
    place = _Place(wanted, _account(wanted / "data"))
    folders = (folder for folder in (wanted, *wanted.parents) if folder.is_dir())
    if place.account is None or place.run("test", "-x", next(folders)).returncode == 0:
        return place
    home = ROOT_HOME / str(wanted).strip("/").replace("/", "~")
    return _Place(home, _account(home / "data"))


def _enter(place: _Place, pg_bin: Path | None) -> Server:
    """Take part in the server, bringing it up if need be; what fails is left as if it had not been tried."""
    for folder in reversed([folder for folder in (place.home, *place.home.parents) if not folder.exists()]):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o711 if place.account else 0o700)  # the account may pass through, not look around
    if place.home not in _users:
        # Waits while the watcher, or the last user leaving, has it exclusively: until that server has stopped.
        _users[place.home], _starts[place.home] = _lock(place.home / "users.lock", fcntl.LOCK_SH), 0
    _starts[place.home] += 1
    try:
        with _lock(place.home / "start.lock"):
            place.ensure_watcher()
            if (found := place.ready()) is None or place.is_dying(*found):
                programs = place.choose_programs(pg_bin or settings().pg_bin)
                if not place.data.exists():
                    place.initialise(programs)
                found = place.launch(programs)
                _launched[place.home] = found[0]
                place.ensure_database(found[1])
            return place.describe(*found)
    except BaseException:
        _leave(place)
        raise


def _leave(place: _Place) -> None:
    """Undo one start; the last one of this process gives up its share, and stops the server if nobody else has one."""
    with _mutex:
        _starts[place.home] -= 1
        if _starts[place.home] == 0 and place.home in _users:
            with _users.pop(place.home) as users, suppress(BlockingIOError):  # others use it, or the watcher was first
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                place.stop()


def start(data_dir: Path | None = None, pg_bin: Path | None = None) -> Server:
    """Return the running server of a data folder, started, and created at the very first time, if need be.

    It runs until the last process that called this has ended or has called ``stop``. ``data_dir`` and ``pg_bin``
    default to the settings. Waits for others who are starting or stopping it. Raises EmbeddedPostgresError.
    """
    try:
        with _mutex:
            return _enter(_place(data_dir), pg_bin)
    except OSError as error:
        text = f"The embedded PostgreSQL cannot start: {error}. Set INTERSESSION_DATA_DIR to a folder of your own."
        raise EmbeddedPostgresError(text) from error


def stop(data_dir: Path | None = None) -> None:
    """Stop the server fast, whoever else uses it; nothing happens if none runs. Raises EmbeddedPostgresError."""
    place = _place(data_dir)
    with _mutex:
        if users := _users.pop(place.home, None):
            users.close()
        if place.home.is_dir():
            place.stop()


@contextmanager
def running(data_dir: Path | None = None, pg_bin: Path | None = None) -> Iterator[Server]:
    """Start (or share) the server for a while; at the end it stops if nobody else uses it. May be nested."""
    server = start(data_dir, pg_bin)
    try:
        yield server
    finally:
        _leave(_place(data_dir))


def status(data_dir: Path | None = None) -> Server | None:
    """Return the server that is ready on a data folder, None if there is none. Starts and waits for nothing."""
    found = (place := _place(data_dir)).postmaster()
    return place.describe(*found[:2]) if found and found[2] == "ready" else None


if __name__ == "__main__" and sys.argv[1:2] == ["watch"]:
    _Place(Path(sys.argv[2])).watch(int(sys.argv[3]))
