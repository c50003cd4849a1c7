"""Writes columns of numpy into Postgres by COPY, and hands out the identifiers that other rows refer to."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa  # type: ignore[import-untyped]
from psycopg import sql
from pyarrow import csv

from dashboard.demo.window import Array, Window

WAITING = 8  # copies that may wait for the server: they are held in memory
_FORMAT = csv.WriteOptions(include_header=False, quoting_style="needed")


def blank(values: Array, where: Array) -> pa.Array:
    """Return ``values`` with nothing in the places of ``where``."""
    return pa.array(values, mask=where)


def coded(vocabulary: Sequence[str], code: Array, where_blank: Array | None = None) -> pa.Array:
    """Return the words that ``code`` counts in ``vocabulary``, with nothing in the places of ``where_blank``."""
    return pa.array(vocabulary).take(pa.array(code, mask=where_blank))


class Tables:
    """The tables being filled, through one connection and in one transaction."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self._last: dict[str, int] = {}
        self._copier: ThreadPoolExecutor | None = None
        self._copies: list[Future[None]] = []
        self.counts: dict[str, int] = {}

    @contextmanager
    def copying_aside(self) -> Iterator[None]:
        """Let the server take what is written while the next is drawn; the connection is not to be used until then."""
        copier = self._copier = ThreadPoolExecutor(1)
        try:
            yield
            self._wait(0)
        finally:
            self._copier = None
            copier.shutdown(cancel_futures=True)

    def _wait(self, most: int) -> None:
        while len(self._copies) > most:
            self._copies.pop(0).result()

    def take(self, table: str, number: int) -> Array:
        """Return the next ``number`` identifiers of ``table``."""
        last = self._last.get(table, 0)
        self._last[table] = last + number
        return np.arange(last + 1, last + number + 1, dtype=np.int64)

    def write(self, table: str, columns: Mapping[str, Any]) -> None:
        """Copy columns (arrays of one length, or one value for all rows) into ``table``.

        The table must have been emptied in this transaction: its rows are written frozen, which spares the index
        builds and checks that follow from marking every row as committed.
        """
        rows = next(len(column) for column in columns.values() if isinstance(column, np.ndarray | pa.Array))
        if not rows:
            return
        text = io.BytesIO()
        csv.write_csv(pa.table({name: _column(values, rows) for name, values in columns.items()}), text, _FORMAT)
        statement = sql.SQL("copy {} ({}) from stdin (format csv, freeze)").format(
            sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
        )
        self.counts[table] = self.counts.get(table, 0) + rows
        if self._copier is None:
            self._copy(statement, text)
            return
        self._wait(WAITING)
        self._copies.append(self._copier.submit(self._copy, statement, text))

    def _copy(self, statement: sql.Composed, text: io.BytesIO) -> None:
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(text.getbuffer())

    def write_rows(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Copy a few rows, each a mapping with the same keys, into ``table``."""
        if rows:
            self.write(table, {name: pa.array([row[name] for row in rows]) for name in rows[0]})

    def set_sequences(self) -> None:
        """Let every identity go on after the identifiers handed out."""
        for table, last in self._last.items():
            self._connection.execute("select setval(pg_get_serial_sequence(%s, 'id'), %s)", (table, max(last, 1)))


@dataclass(frozen=True)
class Work:
    """What every part writes with: the seeded draws, the period, and the tables."""

    rng: np.random.Generator
    window: Window
    tables: Tables


def _column(values: Any, rows: int) -> pa.Array:
    if isinstance(values, np.ndarray):
        return pa.array(values)
    return values if isinstance(values, pa.Array) else pa.repeat(pa.scalar(values), rows)
