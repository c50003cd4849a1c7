"""``python -m expectations``: one round of all rules over all patient files."""

from __future__ import annotations

import argparse
import json
import logging
import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict

from sqlalchemy import Connection

from dashboard import db
from expectations import findings
from expectations.context import Judgement, judge
from expectations.rule import Rule
from expectations.suites import RULES

LOCK = 7_204_114  # any fixed number: two rounds on one database wait for each other
KEPT = "90 days"

log = logging.getLogger("expectations")


class BrokenRuleError(Exception):
    """A rule's query failed, so nothing is known about any file."""

    def __init__(self, judgements: Sequence[Judgement]) -> None:
        super().__init__(", ".join(judgement.rule.code for judgement in judgements))


def run_round(rules: Sequence[Rule] = RULES) -> findings.Tally:
    """Judge all files by all rules and record the outcome.

    Raises:
        BrokenRuleError: a rule could not be judged; no finding was opened or closed.
        Exception: the database refused; the run is marked as failed, and nothing else was written.
    """
    with _alone() as connection:
        _close_abandoned_runs(connection)
        run: int = connection.exec_driver_sql("insert into check_run default values returning id").scalar_one()
        connection.commit()
        try:
            tally = _check(connection, rules, run)
        except Exception as error:
            connection.rollback()
            _mark_failed(connection, run, error)
            raise
        return tally


@contextmanager
def _alone() -> Iterator[Connection]:
    """Yield a session of its own whose transactions are snapshots, once no other round is under way."""
    with db.engine("checker").execution_options(isolation_level="REPEATABLE READ").connect() as connection:
        connection.detach()  # never back to the pool: closing it drops the copy of the files and the lock
        connection.exec_driver_sql("select pg_advisory_lock(%s)", (LOCK,))
        connection.commit()
        yield connection


def _check(connection: Connection, rules: Sequence[Rule], run: int) -> findings.Tally:
    findings.look(connection)
    judgements = judge(rules, connection)
    if broken := [judgement for judgement in judgements if judgement.is_broken]:
        raise BrokenRuleError(broken)
    tally = findings.record(connection, judgements, run)
    connection.exec_driver_sql(
        "update check_run set state = 'done', finished_at = clock_timestamp(), files = %s where id = %s",
        (tally.files, run),
    )
    _forget_old_runs(connection)
    connection.commit()
    return tally


def _mark_failed(connection: Connection, run: int, error: Exception) -> None:
    """Log which rule or SQLSTATE it was, under a number that people can quote; never the error's own text."""
    reference = secrets.token_hex(4)
    what = str(error) if isinstance(error, BrokenRuleError) else getattr(getattr(error, "orig", None), "sqlstate", None)
    log.error("checks failed: %s %s reference=%s", type(error).__name__, what or "", reference)
    connection.exec_driver_sql(
        "update check_run set state = 'failed', finished_at = clock_timestamp(), error_reference = %s where id = %s",
        (reference, run),
    )
    connection.commit()


def _close_abandoned_runs(connection: Connection) -> None:
    """Close what a killed process left open: we are alone, so no run but ours is under way."""
    connection.exec_driver_sql(
        "update check_run set state = 'failed', finished_at = clock_timestamp() where state = 'running'"
    )


def _forget_old_runs(connection: Connection) -> None:
    connection.exec_driver_sql(
        "delete from check_run where finished_at < now() - %s::interval"
        " and not exists (select from check_result where check_run_id = check_run.id)",
        (KEPT,),
    )
    connection.exec_driver_sql("delete from refresh_run where finished_at < now() - %s::interval", (KEPT,))


def main() -> int:
    """Run one round; say the counts, as JSON when asked; return 1 when the round failed."""
    parser = argparse.ArgumentParser(prog="python -m expectations", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the counts as JSON")
    parser.add_argument("--wait", action="store_true", help="get ready, then wait for a line on standard input")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    if arguments.wait and not sys.stdin.readline():
        return 1
    try:
        tally = run_round()
    except Exception:  # noqa: BLE001 - its text may hold values: the log has the reference
        return 1
    counts = asdict(tally)
    words = json.dumps(counts) if arguments.json else ", ".join(f"{name} {count}" for name, count in counts.items())
    sys.stdout.write(words + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
