"""The statements that every entity shares: set-based, over the staged drafts of one run, whatever their number.

Each step removes from the staging table the rows it has dealt with, so that what is left at the end is new.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg import Cursor
from psycopg.sql import SQL, Composed, Identifier, Literal

from dashboard.imports.codes import Code
from dashboard.imports.entities import ENTITIES, STAND_IN, Entity

VERSIONED = ("patient", "appointment")


@dataclass
class Staging:
    """The staged drafts of one run, and what has been counted so far by entity."""

    cursor: Cursor[Any]
    source: str
    run_id: int
    now: datetime
    loaded: Counter[str] = field(default_factory=Counter)
    updated: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)

    def run(self, statement: Composed | SQL, **parameters: Any) -> int:
        """Run one statement and return the number of rows it touched."""
        known = {"source": self.source, "run": self.run_id, "now": self.now}
        # A plan kept from an import of ten rows would be taken for one of a million.
        self.cursor.execute(statement, {**known, **parameters}, prepare=False)
        return max(self.cursor.rowcount, 0)

    def ask(self, statement: Composed | SQL, **parameters: Any) -> list[tuple[Any, ...]]:
        """Run one query and return its rows."""
        self.run(statement, **parameters)
        return self.cursor.fetchall()

    def holds(self, entity: str) -> bool:
        """Whether drafts of ``entity`` are left."""
        return bool(self.ask(SQL("select 1 from import_staging where entity = %(entity)s limit 1"), entity=entity))

    def set_aside(self, entity: str, code: Code, condition: Composed | SQL, field_name: str | None = None) -> int:
        """Move the drafts ``s`` of ``entity`` that meet ``condition`` to the rows set aside."""
        statement = SQL("""
            with gone as (
                delete from import_staging as s where s.entity = %(entity)s and ({condition}) returning s.file, s.line
            )
            insert into import_set_aside (import_run_id, file, line, entity, code, field)
            select %(run)s, file, line, %(entity)s, %(code)s, %(field)s from gone
        """).format(condition=condition)
        return self.run(statement, entity=entity, code=code, field=field_name)

    def take_problems(self) -> None:
        """Move the rows that the parser could not read to the rows set aside."""
        self.run(
            SQL("""
            with gone as (delete from import_staging where entity = 'set_aside' returning file, line, draft)
            insert into import_set_aside (import_run_id, file, line, entity, code, field)
            select %(run)s, file, line, draft ->> 'entity', draft ->> 'code', draft ->> 'field' from gone
        """)
        )

    def take_repetitions(self, entity: str) -> None:
        """Keep one of equal drafts; set aside all that share an id but differ: nobody here knows which is right."""
        several = SQL("""
            select external_id from import_staging where entity = %(entity)s group by external_id having count(*) > 1
        """)
        if not self.ask(SQL("select exists ({several})").format(several=several), entity=entity)[0][0]:
            return
        differing = SQL("s.external_id in ({several} and count(distinct content_sha256) > 1)").format(several=several)
        self.set_aside(entity, Code.CONFLICT, differing)
        self.unchanged[entity] += self.run(
            SQL("""
            delete from import_staging as s where s.entity = %(entity)s and s.external_id in ({several}) and exists (
                select 1 from import_staging as first
                where first.entity = %(entity)s and first.external_id = s.external_id and first.id < s.id
            )""").format(several=several),
            entity=entity,
        )

    def take_nobody(self, entity: str) -> None:
        """Remember the ids that stand for nobody, so that later runs know them too."""
        nobody = SQL("coalesce((s.draft ->> 'nobody')::boolean, false)")
        self.run(
            SQL("""
            insert into external_ref (source, entity, external_id, local_id, content_sha256, import_run_id)
            select %(source)s, s.entity, s.external_id, 0, s.content_sha256, %(run)s from import_staging as s
            where s.entity = %(entity)s and {nobody} on conflict do nothing""").format(nobody=nobody),
            entity=entity,
        )
        self.set_aside(entity, Code.NOT_APPLICABLE, nobody)

    def take_references(self, entity: str, staged: Sequence[str] = ()) -> None:
        """Set aside drafts whose reference is unknown, or is nobody where somebody is needed.

        ``staged`` names entities of which a draft that is about to be loaded will do.
        """
        for name, spec in ENTITIES[entity].references.items():
            if spec.if_missing == "leave_empty":
                continue
            known = _referred(name, spec.entity, SQL("true"))
            if spec.entity in staged:
                known = SQL("{known} or {staged}").format(known=known, staged=_staged(name, spec.entity))
            missing = SQL("s.draft ->> {name} is not null and not ({known})").format(name=Literal(name), known=known)
            self.set_aside(entity, Code.UNKNOWN_REFERENCE, missing, name)
            self.set_aside(entity, Code.NOT_APPLICABLE, _referred(name, spec.entity, SQL("r.local_id = 0")), name)

    def report_empty_references(self, entity: str) -> None:
        """Report the drafts that will be loaded without one of their references."""
        for name, spec in ENTITIES[entity].references.items():
            if spec.if_missing == "set_aside":
                continue
            self.run(
                SQL("""
                insert into import_set_aside (import_run_id, file, line, entity, code, field, is_loaded)
                select %(run)s, s.file, s.line, s.entity, %(code)s, %(field)s, true from import_staging as s
                where s.entity = %(entity)s and s.draft ->> {name} is not null and not ({known})""").format(
                    name=Literal(name), known=_referred(name, spec.entity, SQL("true"))
                ),
                entity=entity,
                code=Code.REFERENCE_LEFT_EMPTY,
                field=name,
            )

    def take_unchanged(self, entity: str) -> int:
        """Take out the drafts whose content was taken before, and return their number."""
        return self.run(
            SQL("""
            delete from import_staging as s using external_ref as r
            where s.entity = %(entity)s and r.source = %(source)s and r.entity = s.entity
                and r.external_id = s.external_id and r.content_sha256 = s.content_sha256"""),
            entity=entity,
        )

    def take_changed(self, entity: str, drafts: Composed | None = None) -> None:
        """Update the rows whose source says something else now, unless they are money or a person changed them.

        ``drafts`` is the query of what they become, where that is more than what is drafted.
        """
        spec = ENTITIES[entity]
        if not self.ask(
            SQL("select exists (select 1 from import_staging as s where s.entity = %(entity)s and {})").format(CHANGED),
            entity=entity,
        )[0][0]:
            return
        if spec.is_money:
            self.set_aside(entity, Code.CONFLICT, CHANGED)
            return
        self.set_aside(entity, Code.CONFLICT, _touched(spec))
        if entity == "patient":
            self.set_aside(entity, Code.CONFLICT, RESTRICTED)
        self.updated[entity] += self.run(_update(entity, spec, drafts or drafted(entity)), entity=entity)
        self.take_unchanged(entity)

    def insert_new(self, entity: str) -> None:
        """Insert the drafts that are left, each with its origin."""
        self.loaded[entity] += self.run(_insert(entity, entity), entity=entity)

    def insert_stand_ins(self, entity: str) -> None:
        """Insert a stand-in for each id that others refer to and that has no row, here or in the files."""
        label = entity + STAND_IN
        if not self.holds(label):
            return
        self.take_repetitions(label)
        self.unchanged[label] += self.run(
            SQL("""
            delete from import_staging as s using external_ref as r
            where s.entity = %(label)s and r.source = %(source)s and r.entity = %(entity)s
                and r.external_id = s.external_id"""),
            entity=entity,
            label=label,
        )
        self.loaded[label] += self.run(_insert(entity, label), entity=entity)


CHANGED = SQL("""exists (
    select 1 from external_ref as r
    where r.source = %(source)s and r.entity = s.entity and r.external_id = s.external_id
)""")


def _referred(name: str, entity: str, condition: SQL) -> Composed:
    return SQL("""exists (
        select 1 from external_ref as r
        where r.source = %(source)s and r.entity = {entity} and r.external_id = s.draft ->> {name} and {condition}
    )""").format(entity=Literal(entity), name=Literal(name), condition=condition)


def _staged(name: str, entity: str) -> Composed:
    return SQL("""exists (
        select 1 from import_staging as other where other.entity = {entity} and other.external_id = s.draft ->> {name}
    )""").format(entity=Literal(entity), name=Literal(name))


REFERENCE = SQL("""
    left join external_ref as {alias} on {alias}.source = %(source)s and {alias}.entity = {entity}
        and {alias}.external_id = d.{name}
""")


# What is restricted is not changed, whatever another system says of it now.
RESTRICTED = SQL("""exists (
    select 1 from external_ref as r join processing_restriction as held on held.patient_id = r.local_id
    where r.source = %(source)s and r.entity = s.entity and r.external_id = s.external_id and held.lifted_at is null
)""")


def columns(spec: Entity) -> dict[str, str]:
    """Return the column that each field fills, without those that fill none."""
    named = {name: (one.column or name) for name, one in spec.fields.items()}
    return {name: column for name, column in named.items() if column != "-"}


def drafted(entity: str, label: str | None = None) -> Composed:
    """Return a query of the drafts of ``entity``, staged as ``label``, with typed columns and local ids."""
    spec = ENTITIES[entity]
    types, values, joins = [], [], []
    for name, one in spec.fields.items():
        types.append(SQL("{} {}").format(Identifier(name), SQL(one.sql_type)))
        if one.kind == "reference":
            alias, column = Identifier(f"ref_{name}"), one.column if one.column != "-" else f"{name}_id"
            values.append(SQL("nullif({}.local_id, 0) as {}").format(alias, Identifier(column)))
            joins.append(REFERENCE.format(alias=alias, entity=Literal(one.entity), name=Identifier(name)))
        else:
            value = SQL("d.{}").format(Identifier(name))
            value = SQL("coalesce({}, {})").format(value, SQL(one.fallback)) if one.fallback else value
            values.append(SQL("{} as {}").format(value, Identifier(name)))
    return SQL("""
        select s.id as staging_id, s.file, s.line, s.external_id, s.content_sha256, {values}
        from import_staging as s cross join lateral jsonb_to_record(s.draft) as d ({types}) {joins}
        where s.entity = {entity}
    """).format(
        values=SQL(", ").join(values),
        types=SQL(", ").join(types),
        joins=SQL(" ").join(joins),
        entity=Literal(label or entity),
    )


def row_hash(spec: Entity, alias: str) -> Composed:
    """Return the hash of the columns of a row that an import writes and a person can change."""
    names = [column for name, column in columns(spec).items() if spec.fields[name].is_editable]
    listed = SQL(", ").join(SQL("{}.{}").format(Identifier(alias), Identifier(name)) for name in names)
    return SQL("sha256(convert_to(jsonb_build_array({})::text, 'UTF8'))").format(listed)


def _touched(spec: Entity) -> Composed:
    return SQL("""exists (
        select 1 from external_ref as r left join {table} as t on t.id = r.local_id
        where r.source = %(source)s and r.entity = s.entity and r.external_id = s.external_id
            and (t.id is null or r.row_sha256 is distinct from {hash})
    )""").format(table=Identifier(spec.table), hash=row_hash(spec, "t"))


def _update(entity: str, spec: Entity, drafts: Composed) -> Composed:
    settings = [SQL("{0} = changed.{0}").format(Identifier(name)) for name in columns(spec).values()]
    if entity in VERSIONED:
        settings.append(SQL("version = t.version + 1").format())
    return SQL("""
        with changed as materialized (
            select r.local_id, drafted.* from ({drafted}) as drafted join external_ref as r
            on r.source = %(source)s and r.entity = %(entity)s and r.external_id = drafted.external_id
        ),
        written as (
            update {table} as t set {settings} from changed where t.id = changed.local_id
            returning t.id, {hash} as row_sha256
        )
        update external_ref as r
        set content_sha256 = changed.content_sha256, row_sha256 = written.row_sha256, import_run_id = %(run)s
        from changed join written on written.id = changed.local_id
        where r.source = %(source)s and r.entity = %(entity)s and r.external_id = changed.external_id
    """).format(
        drafted=drafts,
        table=Identifier(spec.table),
        settings=SQL(", ").join(settings),
        hash=row_hash(spec, "t"),
    )


def _insert(entity: str, label: str) -> Composed:
    spec = ENTITIES[entity]
    names = SQL(", ").join(Identifier(name) for name in columns(spec).values())
    return SQL("""
        with fresh as materialized (
            select nextval(pg_get_serial_sequence({name}, 'id')) as local_id, drafted.* from ({drafted}) as drafted
        ),
        written as (
            insert into {table} as t (id, {names}) select local_id, {names} from fresh
            returning t.id, {hash} as row_sha256
        )
        insert into external_ref (source, entity, external_id, local_id, content_sha256, row_sha256, import_run_id)
        select %(source)s, %(entity)s, fresh.external_id, fresh.local_id, fresh.content_sha256, written.row_sha256,
            %(run)s
        from fresh join written on written.id = fresh.local_id
    """).format(
        name=Literal(spec.table),
        drafted=drafted(entity, label),
        table=Identifier(spec.table),
        names=names,
        hash=row_hash(spec, "t"),
    )
