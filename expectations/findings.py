"""Turns judgements into findings: what is missing in which file, since when, closed when. Ids only, never values.

A finding is one spell of one rule failing for one file. When the file passes again, or leaves the files in care, the
spell is closed; when it fails anew, a new row begins, and ``times_seen_again`` counts the spells before it. An open
finding was seen by the latest run: nothing is written about that, so that a round costs little when little changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy import Connection

from expectations.context import FILES, Judgement, index_columns
from expectations.rule import Rule

SEEN = sql.Identifier("pg_temp", FILES)


@dataclass(frozen=True)
class Tally:
    """How many files were checked, and how many findings were opened, still seen and closed."""

    files: int
    opened: int
    seen: int
    closed: int


# One copy is read about forty times: the view works out every column anew each time it is asked.
LOOK = (
    "create temporary table patient_files as select * from marts.patient_files",
    "analyze patient_files",
)
MIRROR_RULE = """
insert into check_rule (code, severity, words, fix, position, is_active)
values (%(code)s, %(severity)s, %(words)s, %(fix)s, %(position)s, true)
on conflict (code) do update
set severity = excluded.severity, words = excluded.words, fix = excluded.fix, position = excluded.position,
    is_active = true
"""
RETIRE_RULES = "update check_rule set is_active = false where is_active and not code = any(%(codes)s)"

# A full join is only ever hashed or merged: the planner knows nothing of how many files fail, and would loop.
UPDATE_FINDINGS = sql.SQL("""
with failing as materialized (
    select null::varchar as rule_code, null::bigint as patient_id where false
    {failing}
),
known as (
    select
        rule_code,
        patient_id,
        max(id) filter (where closed_at is null) as open_id,
        count(*) filter (where closed_at is not null) as spells
    from finding
    group by rule_code, patient_id
),
compared as materialized (
    select
        rule_code,
        patient_id,
        known.open_id,
        coalesce(known.spells, 0) as spells,
        failing.patient_id is not null as fails
    from failing
    full join known using (rule_code, patient_id)
),
closed as (
    update finding set closed_at = now() from compared
    where finding.id = compared.open_id and not compared.fails
    returning 1
),
opened as (
    insert into finding (patient_id, rule_code, since, times_seen_again)
    select patient_id, rule_code, now(), spells from compared
    where fails and open_id is null
    returning 1
)
select
    (select count(*) from {files}) as files,
    (select count(*) from opened) as opened,
    (select count(*) from compared where fails and open_id is not null) as seen,
    (select count(*) from closed) as closed
""")

# The tested column comes last and is renamed, because the condition may name the same column. The rule's query knows
# nothing of the condition: Great Expectations leaves it out of this query.
FAILING = sql.SQL("union all select {code}, {key} from ({query}) as failing ({columns}, tested) where {applies}\n")

REPLACE_RESULTS = sql.SQL("""
with file as (
    select site_id, therapist_id, {counts} from {files} group by site_id, therapist_id
),
failed as (
    select finding.rule_code, file.site_id, file.therapist_id, count(*) as failed
    from finding
    join {files} as file using (patient_id)
    where finding.closed_at is null
    group by finding.rule_code, file.site_id, file.therapist_id
)
insert into check_result (check_run_id, rule_code, site_id, therapist_id, applicable, failed)
select %(run)s, cell.rule_code, file.site_id, file.therapist_id, cell.applicable, coalesce(failed.failed, 0)
from file
cross join lateral (values {cells}) as cell (rule_code, applicable)
left join failed
    on failed.rule_code = cell.rule_code
    and failed.site_id is not distinct from file.site_id
    and failed.therapist_id is not distinct from file.therapist_id
where cell.applicable > 0
""")


def look(connection: Connection) -> None:
    """Copy all files, as they are now, to a table that nobody but this session can see and that ends with it."""
    for statement in LOOK:
        connection.exec_driver_sql(statement)
    connection.commit()


def record(connection: Connection, judgements: Sequence[Judgement], run: int) -> Tally:
    """Write what the judgements mean for the files looked at to rules, findings and results."""
    rules = [judgement.rule for judgement in judgements]
    _mirror(connection, rules)
    counts = connection.exec_driver_sql(_update_findings(judgements)).one()
    tally = Tally(counts.files, counts.opened, counts.seen, counts.closed)
    connection.exec_driver_sql("delete from check_result")
    connection.exec_driver_sql(_replace_results(judgements), {"run": run})
    return tally


def _mirror(connection: Connection, rules: Sequence[Rule]) -> None:
    rows: list[dict[str, Any]] = [
        {
            "code": rule.code,
            "severity": rule.severity,
            "words": Jsonb(rule.words),
            "fix": rule.fix,
            "position": position,
        }
        for position, rule in enumerate(rules, start=1)
    ]
    connection.exec_driver_sql(MIRROR_RULE, rows)
    connection.exec_driver_sql(RETIRE_RULES, {"codes": [rule.code for rule in rules]})


def _update_findings(judgements: Sequence[Judgement]) -> str:
    key, *others = index_columns([judgement.rule for judgement in judgements])
    failing = [
        FAILING.format(
            code=sql.Literal(judgement.rule.code),
            key=sql.Identifier(key),
            query=_verbatim(judgement.unexpected_query),
            columns=sql.SQL(", ").join(sql.Identifier(column) for column in (key, *others)),
            applies=_verbatim(judgement.applies),
        )
        for judgement in judgements
        if judgement.unexpected_query is not None
    ]
    return UPDATE_FINDINGS.format(failing=sql.SQL("").join(failing), files=SEEN).as_string(None)


def _replace_results(judgements: Sequence[Judgement]) -> str:
    """Count each distinct condition once: many rules share one, and a condition may cost a subquery per file."""
    conditions = sorted({judgement.applies for judgement in judgements})
    name = {condition: sql.Identifier(f"applies_{index}") for index, condition in enumerate(conditions)}
    counts = [
        sql.SQL("count(*) filter (where {}) as {}").format(_verbatim(condition), name[condition])
        for condition in conditions
    ]
    cells = [
        sql.SQL("({}, {})").format(sql.Literal(judgement.rule.code), name[judgement.applies])
        for judgement in judgements
    ]
    statement = REPLACE_RESULTS.format(counts=sql.SQL(", ").join(counts), cells=sql.SQL(", ").join(cells), files=SEEN)
    return statement.as_string(None)


def _verbatim(fragment: str) -> sql.SQL:
    """Return SQL of our own rules as it is, with the driver's sign for a parameter doubled."""
    return sql.SQL(fragment.replace("%", "%%"))
