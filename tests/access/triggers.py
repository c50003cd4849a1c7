"""What each trigger is for, as a trial whose outcome differs when the trigger is gone; every trial is taken back."""

from __future__ import annotations

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from tests.access.rows import Connection

ALL = """
select c.relname, t.tgname from pg_trigger as t join pg_class as c on c.oid = t.tgrelid
where not t.tgisinternal and c.relnamespace = current_schema()::regnamespace order by 1, 2
"""
RULES = """
select conname from pg_constraint where conrelid = %s::regclass and contype in ('c', 'x')
"""
ENTRIES = "select count(*) from audit_log where table_name = %s"
COLUMNS = """
select a.attname, format_type(a.atttypid, null) from pg_attribute as a
where a.attrelid = %s::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum
"""
# How a value of a type becomes another one.
OTHER = {
    "bigint": "coalesce({0}, 0) + 1000",
    "integer": "coalesce({0}, 0) + 1",
    "smallint": "coalesce({0}, 0) + 1",
    "numeric": "coalesce({0}, 0) + 1",
    "boolean": "not coalesce({0}, false)",
    "date": "coalesce({0}, '2026-01-01') + 1",
    "timestamp with time zone": "coalesce({0}, now()) + interval '1 day'",
    "bytea": "sha256(coalesce({0}, ''))",
    "character varying": "case when {0} = 'x' then 'y' else 'x' end",
}
UNWATCHED = {"seen_at", "idle_until", "updated_at"}
"""Columns whose changes alone are not on record."""

INVOICE = "insert into invoice (id, series, number, patient_id, issued_on, due_on, total_cents, recipient_name,"
TRIALS = {
    ("appointment_patient", "attendee_copies_appointment"): [
        "insert into appointment_patient (appointment_id, patient_id) values (1, 2) returning therapist_id, state",
    ],
    ("appointment", "appointment_tells_attendees"): [
        "update appointment set therapist_id = 2 where id = 1",
        "select therapist_id from appointment_patient where appointment_id = 1",
    ],
    ("appointment", "charged_stays_marked"): ["update appointment set state = 'no_show' where id = 1 returning state"],
    ("appointment", "offer_follows"): [
        "update appointment set state = 'held', held_until = now() where id = 1",
        "update waiting_offer set state = 'offered', answered_at = null, appointment_id = 1 where id = 1",
        "update appointment set state = 'booked', held_until = null where id = 1",
        "select state from waiting_offer where id = 1",
    ],
    **{
        (table, "waiting_logged"): [change, "select count(*) from waiting_event"]
        for table, change in {
            "waiting_entry": "update waiting_entry set note = 'After five' where id = 1",
            "waiting_offer": "update waiting_offer set state = 'declined' where id = 1",
            "freed_hour": "update freed_hour set state = 'stopped' where id = 1",
        }.items()
    },
    ("invoice", "invoice_total"): [
        f"{INVOICE} issuer_name) values (99, 'A', 99, 1, '2026-01-20', '2026-02-20', 5, 'Zoe', 'Practice')",
        "set constraints all immediate",
    ],
    ("invoice_line", "invoice_total"): [
        "set local session_replication_role = replica",
        """insert into charge (id, appointment_id, patient_id, kind, charged_on, amount_cents)
        values (99, 2, 1, 'session', '2026-01-03', 5)""",
        "set local session_replication_role = origin",
        "insert into invoice_line (id, invoice_id, charge_id, amount_cents) values (99, 1, 99, 5)",
        "set constraints all immediate",
    ],
    ("payment_allocation", "allocations_within_bounds"): [
        """insert into payment_allocation (id, payment_id, invoice_id, amount_cents, allocated_on)
        values (99, 1, 1, 1, '2026-02-01') returning id"""
    ],
    ("consent_signature", "signature_fits_consent"): [
        """insert into consent_signature (id, consent_id, signed_at, method, text_sha256)
        values (99, 1, '2026-01-02', 'on_screen', encode(sha256('Other'), 'hex')) returning id"""
    ],
    ("consent", "signed_has_signature"): [
        "set local session_replication_role = replica",
        "delete from consent_signature where consent_id = 1",
        "set local session_replication_role = origin",
        "update consent set state = 'signed', signed_on = '2026-01-02' where id = 1",
        "set constraints all immediate",
    ],
    ("patient", "patient_updated_at"): [
        "update patient set profession = 'Sailor' where id = 1 returning updated_at = now()"
    ],
    ("patient", "looked_up_insert"): [
        "insert into patient (id, number, given_name) values (99, 99, 'Ulpiano')",
        "select count(*) from patient_lookup where patient_id = 99",
    ],
    ("patient", "looked_up_update"): [
        "update patient set given_name = 'Ulpiano' where id = 1",
        "select count(*) from patient_lookup where patient_id = 1 and key like '%ulpiano%'",
    ],
    ("patient", "episode_opens"): [
        "insert into patient (id, number, given_name) values (99, 99, 'Ulpiano')",
        "select count(*) from care_episode where patient_id = 99",
    ],
    ("patient", "episode_changes"): [
        "update patient set status = 'discharged' where id = 1",
        "select count(*) from care_episode where patient_id = 1 and discharged_on is null",
    ],
    ("patient", "merged_file_stays"): ["update patient set status = 'merged' where id = 1 returning id"],
    ("patient", "restricted"): [
        "insert into processing_restriction (id, patient_id, reason, by_id) values (99, 1, 'A dispute', 1)",
        "update patient set profession = 'Sailor' where id = 1 returning id",
    ],
    ("appointment_patient", "restricted"): [
        "insert into processing_restriction (id, patient_id, reason, by_id) values (99, 2, 'A dispute', 1)",
        """insert into appointment_patient (appointment_id, patient_id, therapist_id, starts_at, ends_at, state)
        select id, 2, therapist_id, now() + interval '1 day', now() + interval '2 days', state
        from appointment where id = 1 returning patient_id""",
    ],
    ("appointment", "link_made"): [
        """insert into appointment (id, therapist_id, site_id, service_id, mode, starts_at, ends_at)
        values (99, 1, 1, 1, 'online', now() + interval '24 hours', now() + interval '25 hours')""",
        "select count(*) from video_link where appointment_id = 99",
    ],
    ("appointment", "link_follows"): [
        "delete from video_link where appointment_id = 1",
        """update appointment set mode = 'online', state = 'booked', starts_at = now() + interval '24 hours',
        ends_at = now() + interval '25 hours' where id = 1""",
        "select count(*) from video_link where appointment_id = 1",
    ],
    ("message", "message_notes_place"): [
        "update message set place = 'elsewhere' where id = 1",
        "update message set state = 'told' where id = 1 returning place",
    ],
    ("video_tick", "tick_is_signed"): [
        """insert into video_tick (id, appointment_id, patient_id, item, is_done, by_id)
        values (99, 1, 1, 'place', true, 1) returning id"""
    ],
    ("erasure", "erased_calls"): [
        "insert into erasure (patient_id, kind, by_id) values (1, 'person', 1)",
        "select count(*) from video_place where patient_id = 1",
    ],
    ("erasure", "online_request_forgotten"): [
        "insert into erasure (patient_id, kind, by_id) values (1, 'person', 1)",
        "select email from online_request where patient_id = 1",
    ],
    ("session_note", "signed_note_is_locked"): ["update session_note set sealed = '1' where id = 1 returning id"],
    ("patient_key", "patient_key_stays"): ["update patient_key set patient_id = 99 where id = 1 returning id"],
    ("patient_key", "patient_key_kept"): ["delete from patient_key where id = 1 returning id"],
    ("audit_log", "audit_chains"): [
        "insert into audit_log (operation, table_name) values ('opened', 'patient')",
        "set constraints all immediate",
        "select count(*) from audit_chain",
    ],
}


def observed(connection: Connection, table: str, trigger: str, *, is_there: bool) -> object:
    """Return what comes of the trial of a trigger, alone on its table or gone; nothing stays."""
    connection.execute("savepoint alone")
    name = sql.Identifier(table)
    connection.execute(sql.SQL("alter table {} disable trigger all").format(name))
    if is_there:
        connection.execute(sql.SQL("alter table {} enable trigger {}").format(name, sql.Identifier(trigger)))
    try:
        return _outcome(connection, table, trigger)
    except psycopg.Error as error:
        return error.sqlstate, error.diag.constraint_name
    finally:
        connection.execute("rollback to alone")


def _outcome(connection: Connection, table: str, trigger: str) -> object:
    if trigger.startswith("audit_") and (table, trigger) not in TRIALS:
        return _entries_of_write(connection, table, trigger.removeprefix("audit_"))
    if trigger == "append_only":
        column = connection.execute(COLUMNS, (table,)).fetchall()[-1][0]
        change = sql.SQL("update {0} set {1} = {1} returning 1").format(sql.Identifier(table), sql.Identifier(column))
        return bool(connection.execute(change).fetchall())
    if trigger == "never_emptied":
        return connection.execute(sql.SQL("truncate {} cascade").format(sql.Identifier(table))).statusmessage
    *before, last = TRIALS[table, trigger]
    for statement in before:
        connection.execute(statement)
    cursor = connection.execute(last)
    return cursor.fetchall() if cursor.description else cursor.statusmessage


def _entries_of_write(connection: Connection, table: str, operation: str) -> int:
    """Return how many entries of the audit log come of one row added, changed or removed."""
    name = sql.Identifier(table)
    # Rules of the table's own would refuse an invented value; what is tried here is the record of it.
    for (rule,) in connection.execute(RULES, (table,)).fetchall():
        connection.execute(sql.SQL("alter table {} drop constraint {}").format(name, sql.Identifier(rule)))
    columns = connection.execute(COLUMNS, (table,)).fetchall()
    [(before,)] = connection.execute(ENTRIES, (table,)).fetchall()
    [(row,)] = connection.execute(sql.SQL("select to_jsonb(t) from {} as t limit 1").format(name)).fetchall()
    if operation == "update":
        column, kind = next(pair for pair in reversed(columns) if pair[1] in OTHER and pair[0] not in UNWATCHED)
        other = sql.SQL(OTHER[kind]).format(sql.Identifier(column))
        connection.execute(sql.SQL("update {} set {} = {}").format(name, sql.Identifier(column), other))
    else:
        if operation == "insert":
            connection.execute("set local session_replication_role = replica")
        connection.execute(sql.SQL("delete from {}").format(name))
        connection.execute("set local session_replication_role = origin")
    if operation == "insert":
        listed = sql.SQL(", ").join(sql.Identifier(column) for column, _ in columns)
        connection.execute(
            sql.SQL("insert into {0} ({1}) select {1} from jsonb_populate_record(null::{0}, {2})").format(
                name, listed, sql.Literal(Jsonb(row))
            )
        )
    [(after,)] = connection.execute(ENTRIES, (table,)).fetchall()
    return int(after - before)
