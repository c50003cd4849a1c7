"""Tries what a role may do with a table's rows; every trial is taken back."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg
from psycopg import sql

from tests.access.rows import LETTERS, Connection, rows_of

REFUSED = "42501"
COLUMNS = """
select a.attname from pg_attribute as a
where a.attrelid = %s::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum
"""
CHANGEABLE = """
select a.attname from pg_attribute as a
where a.attrelid = %s::regclass and a.attnum > 1 and not a.attisdropped and a.attgenerated = ''
order by has_column_privilege(%s, a.attrelid, a.attnum, 'update') desc, a.attnum limit 1
"""


@dataclass(frozen=True)
class Subject:
    """Who tries: a database role, the token of a session or none, and the role's name in the matrix."""

    name: str
    role: str
    token: str = ""


def tables(connection: Connection) -> list[str]:
    """Return the tables of the operational schema."""
    found = connection.execute(
        "select relname from pg_class where relnamespace = current_schema()::regnamespace and relkind = 'r'"
        " and relname <> 'alembic_version' order by relname"
    )
    return [row[0] for row in found]


def rights(connection: Connection, table: str, subject: Subject) -> dict[str, set[str]]:
    """Return for each letter of an operation the scopes of ``table`` in which ``subject`` may do it."""
    scopes = rows_of(connection, table, subject.name)
    statements = {
        letter: {
            scope: _statement(connection, letter, table, condition, subject) for scope, condition in scopes.items()
        }
        for letter in LETTERS
    }
    connection.execute("savepoint trial")
    connection.execute(
        "select set_config('role', %s, true), set_config('app.token', %s, true)", (subject.role, subject.token)
    )
    found = {
        letter: {scope for scope, statement in of_letter.items() if _is_done(connection, statement)}
        for letter, of_letter in statements.items()
    }
    connection.execute("rollback to trial")
    return found


def _statement(connection: Connection, letter: str, table: str, condition: str, subject: Subject) -> sql.Composed:
    name, where = sql.Identifier(table), sql.SQL(condition)
    if letter == "r":
        return sql.SQL("select 1 from {} where {}").format(name, where)
    if letter == "d":
        return sql.SQL("delete from {} where {}").format(name, where)
    if letter == "u":
        [(column,)] = connection.execute(CHANGEABLE, (table, subject.role)).fetchall()
        return sql.SQL("update {0} set {1} = {1} where {2}").format(name, sql.Identifier(column), where)
    return _copy(connection, table, where)


def _copy(connection: Connection, table: str, where: sql.SQL) -> sql.Composed:
    """Return a statement that adds a row like the one found, under a new number."""
    name = sql.Identifier(table)
    row = connection.execute(sql.SQL("select to_jsonb(t) from {} as t where {} limit 1").format(name, where)).fetchone()
    columns = [column for (column,) in connection.execute(COLUMNS, (table,)).fetchall() if column != "id"]
    listed = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL("insert into {0} ({1}) select {1} from jsonb_populate_record(null::{0}, {2}::jsonb)").format(
        name, listed, sql.Literal(psycopg.types.json.Jsonb(row[0] if row else {}))
    )


def _is_done(connection: Connection, statement: sql.Composed) -> bool:
    """Whether the wall lets a statement through: it met rows, or only a rule behind the wall refused it."""
    connection.execute("savepoint before")
    try:
        return connection.execute(statement).rowcount > 0
    except psycopg.Error as error:
        return error.sqlstate != REFUSED
    finally:
        connection.execute("rollback to before")
