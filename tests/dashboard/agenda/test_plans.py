"""What stands in the way is found by few rows, also by a connection that planned it while the agenda was empty."""

from __future__ import annotations

from typing import Any

import psycopg

from tests.conftest import Database
from tests.dashboard.agenda.conftest import Week

HOURS = 3_000
BECOME = "select set_config('role', 'app_front_desk', true), set_config('app.token', %s, true)"
ASK = """
select count(*) from agenda_obstacles(
    %s, %s, %s, %s, %s, 'in_person', array[now() + interval '30 days'], array[now() + interval '30 days 1 hour'], '{}'
)
"""
SHAPE = """
insert into therapist (given_name, site_id) select 'T' || i, %s from generate_series(1, 20) as i;
insert into room (site_id, name) select %s, 'R' || i from generate_series(1, 20) as i;
insert into patient (given_name) select 'P' || i from generate_series(1, 100) as i
"""
FILL = """
with made as (
    insert into appointment (therapist_id, site_id, room_id, service_id, starts_at, ends_at)
    select t.id, %s, r.id, %s, now() + i * interval '1 hour', now() + (i + 1) * interval '1 hour'
    from generate_series(1, %s) as i
    join (select id, row_number() over (order by id) as place from therapist) as t on t.place = 1 + i %% 20
    join (select id, row_number() over (order by id) as place from room) as r on r.place = 1 + i %% 20
    returning id, therapist_id
)
insert into appointment_patient (appointment_id, patient_id, therapist_id)
select m.id, p.id, m.therapist_id from made as m join patient as p on p.id = (select min(id) from patient) + m.id %% 100
"""
READ = """
select sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) from pg_stat_xact_user_tables
where relname in ('appointment', 'appointment_patient')
"""
DEFINED = """
select pg_get_functiondef('agenda_obstacles'::regproc)
"""
GUARD = "SET enable_seqscan TO 'off'"


def one(connection: psycopg.Connection, statement: str, values: tuple[Any, ...] = ()) -> Any:
    """Return the one value of an answer."""
    return (connection.execute(statement, values).fetchone() or (None,))[0]


def rows_read(database: Database, week: Week, *, is_guarded: bool = True) -> int:
    """Return how many rows one question reads after the agenda filled."""
    of_whom = (week.therapist.therapist_id, week.site, week.room, week.service)
    with psycopg.connect(database.url, options="-c search_path=practice,pg_catalog -c jit=off") as connection:
        for statement in SHAPE.replace("%s", str(week.site)).split(";"):
            connection.execute(statement)
        connection.execute("analyze")
        if not is_guarded:
            definition = one(connection, DEFINED)
            assert GUARD in definition
            connection.execute(definition.replace(GUARD, ""))
        connection.execute(BECOME, (week.front_desk.token,))
        assert one(connection, ASK, (*of_whom, [week.patient])) == 0
        connection.execute("reset role")
        connection.execute(FILL, (week.site, week.service, HOURS))
        connection.execute(BECOME, (week.front_desk.token,))
        before = one(connection, READ)
        connection.execute(ASK, (*of_whom, [week.patient]))
        read = int(one(connection, READ) - before)
        connection.rollback()
    return read


def test_a_plan_made_when_the_agenda_was_empty_reads_few_rows(database: Database, week: Week) -> None:
    assert rows_read(database, week) < HOURS / 10


def test_without_its_guard_such_a_plan_reads_whole_tables(database: Database, week: Week) -> None:
    # Among many tests a connection may have to forget its plans in between, and makes good ones.
    assert any(rows_read(database, week, is_guarded=False) > HOURS / 2 for _turn in range(3))
