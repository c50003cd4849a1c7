"""After loading, every rule of the schema is back, as the migrations wrote it, and holds."""

from __future__ import annotations

import numpy as np
import pytest
from psycopg import sql
from psycopg.errors import UndefinedTable
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from dashboard import demo
from dashboard.demo import loading, rules_aside
from dashboard.demo.tables import Tables
from tests.conftest import Database

RULES = {
    "constraints": """
        select conrelid::regclass || ' ' || conname || ' ' || convalidated::text || ' ' || pg_get_constraintdef(oid)
        from pg_constraint where connamespace = 'practice'::regnamespace
    """,
    "indexes": "select indexdef from pg_indexes where schemaname = 'practice'",
    "triggers": """
        select pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text
        from pg_trigger as t join pg_class as c on c.oid = t.tgrelid
        where c.relnamespace = 'practice'::regnamespace and not t.tgisinternal
    """,
}


def rules(connection: Connection) -> dict[str, set[str]]:
    return {name: set(connection.execute(text(query)).scalars()) for name, query in RULES.items()}


def test_constraints_indexes_and_triggers_come_back_as_they_were(database: Database, owner: Engine) -> None:
    with owner.begin() as connection:
        before = rules(connection)
    demo.load(owner, sessions=2_000)
    with owner.begin() as connection:
        assert rules(connection) == before
    assert all(before.values())


def test_a_load_that_fails_leaves_rows_and_rules_alone(
    demo_database: Database, owner: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with owner.begin() as connection:
        before = rules(connection), connection.execute(text("select count(*) from patient")).scalar()

    def fail(stage: str, share: float) -> None:
        if stage == "verify":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        demo.load(owner, sessions=2_000, progress=fail)
    with owner.begin() as connection:
        assert (rules(connection), connection.execute(text("select count(*) from patient")).scalar()) == before


@pytest.mark.parametrize(
    ("table", "statement"),
    [
        ("invoice", "update invoice set total_cents = total_cents + 1 where id = (select min(id) from invoice)"),
        ("invoice", "update invoice_series set last_number = last_number + 1"),
        ("appointment_patient", "update appointment_patient set ends_at = ends_at + interval '1 minute'"),
        ("consent_signature", "delete from consent_signature"),
        ("consent_signature", "update consent_signature set text_sha256 = repeat('0', 64)"),
        ("payment_allocation", "update payment_allocation set amount_cents = amount_cents * 3 where amount_cents > 0"),
    ],
)
def test_rows_that_break_a_triggers_rule_are_noticed(
    demo_database: Database, owner: Engine, table: str, statement: str
) -> None:
    with owner.begin() as connection:
        rules_aside.verify(connection)
        connection.exec_driver_sql(
            sql.SQL("alter table {} disable trigger user").format(sql.Identifier(table)).as_string(None)
        )
        connection.exec_driver_sql(statement)
        with pytest.raises(rules_aside.BrokenRuleError):
            rules_aside.verify(connection)
        connection.rollback()


def test_after_loading_money_still_never_changes(demo_database: Database, owner: Engine) -> None:
    with pytest.raises(DBAPIError, match="never change"), owner.begin() as connection:
        connection.execute(text("update payment set amount_cents = 1"))


def test_somebody_working_here_is_looked_for_in_real_tables(database: Database, owner: Engine) -> None:
    with owner.begin() as connection:
        assert set(loading.SOMEBODY_WORKS) <= set(rules_aside.tables(connection))


def test_a_copy_refused_while_the_next_is_drawn_ends_the_load(database: Database, owner: Engine) -> None:
    with owner.connect() as connection:
        tables = Tables(rules_aside.driver(connection))
        with pytest.raises(UndefinedTable), tables.copying_aside():
            tables.write("nowhere", {"id": np.arange(3)})
