"""Every trigger is missed when it is gone: by its trial, and those that wake the refresh worker by its silence."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from tests.access.triggers import ALL, observed
from tests.conftest import Cluster

WAKES = "notify_change"
FEWEST = 150


def test_taking_any_trigger_away_is_noticed(walled: psycopg.Connection[Any]) -> None:
    found = [(table, trigger) for table, trigger in walled.execute(ALL).fetchall() if trigger != WAKES]
    unnoticed = [
        f"{trigger} of {table}"
        for table, trigger in found
        if observed(walled, table, trigger, is_there=True) == observed(walled, table, trigger, is_there=False)
    ]
    assert len(found) > FEWEST
    assert unnoticed == []


def heard(address: str, table: str, *, is_there: bool) -> list[str]:
    """Return what a listener is told of a write to ``table`` that changes no row."""
    name = sql.Identifier(table)
    options = "-c search_path=practice,pg_temp"
    with (
        psycopg.connect(address, autocommit=True, options=options) as listener,
        psycopg.connect(address, options=options) as writer,
    ):
        listener.execute("listen intersession_changed")
        if not is_there:
            writer.execute(sql.SQL("alter table {} disable trigger {}").format(name, sql.Identifier(WAKES)))
        writer.execute(sql.SQL("delete from {} where false").format(name))
        if not is_there:
            writer.execute(sql.SQL("alter table {} enable trigger {}").format(name, sql.Identifier(WAKES)))
        writer.commit()
        listener.execute("select 1")
        return [told.payload for told in listener.notifies(timeout=0.05)]


def test_every_table_that_figures_and_checks_read_wakes_the_refresh_worker(
    walled: psycopg.Connection[Any], cluster: Cluster
) -> None:
    tables = [table for table, trigger in walled.execute(ALL).fetchall() if trigger == WAKES]
    walled.rollback()
    address = cluster.address(walled.info.dbname)
    assert len(tables) > 20
    for table in tables:
        assert heard(address, table, is_there=True) == [f"practice.{table}"]
        assert heard(address, table, is_there=False) == []
