"""Loads and clears the synthetic practice: one transaction, as the owner of the schema."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
from psycopg import sql
from sqlalchemy import Connection, Engine, text

from dashboard import clock
from dashboard.config import settings
from dashboard.demo import rules_aside
from dashboard.demo.agenda import write_agenda
from dashboard.demo.clinical import write_clinical
from dashboard.demo.consents import Templates, write_consents, write_templates
from dashboard.demo.diary import draw_diary
from dashboard.demo.family import write_coverages, write_guardians, write_payers
from dashboard.demo.money import write_money
from dashboard.demo.people import draw_people
from dashboard.demo.reminders import write_reminders
from dashboard.demo.shape import THERAPISTS_AT_ONCE, Shape, shape_of
from dashboard.demo.tables import Tables, Work
from dashboard.demo.team import Team, build_team
from dashboard.demo.training import write_training
from dashboard.demo.video import write_video
from dashboard.demo.waiting import write_waiting
from dashboard.demo.window import TIME_ZONE, Window

Progress = Callable[[str, float], None]

# Any of these tables having rows means that somebody has begun to work here.
SOMEBODY_WORKS = ("patient", "therapist", "app_user", "appointment")
LAW = {"message_rule", "online_booking", "retention_rule", "waiting_rule"}
"""What the migrations themselves wrote, for every practice."""
ASKED_AGAIN = ("appointment", "appointment_patient", "consent", "patient")
"""What the later parts are made from, while there are no indexes."""
TRUNCATE = sql.SQL("truncate {} restart identity")


class DemoRefusedError(RuntimeError):
    """The schema holds a practice that is not the synthetic one; nothing was touched."""


def load(
    engine: Engine,
    *,
    seed: int = 1,
    reference: date | None = None,
    sessions: int | None = None,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Replace the synthetic practice by a new one and return the number of rows of each table.

    The same ``seed`` and ``reference`` (by default today in Madrid) give the same rows. ``engine`` works as the
    owner of the schema (``db.admin_engine()``). ``progress`` is told what is being written and the share done.

    Raises:
        DemoRefusedError: the schema holds rows that are not the synthetic practice's.
        ValueError: ``sessions`` is out of range.
    """
    shape, window = shape_of(sessions), Window(reference or clock.today(TIME_ZONE))
    told = progress or _tell_nobody
    with engine.begin() as connection:
        _empty(connection)
        with rules_aside.set_aside(connection, told):
            tables = _write(connection, window, shape, seed, told)
        told("verify", 0.97)
        rules_aside.verify(connection)
        connection.execute(
            text("select pg_notify('intersession_changed', :what)"), {"what": f"{settings().db_schema}.demo"}
        )
    told("done", 1.0)
    return dict(sorted(tables.counts.items()))


def clear(engine: Engine) -> None:
    """Remove every row of the synthetic practice.

    Raises:
        DemoRefusedError: the schema holds rows that are not the synthetic practice's.
    """
    with engine.begin() as connection:
        _empty(connection)


def _empty(connection: Connection) -> None:
    is_synthetic = connection.execute(text("select is_synthetic from practice_profile")).scalar()
    if not is_synthetic:
        for table in SOMEBODY_WORKS:
            statement = sql.SQL("select exists (select from {})").format(sql.Identifier(table)).as_string(None)
            if connection.exec_driver_sql(statement).scalar():
                raise DemoRefusedError(
                    "This database holds a real practice. The synthetic practice is only loaded into an empty one."
                )
    emptied = [table for table in rules_aside.tables(connection) if table not in LAW]
    every = sql.SQL(", ").join(map(sql.Identifier, emptied))
    connection.exec_driver_sql(TRUNCATE.format(every).as_string(None))


def _tell_nobody(stage: str, share: float) -> None:
    """Report to nobody."""


def _write(connection: Connection, window: Window, shape: Shape, seed: int, told: Progress) -> Tables:
    """Write everything by COPY on the transaction's own connection; moments are given in UTC."""
    connection.exec_driver_sql("set local time zone 'UTC'")
    tables = Tables(rules_aside.driver(connection))
    chunks = -(-shape.therapists // THERAPISTS_AT_ONCE)
    seeds = np.random.SeedSequence([seed, window.reference.toordinal()]).spawn(chunks + 1)
    whole, *parts = [Work(np.random.default_rng(each), window, tables) for each in seeds]
    told("team", 0.0)
    team = build_team(whole, shape)
    write_payers(tables)
    templates = write_templates(tables)
    write_training(whole, shape.therapists, connection)
    with tables.copying_aside():
        for chunk, work in enumerate(parts):
            told("sessions", 0.02 + 0.6 * chunk / chunks)
            _write_part(work, shape, team, templates, chunk)
    rules_aside.analyze(connection, *ASKED_AGAIN)
    write_clinical(tables, connection, window.reference)
    write_video(whole, connection)
    write_waiting(tables, connection, window)
    write_reminders(tables, connection, window)
    tables.set_sequences()
    connection.exec_driver_sql("select setval('patient_number', (select max(number) from patient))")
    connection.exec_driver_sql("select fill_patient_lookup()")
    connection.exec_driver_sql("select fill_care_episodes()")
    _open_to_visitors(connection, window.reference)
    return tables


def _open_to_visitors(connection: Connection, since: date) -> None:
    """Let the hours of everybody at work be asked for on the public page, for individual therapy."""
    connection.exec_driver_sql(
        "insert into online_service (service_id, modes) select id, 'both' from service where kind = 'individual'"
    )
    opened = "insert into online_therapist (therapist_id, opened_at) select id, :since from therapist where is_active"
    connection.execute(text(opened), {"since": since})
    connection.exec_driver_sql("update online_booking set is_on = true")


def _write_part(work: Work, shape: Shape, team: Team, templates: Templates, chunk: int) -> None:
    """Write the patients, sessions, consents and money of some of the therapists."""
    first = chunk * THERAPISTS_AT_ONCE
    who = np.arange(first, min(first + THERAPISTS_AT_ONCE, shape.therapists))
    episodes, diary = draw_diary(work.rng, work.window, shape, team, who)
    people = draw_people(work, team, who, episodes, diary)
    guardians = write_guardians(work, people)
    coverages = write_coverages(work, people)
    agenda = write_agenda(work, team, episodes, diary, people)
    write_consents(work, people, guardians, templates)
    write_money(work, diary, people, coverages, agenda, chunk)
