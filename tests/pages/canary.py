"""A word that stands in every personal column of one file, and the places where it must not turn up."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

CANARY = "Quagga7731"
# Every text column of a table about a patient, and of what hangs on such a row.
COLUMNS = """
select c.relname, a.attname, coalesce(nullif(a.atttypmod, -1) - 4, 1000) as longest
from pg_class as c
join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
where c.relnamespace = 'practice'::regnamespace and c.relkind = 'r'
    and a.atttypid in ('varchar'::regtype, 'text'::regtype)
    and (c.relname = 'patient' or exists (
        select from pg_attribute as p where p.attrelid = c.oid and p.attname = 'patient_id' and not p.attisdropped
    ))
    and c.relname not in ('audit_log', 'patient_key', 'patient_lookup')
    and (c.relname, a.attname) <> ('appointment_patient', 'state') -- a code, which a trigger copies
order by 1, 2
"""


def plant(database_url: str, patient: int) -> list[str]:
    """Write the canary into every personal column of a file that takes free words; return which those are."""
    planted = []
    with psycopg.connect(database_url, options="-c search_path=practice,pg_temp") as connection:
        for table, column, longest in connection.execute(COLUMNS).fetchall():
            if longest >= len(CANARY) and _is_written(connection, table, column, patient):
                planted.append(f"{table}.{column}")
        connection.execute("delete from patient_lookup")
        connection.execute("select fill_patient_lookup()")
    return planted


def _is_written(connection: psycopg.Connection[Any], table: str, column: str, patient: int) -> bool:
    key = "id" if table == "patient" else "patient_id"
    filled = sql.SQL("update {} set {} = {} where {} = {}").format(
        sql.Identifier(table), sql.Identifier(column), sql.Literal(CANARY), sql.Identifier(key), sql.Literal(patient)
    )
    connection.execute("savepoint before")
    connection.execute("set local session_replication_role = replica")
    try:
        return connection.execute(filled).rowcount > 0
    except psycopg.Error:
        connection.execute("rollback to before")
        return False
    finally:
        connection.execute("set local session_replication_role = origin")


def met_in(folder: Path, suffixes: tuple[str, ...] = ("",)) -> list[str]:
    """Return the files of these suffixes that hold the canary, as bytes, in any case, in UTF-8 or UTF-16."""
    words = [CANARY.lower().encode(), CANARY.lower().encode("utf-16-le")]
    return [str(path) for path in _files(folder, suffixes) if any(word in path.read_bytes().lower() for word in words)]


def _files(folder: Path, suffixes: tuple[str, ...]) -> Iterator[Path]:
    for parent, _folders, names in os.walk(folder):  # which passes over what goes meanwhile, as databases do
        yield from (path for name in names if name.endswith(suffixes) and (path := Path(parent, name)).is_file())
