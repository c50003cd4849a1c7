"""Sets the schema's rules aside for one bulk load and puts back exactly what the catalogue said, in one transaction.

Rebuilding an index or checking a reference for all rows at once costs a fraction of doing so row by row. Definitions
come from the catalogue, so that nothing written here can differ from the migrations. A crash rolls everything back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import psycopg
from psycopg import sql
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import AddConstraint, DropConstraint

from dashboard.agenda.models import Appointment, Attendee

TABLES = """
select c.relname from pg_class as c
where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and c.relname <> 'alembic_version'
    and c.relname not like 'audit%'
order by c.relname
"""
WITH_TRIGGERS = """
select distinct c.relname from pg_trigger as t join pg_class as c on c.oid = t.tgrelid
where c.relnamespace = current_schema()::regnamespace and not t.tgisinternal order by c.relname
"""
# Postgres copies no file into a table whose owner row security is forced upon.
FORCED = """
select c.relname from pg_class as c
where c.relnamespace = current_schema()::regnamespace and c.relforcerowsecurity order by c.relname
"""
REFERENCES = """
select c.relname, k.conname, pg_get_constraintdef(k.oid)
from pg_constraint as k join pg_class as c on c.oid = k.conrelid
where c.relnamespace = current_schema()::regnamespace and k.contype = 'f' order by c.relname, k.conname
"""
# Postgres prints the condition of a partial index in other words than it was given; read back, those give yet others.
# So partial indexes stay, and exclusions, which cost too much row by row, come back from the models.
INDEXES = """
select i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
from pg_index as i join pg_class as c on c.oid = i.indrelid
where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and i.indpred is null
    and not exists (select from pg_constraint as k where k.conindid = i.indexrelid)
order by 1
"""
BROKEN = {
    "a patient's copy of an appointment differs from it": """
        select from appointment_patient as p join appointment as a on a.id = p.appointment_id
        where (p.therapist_id, p.state, p.starts_at, p.ends_at)
            is distinct from (a.therapist_id, a.state, a.starts_at, a.ends_at)
    """,
    "an invoice's total is not the sum of its lines": """
        select from invoice as i left join (
            select invoice_id, sum(amount_cents + tax_cents) as total from invoice_line group by invoice_id
        ) as lines on lines.invoice_id = i.id
        where i.total_cents is distinct from coalesce(lines.total, 0)
    """,
    "invoice numbers have a gap": """
        select from invoice_series as s left join (
            select series, count(*) as issued, max(number) as last from invoice group by series
        ) as i on i.series = s.code
        where coalesce(i.issued, 0) <> s.last_number or coalesce(i.last, 0) <> s.last_number
    """,
    "more is allocated than was paid": """
        select from payment as p join (
            select payment_id, sum(amount_cents) as total from payment_allocation group by payment_id
        ) as a on a.payment_id = p.id left join (
            select reverses_id, sum(amount_cents) as total from payment
            where reverses_id is not null group by reverses_id
        ) as r on r.reverses_id = p.id
        where a.total not between 0 and p.amount_cents + coalesce(r.total, 0)
    """,
    "more is allocated than was invoiced": """
        select from invoice as i join (
            select invoice_id, sum(amount_cents) as total from payment_allocation group by invoice_id
        ) as a on a.invoice_id = i.id left join (
            select corrects_id, sum(total_cents) as total from invoice
            where corrects_id is not null group by corrects_id
        ) as c on c.corrects_id = i.id
        where a.total not between 0 and i.total_cents + coalesce(c.total, 0)
    """,
    "a consent is signed without a signature": """
        select from consent as c where c.signed_on is not null
            and not exists (select from consent_signature as s where s.consent_id = c.id)
    """,
    "a signature is for another text or by another family's guardian": """
        select from consent_signature as s
        join consent as c on c.id = s.consent_id
        join consent_template as t on t.id = c.template_id
        left join guardian as g on g.id = s.guardian_id
        where t.text_sha256 <> s.text_sha256
            or (s.guardian_id is not null and g.patient_id is distinct from c.patient_id)
    """,
}


# Compiling a question about a million rows takes longer than it saves here.
QUICKER = (
    "set local maintenance_work_mem = '512MB'",
    "set local work_mem = '128MB'",
    "set local jit = off",
)


class BrokenRuleError(RuntimeError):
    """The rows written break a rule that the database holds by a trigger; nothing is kept."""


@dataclass(frozen=True)
class _Step:
    """A statement that takes a rule away and the one that puts it back."""

    away: sql.SQL | sql.Composed
    back: sql.SQL | sql.Composed


def tables(connection: Connection) -> list[str]:
    """Return the tables that hold the practice's rows."""
    return [row[0] for row in driver(connection).execute(TABLES).fetchall()]


@contextmanager
def set_aside(connection: Connection, told: Callable[[str, float], None]) -> Iterator[None]:
    """Take triggers, references and whole indexes away, and put them back at the end.

    References go before indexes and come back after them: checking them needs the indexes.
    """
    database = driver(connection)
    for setting in QUICKER:
        database.execute(setting)
    steps = [*_walls(database), *_triggers(database), *_references(database), *_exclusions(), *_indexes(database)]
    for step in steps:
        database.execute(step.away)
    yield
    told("analyze", 0.62)
    analyze(connection, *tables(connection))
    for place, step in enumerate(reversed(steps)):
        told("rules", 0.65 + 0.32 * place / len(steps))
        database.execute(step.back)


def analyze(connection: Connection, *names: str) -> None:
    """Let the planner know what tables hold now: without it, what asks millions of new rows may take for ever."""
    driver(connection).execute(sql.SQL("analyze {}").format(sql.SQL(", ").join(map(sql.Identifier, names))))


def verify(connection: Connection) -> None:
    """Check the rules of triggers that were set aside, over all rows at once.

    Raises:
        BrokenRuleError: some row breaks one.
    """
    for words, query in BROKEN.items():
        if driver(connection).execute(query + " limit 1").fetchone() is not None:
            raise BrokenRuleError(f"The synthetic practice breaks a rule: {words}.")


def driver(connection: Connection) -> psycopg.Connection[Any]:
    """Return the driver's own connection: definitions from the catalogue pass through it untouched."""
    found: Any = connection.connection.driver_connection
    return cast("psycopg.Connection[Any]", found)


def _walls(database: psycopg.Connection[Any]) -> list[_Step]:
    names = [sql.Identifier(row[0]) for row in database.execute(FORCED).fetchall()]
    change = sql.SQL("alter table {} {} row level security")
    return [_Step(change.format(name, sql.SQL("no force")), change.format(name, sql.SQL("force"))) for name in names]


def _triggers(database: psycopg.Connection[Any]) -> list[_Step]:
    names = [sql.Identifier(row[0]) for row in database.execute(WITH_TRIGGERS).fetchall()]
    change = sql.SQL("alter table {} {} trigger user")
    return [_Step(change.format(name, sql.SQL("disable")), change.format(name, sql.SQL("enable"))) for name in names]


def _references(database: psycopg.Connection[Any]) -> list[_Step]:
    drop, add = sql.SQL("alter table {} drop constraint {}"), sql.SQL("alter table {} add constraint {} {}")
    return [
        _Step(drop.format(*names), add.format(*names, sql.SQL(definition)))
        for table, name, definition in database.execute(REFERENCES).fetchall()
        for names in [(sql.Identifier(table), sql.Identifier(name))]
    ]


def _exclusions() -> list[_Step]:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    rules = [
        rule
        for table in (Appointment.metadata.tables[model.__tablename__] for model in (Appointment, Attendee))
        for rule in sorted(table.constraints, key=lambda rule: str(rule.name))
        if isinstance(rule, postgresql.ExcludeConstraint)
    ]
    return [
        _Step(
            away=sql.SQL(str(DropConstraint(rule).compile(dialect=dialect))),
            back=sql.SQL(str(AddConstraint(rule, isolate_from_table=False).compile(dialect=dialect))),
        )
        for rule in rules
    ]


def _indexes(database: psycopg.Connection[Any]) -> list[_Step]:
    rows = database.execute(INDEXES).fetchall()
    return [
        _Step(sql.SQL("drop index {}").format(sql.SQL(name)), sql.SQL("{}").format(sql.SQL(made)))
        for name, made in rows
    ]
