"""Asks Great Expectations which rules some file fails. Nothing it answers carries a value of a file."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import great_expectations as gx
from great_expectations.core import ExpectationValidationResult
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.datasource.fluent.interfaces import Batch
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.row_conditions import (
    AndCondition,
    ComparisonCondition,
    Condition,
    NullityCondition,
    OrCondition,
)
from sqlalchemy import Connection
from sqlalchemy.pool import StaticPool

from expectations.rule import Rule

FILES, KEY = "patient_files", "patient_id"
"""The files as the round saw them, a temporary table of its session; and what identifies one."""
NOWHERE = "postgresql+psycopg://checker@nowhere/nothing"
"""An address that nobody connects to: Great Expectations wants one of this form, and works on our session."""


@dataclass(frozen=True)
class Judgement:
    """What became of a rule: ``unexpected_query`` selects the failing rows (none when all pass), or it broke."""

    rule: Rule
    applies: str
    unexpected_query: str | None
    is_broken: bool


def judge(rules: Sequence[Rule], connection: Connection) -> list[Judgement]:
    """Judge all files by all rules, in the session of ``connection``, which has no transaction under way.

    Great Expectations only says yes or no for each rule (``BOOLEAN_ONLY``) and hands over the rule's own query for
    the failing rows; which of its columns are read, and when, is ours to decide. A rule whose query broke also reads
    as "not successful": that is told apart here. Texts of exceptions may hold values and are dropped.
    """
    with _all_files(connection) as (batch, engine):
        outcome = batch.validate(
            gx.ExpectationSuite(name="files", expectations=[_expectation(rule) for rule in rules]),
            result_format={
                "result_format": "BOOLEAN_ONLY",
                "return_unexpected_index_query": True,
                "unexpected_index_column_names": index_columns(rules),
            },
        )
        by_code = {_code(result): result for result in outcome.results}
        return [_judgement(rule, by_code[rule.code], engine) for rule in rules]


@contextmanager
def _all_files(connection: Connection) -> Iterator[tuple[Batch, SqlAlchemyExecutionEngine]]:
    """Yield the table of all files as Great Expectations knows it, on the session that we lend to its engines."""
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL + 1)
    context = gx.get_context(mode="ephemeral", project_config=_no_documents())
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    lent = connection.connection.dbapi_connection
    source = context.data_sources.add_postgres(  # type: ignore[call-arg] # its stub leaves out the engine's arguments
        "practice", connection_string=NOWHERE, kwargs={"creator": lambda: lent, "poolclass": StaticPool}
    )
    try:
        table = source.add_table_asset(FILES, table_name=FILES)
        yield table.add_batch_definition_whole_table("all").get_batch(), source.get_execution_engine()
    finally:
        for engine in (source.get_execution_engine().engine, source.get_engine()):
            engine.dispose(close=False)  # the session is ours


def index_columns(rules: Sequence[Rule]) -> list[str]:
    """Return the key and every column that some rule's ``applies`` names, in the order that queries select them."""
    named = {column for rule in rules for column in columns_named(rule.applies)}
    return [KEY, *sorted(named - {KEY})]


def columns_named(condition: Condition | None) -> set[str]:
    """Return the columns that a condition names."""
    if isinstance(condition, (AndCondition, OrCondition)):
        return {column for part in condition.conditions for column in columns_named(part)}
    if isinstance(condition, (ComparisonCondition, NullityCondition)):
        return {condition.column.name}
    return set()


def _no_documents() -> DataContextConfig:
    """Return a configuration in memory only; the customary one draws pages with values into a temporary folder."""
    return DataContextConfig(store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False))


def _expectation(rule: Rule) -> ColumnMapExpectation:
    return rule.expectation.copy(update={"row_condition": rule.applies, "meta": {"code": rule.code}})


def _code(result: ExpectationValidationResult) -> str:
    configuration = result.expectation_config
    return str(configuration.meta["code"]) if configuration and configuration.meta else ""


def _judgement(rule: Rule, result: ExpectationValidationResult, engine: SqlAlchemyExecutionEngine) -> Judgement:
    broken = _is_broken(result.exception_info or {})
    query = None if broken or result.success else result.result["unexpected_index_query"].rstrip("; \n")
    return Judgement(rule, _sql(rule.applies, engine), query, broken)


def _is_broken(exception_info: dict[str, Any]) -> bool:
    """Whether a query failed: the information is flat, or keyed by the metric that failed."""
    parts = [part for part in exception_info.values() if isinstance(part, dict)] or [exception_info]
    return any(part.get("raised_exception") for part in parts)


def _sql(condition: Condition | None, engine: SqlAlchemyExecutionEngine) -> str:
    if condition is None:
        return "true"
    clause = engine.condition_to_filter_clause(condition)
    return str(clause.compile(dialect=engine.engine.dialect, compile_kwargs={"literal_binds": True}))
