"""Brings a database to the present shape: logins, schemas, migrations. Works with the administrative address only."""

from __future__ import annotations

import io
import time
from importlib.metadata import version

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from procrastinate.schema import SchemaManager
from psycopg import sql
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import IntegrityError, InternalError, ProgrammingError
from sqlalchemy.pool import NullPool

from dashboard import db
from dashboard.config import ROOT, settings

# Functions of the owner ask the figures' views what these define, such as whether a consent holds.
READ_FIGURES = f"app_staff, checker, {db.OWNER}"
JOBS = "jobs"
FIGURE_SCHEMAS = ("staging", "intermediate", "marts")
OLDEST_SERVER = 15
LOCK = 7_204_113  # any fixed number: two upgrades of one database wait for each other
ATTEMPTS = 5


def alembic_config() -> Config:
    """Return Alembic's configuration; there is no alembic.ini."""
    config = Config(stdout=io.StringIO())
    config.set_main_option("script_location", str(ROOT / "dashboard" / "migrations"))
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config


def head() -> str:
    """Return the newest migration's name."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head() or ""


def revision(connection: Connection) -> str | None:
    """Return the migration that the database is at, or nothing when it was never migrated."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade() -> bool:
    """Create logins and schemas where missing and run the migrations due. Return whether any ran."""
    _prepare()
    with db.admin_engine().begin() as connection:
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": LOCK})
        _install_jobs(connection)
        if revision(connection) == head():
            return False
        connection.execute(text("reset role"))
        _clear_figures(connection)
        connection.exec_driver_sql(f"set local role {db.OWNER}")
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return True


def _install_jobs(connection: Connection) -> None:
    """Install the queue of the messages' worker, or install it anew for another version of procrastinate.

    It holds nothing but the ticks of the present minute: what is to be sent is in the table ``message``.
    """
    wanted = f"procrastinate {version('procrastinate')}"
    known = connection.execute(
        text("select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = :name"), {"name": JOBS}
    ).scalar()
    if known == wanted:
        return
    connection.execute(text("reset role"))
    connection.exec_driver_sql(f"drop schema if exists {JOBS} cascade")
    connection.exec_driver_sql(f"create schema {JOBS} authorization {db.OWNER}")
    connection.exec_driver_sql(f"set local role {db.OWNER}")
    connection.exec_driver_sql(f"set local search_path = {JOBS}")
    connection.exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))
    connection.exec_driver_sql(f"revoke execute on all functions in schema {JOBS} from public")
    connection.exec_driver_sql(f"grant usage on schema {JOBS} to messenger")
    connection.exec_driver_sql(f"grant select, insert, update, delete on all tables in schema {JOBS} to messenger")
    connection.exec_driver_sql(f"grant usage on all sequences in schema {JOBS} to messenger")
    connection.exec_driver_sql(f"grant execute on all functions in schema {JOBS} to messenger")
    connection.exec_driver_sql(f"comment on schema {JOBS} is '{wanted}'")
    connection.exec_driver_sql(f"set local search_path = {settings().db_schema}, pg_catalog, pg_temp")


def _prepare() -> None:
    """Create what migrations stand on. Logins are the whole server's: another database may be at them just now."""
    for attempt in range(ATTEMPTS):
        try:
            _create_foundations()
        except (InternalError, ProgrammingError, IntegrityError):
            if attempt == ATTEMPTS - 1:
                raise
            time.sleep(0.2)
        else:
            return


def _create_foundations() -> None:
    """Create the owner, the logins, the schemas, and nothing for PUBLIC."""
    engine = create_engine(db.admin_url(), hide_parameters=True, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        _require_version(connection)
        connection.execute(text("select pg_advisory_lock(:key)"), {"key": LOCK})
        _create_role(connection, db.OWNER, "nologin")
        for login in db.LOGINS:
            _create_role(connection, login, "login noinherit")
            _set_password(connection, login, db.login_password(login))
        _create_role(connection, db.STAFF, "nologin")
        for role in db.ROLES:
            _create_role(connection, role, "nologin")
            connection.exec_driver_sql(f"grant {db.STAFF} to {role}")
            connection.exec_driver_sql(f"grant {role} to app_rt")
        _create_schemas(connection)
        _plan_without_compiling(connection)


def _require_version(connection: Connection) -> None:
    major = int(connection.execute(text("show server_version_num")).scalar_one()) // 10_000
    if major < OLDEST_SERVER:
        raise db.OutdatedServerError(f"This is PostgreSQL {major}; Intersession needs {OLDEST_SERVER} or newer.")


def _create_role(connection: Connection, name: str, options: str) -> None:
    known = connection.execute(text("select 1 from pg_roles where rolname = :name"), {"name": name}).scalar()
    if not known:
        connection.exec_driver_sql(f"create role {name} {options} nosuperuser nocreatedb nocreaterole nobypassrls")
    connection.exec_driver_sql(f"grant {name} to current_user")


def _set_password(connection: Connection, login: str, password: str) -> None:
    statement = sql.SQL("alter role {} password {}").format(sql.Identifier(login), sql.Literal(password))
    connection.exec_driver_sql(statement.as_string(None).replace("%", "%%"))


def _plan_without_compiling(connection: Connection) -> None:
    """Turn off just-in-time compilation for the logins, also on connections of dbt: it costs lists seconds."""
    for login in db.LOGINS:
        connection.exec_driver_sql(f"alter role {login} in database {_database()} set jit = off")


def _database() -> str:
    return sql.Identifier(db.admin_url().database or "postgres").as_string(None)


def _create_schemas(connection: Connection) -> None:
    connection.exec_driver_sql(f"create schema if not exists {settings().db_schema} authorization {db.OWNER}")
    for name in FIGURE_SCHEMAS:
        connection.exec_driver_sql(f"create schema if not exists {name} authorization transformer")
        connection.exec_driver_sql(f"grant usage on schema {name} to {READ_FIGURES}")
    connection.exec_driver_sql(f"revoke all on database {_database()} from public")
    connection.exec_driver_sql(f"grant connect on database {_database()} to {', '.join(db.LOGINS)}")
    connection.exec_driver_sql(f"grant temporary on database {_database()} to checker")
    connection.exec_driver_sql("revoke all on schema public from public")


def _clear_figures(connection: Connection) -> None:
    """Drop dbt's views: a view over a table blocks changes of the table's columns; the next refresh rebuilds them."""
    for name in FIGURE_SCHEMAS:
        connection.exec_driver_sql(f"drop schema {name} cascade")
        connection.exec_driver_sql(f"create schema {name} authorization transformer")
        connection.exec_driver_sql(f"grant usage on schema {name} to {READ_FIGURES}")
