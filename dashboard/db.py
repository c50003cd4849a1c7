"""Postgres for the application: addresses of the logins, engines, the declarative base, and what an error means."""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, TypeVar, get_args

import psycopg
from sqlalchemy import CheckConstraint, Connection, Engine, MetaData, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry

from dashboard import postgres
from dashboard.config import Login, settings

log = logging.getLogger(__name__)

OWNER = "intersession_owner"
RETURNED = "returned_at"
RESTED_SECONDS = 1.0
LOGINS: tuple[Login, ...] = get_args(Login)
STAFF = "app_staff"
ROLES = ("app_manager", "app_therapist", "app_front_desk", "app_auditor")
"""What a person's transaction takes for its duration; all of them may read the figures, as members of ``STAFF``."""

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of every table of the operational schema; the schema itself comes from ``search_path``."""

    metadata = MetaData(naming_convention=NAMING)


def one_of(column: str, values: Sequence[str]) -> CheckConstraint:
    """Return a check that ``column`` holds one of ``values`` (identifiers of ours, never a person's input)."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} in ({listed})", name=f"{column}_known")


class NoDatabaseError(RuntimeError):
    """No database is configured and the embedded one is not running."""


class OutdatedServerError(RuntimeError):
    """The PostgreSQL server is older than the product supports."""


def _administration() -> tuple[URL, str]:
    """Return the administrative address and the secret that login passwords derive from."""
    chosen = settings()
    if chosen.database_url:
        url = make_url(chosen.database_url).set(drivername="postgresql+psycopg")
        return url, chosen.login_secret or (url.password or "")
    server = postgres.status()
    if server is None:
        raise NoDatabaseError(
            "No database is running. Start the dashboard with `intersession up`, or set DATABASE_URL."
        )
    return make_url(server.url).set(drivername="postgresql+psycopg"), server.secret


def admin_url() -> URL:
    """Return the administrative address, used by migrations and the loading of the synthetic practice only."""
    return _administration()[0]


def login_password(login: Login) -> str:
    """Return the password of a login: derived from the installation's secret, never stored in clear."""
    secret = _administration()[1]
    return hmac.new(secret.encode(), f"login:{login}".encode(), hashlib.sha256).hexdigest()


def web_secret() -> bytes:
    """Return the key of what the browser keeps while signing in and of second steps: its own setting, else derived."""
    own = settings().web_secret
    secret = own or hmac.new(_administration()[1].encode(), b"web", hashlib.sha256).hexdigest()
    return secret.encode()


def url(login: Login) -> URL:
    """Return the address that ``login`` connects to: its own setting, else derived from the administrative one."""
    own: str | None = getattr(settings(), f"{login}_url")
    if own:
        return make_url(own).set(drivername="postgresql+psycopg")
    return admin_url().set(username=login, password=login_password(login))


def _prepare_transaction(connection: Connection) -> None:
    """Make the settings of a transaction, in one question: those of all, and those that it was opened with.

    Unqualified names are those of the operational schema, and nothing is compiled: that costs lists seconds. All hold
    for the transaction alone, so that a pooler cannot carry them over; a copy of a database forgets what was set for a
    login in it.
    """
    made = {"search_path": f"{settings().db_schema}, pg_catalog, pg_temp", "jit": "off"}
    made |= connection.get_execution_options().get("transaction_settings", {})
    asked = ", ".join(["set_config(%s, %s, true)"] * len(made))
    connection.exec_driver_sql(f"select {asked}", tuple(chain.from_iterable(made.items())))


def _note_return(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info[RETURNED] = time.monotonic()


def _try_what_rested(connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
    """Try a connection that nobody used for a while: the server may have gone, and a page needs many in a moment."""
    returned = record.info.get(RETURNED)  # of one that was only just opened there is none
    if returned is None or time.monotonic() - returned < RESTED_SECONDS:
        return
    try:
        connection.execute("select")
        connection.rollback()
    except psycopg.Error as error:
        raise InvalidatePoolError from error


def make_engine(address: URL, pool_size: int = 2) -> Engine:
    """Return an engine whose errors never carry parameters and whose transactions start on the operational schema."""
    engine = create_engine(
        address,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=pool_size,
        connect_args={"application_name": "intersession", "connect_timeout": 10},
    )
    event.listen(engine, "begin", _prepare_transaction)
    event.listen(engine, "checkin", _note_return)
    event.listen(engine, "checkout", _try_what_rested)
    return engine


def engine(login: Login = "app_rt") -> Engine:
    """Return this process's engine for ``login``."""
    return _kept(login, lambda: make_engine(url(login), settings().pool_size))


def admin_engine() -> Engine:
    """Return an engine that works as the owner of the schemas; migrations and the synthetic practice only."""
    return _kept(OWNER, _make_admin_engine)


def _make_admin_engine() -> Engine:
    administration = make_engine(admin_url(), pool_size=1)

    def become_owner(connection: Connection) -> None:
        connection.exec_driver_sql(f"set local role {OWNER}")

    event.listen(administration, "begin", become_owner)
    return administration


_engines: dict[str, Engine] = {}
_mutex = threading.Lock()


def _kept(name: str, make: Callable[[], Engine]) -> Engine:
    """Return the engine kept under ``name``, made at its first use: many threads share one pool."""
    with _mutex:
        if name not in _engines:
            _engines[name] = make()
        return _engines[name]


def forget_engines() -> None:
    """Close the engines that this process has used and read the settings anew."""
    with _mutex:
        while _engines:
            _engines.popitem()[1].dispose()
    settings.cache_clear()


class DatabaseRefusal(Exception):  # noqa: N818 - a refusal is an answer to a person, not a fault
    """What the database refused, as a code that a page turns into a sentence; never the values."""

    def __init__(self, code: str, reference: str, constraint: str | None = None) -> None:
        super().__init__(f"{code} (reference {reference})")
        self.code = code
        self.reference = reference
        self.constraint = constraint


CODES = {
    "23P01": "busy",
    "23505": "duplicate",
    "23503": "unknown_reference",
    "23514": "rule",
    "23502": "missing",
    "22001": "too_long",
    "40001": "try_again",
    "40P01": "try_again",
    "55P03": "try_again",
    "57014": "try_again",
    "42501": "not_allowed",
    "42P01": "not_built",  # a view or table of figures, which the next refresh builds
    "3F000": "not_built",
    "53100": "not_saved",
}


def refusal(error: DBAPIError) -> DatabaseRefusal:
    """Translate a driver's error, log its code and a reference, and drop its text, which may hold values."""
    state = getattr(error.orig, "sqlstate", None) or "08000"
    diagnostics: Any = getattr(error.orig, "diag", None)
    constraint = getattr(diagnostics, "constraint_name", None)
    reference = secrets.token_hex(4)
    log.warning("database refused: sqlstate=%s constraint=%s reference=%s", state, constraint, reference)
    return DatabaseRefusal(CODES.get(state, "not_saved"), reference, constraint)


RETRIES = 5
T = TypeVar("T")


def retried(command: Callable[[], T]) -> T:
    """Run a command that is one transaction, again when others were in its way, after a short random wait.

    Raises:
        DatabaseRefusal: they still are, or something else is refused.
    """
    for turn in range(RETRIES):
        try:
            return command()
        except DatabaseRefusal as error:
            if error.code != "try_again":
                raise
            time.sleep((1 + secrets.randbelow(50 << turn)) / 1_000)
    return command()


@dataclass(frozen=True)
class Identity:
    """Who asks: the role taken for one transaction, and the token by which the database knows the person."""

    role: str
    token: str = field(repr=False)


@contextmanager
def transaction(
    login: Login = "app_rt", *, read_only: bool = False, identity: Identity | None = None
) -> Iterator[Session]:
    """Open one transaction, as a person when ``identity`` is given; commit at the end, roll back on any error.

    Raises:
        DatabaseRefusal: a rule held by the database was broken; carries a code, never values.
    """
    taken = {} if identity is None else {"role": identity.role, "app.token": identity.token}
    with _transaction(engine(login), taken, read_only=read_only) as session:
        yield session


@contextmanager
def administration(*, read_only: bool = False) -> Iterator[Session]:
    """Open one transaction as the owner of the schema, for the command line alone.

    Raises:
        DatabaseRefusal: a rule held by the database was broken; carries a code, never values.
    """
    with _transaction(admin_engine(), {}, read_only=read_only) as session:
        yield session


@contextmanager
def _transaction(engine: Engine, made: dict[str, str], *, read_only: bool) -> Iterator[Session]:
    """Open a transaction with the settings ``made``: a person's role is taken with them, and ends with it."""
    if read_only:
        made = {"transaction_read_only": "on", **made}
    try:
        with Session(engine, expire_on_commit=False) as session, session.begin():
            session.connection(execution_options={"transaction_settings": made})
            yield session
    except DBAPIError as error:
        raise refusal(error) from None
