"""What the audit log costs a write, and how fast its chain is proved whole."""

import time

import psycopg
import pytest

from dashboard.access import chain
from dashboard.access.actor import transaction
from dashboard.patients import commands
from dashboard.team import models as _team  # noqa: F401 - patients refer to its tables
from tests.acting import newcomer

WRITES, ENTRIES, AT_ONCE = 500, 200_000, 400
CHANGE = "update practice.patient set profession = %s where id = %s"
FILL = """
insert into practice.audit_log (operation, table_name, row_key)
select 'opened', 'patient', %s from generate_series(1, %s)
"""


def seconds_of_writes(actor, file):
    """Return how long single writes take, each in a transaction of its own."""
    begun = time.monotonic()
    for number in range(WRITES):
        with transaction(actor) as session:
            session.connection().exec_driver_sql(CHANGE, (f"Work {number}", file))
    return time.monotonic() - begun


@pytest.mark.benchmark
def test_what_the_audit_log_costs(database):
    actor = newcomer("manager")
    file = commands.open_file(actor, {"given_name": "Eva"})
    audited = seconds_of_writes(actor, file)
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute("alter table practice.patient disable trigger audit_update")
        bare = seconds_of_writes(actor, file)
        for _ in range(ENTRIES // AT_ONCE):
            connection.execute(FILL, ("1", AT_ONCE))
    begun = time.monotonic()
    found = chain.verify()
    seconds = time.monotonic() - begun
    assert found.is_whole
    print(
        f"\n{WRITES} writes: audited {audited / WRITES * 1000:.2f} ms each, bare {bare / WRITES * 1000:.2f} ms"
        f" ({audited / bare:.2f} times); verify {found.entries:,} entries in {seconds:.2f} s"
        f" ({found.entries / seconds:,.0f} a second)"
    )
