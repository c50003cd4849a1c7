"""A practice with a row of every table in each relation to a therapist, and what the database lets a role do with it.

The relations (scopes): the therapist's own patient; one in whose care team they are; one whom they only see or saw; a
colleague's; one without a therapist. Row ``n`` of a table belongs to patient ``n``.
"""

from __future__ import annotations

from typing import Any

import psycopg

from dashboard.access.sessions import hashed

Connection = psycopg.Connection[Any]

SCOPES = ("own", "team", "seen", "foreign", "orphan")
USERS = {"manager": 1, "front_desk": 2, "therapist": 3, "auditor": 4}
COLLEAGUE = 5
FORMER = 6
"""A manager who was a therapist, and whose notes and files are still there."""
LETTERS = {"r": "read", "i": "add", "u": "change", "d": "remove"}

SHARED = """
insert into practice_profile (id, name) values (1, 'Practice');
insert into site (id, name) values (1, 'Centre');
insert into room (id, site_id, name) values (1, 1, 'One');
insert into service (id, name, kind, minutes, price_cents) values (1, 'Session', 'individual', 50, 6000);
insert into therapist (id, given_name) values (1, 'Ana'), (2, 'Luis'), (3, 'Eva');
insert into working_hours (id, therapist_id, site_id, weekday, starts_at, ends_at, valid_from)
values (1, 2, 1, 1, '09:00', '14:00', '2026-01-01');
insert into absence (id, therapist_id, kind, starts_at, ends_at) values (1, 2, 'holiday', '2026-08-01', '2026-08-02');
insert into site_closure (id, site_id, closed_on, name) values (1, 1, '2026-01-06', 'Reyes');
insert into app_user (id, display_name, email, role, therapist_id) values
    (1, 'Marta', 'manager@example.org', 'manager', null), (2, 'Rosa', 'desk@example.org', 'front_desk', null),
    (3, 'Ana', 'therapist@example.org', 'therapist', 1), (4, 'Olga', 'auditor@example.org', 'auditor', null),
    (5, 'Luis', 'colleague@example.org', 'therapist', 2), (6, 'Eva', 'former@example.org', 'manager', 3);
insert into calendar_feed (id, therapist_id, room_id, token_sha256, created_by_id)
values (1, 1, null, sha256('1'), 3), (2, 2, null, sha256('2'), 5), (3, 3, null, sha256('3'), 6),
    (4, null, 1, sha256('4'), 1);
insert into video_provider (id, therapist_id, kind, address) values (1, null, 'jitsi', 'https://x'),
    (2, 1, 'jitsi', 'https://x'), (3, 2, 'jitsi', 'https://x'), (4, 3, 'jitsi', 'https://x');
insert into online_service (service_id) values (1);
insert into online_therapist (therapist_id) values (1);
insert into online_request (id, service_id, therapist_id, site_id, mode, starts_at, ends_at, state, patient_id, email)
values (1, 1, 1, 1, 'in_person', '2026-01-01 10:00+00', '2026-01-01 11:00+00', 'booked', 1, 'zoe@example.org');
insert into online_link (id, request_id, kind, token_sha256) values (1, 1, 'own', sha256('1'));
insert into online_letter (id, request_id, kind) values (1, 1, 'booked');
insert into payer (id, name) values (1, 'Insurer');
insert into consent_template (id, kind, language, version, title, body, text_sha256, signed_by, required_when)
values (1, 'treatment', 'en', 1, 'Treatment', 'Text', encode(sha256('Text'), 'hex'), 'patient', 'always');
insert into invoice_series (code, last_number) values ('A', 5);
insert into check_rule (code, severity, words, fix, position, is_active) values ('r', 'minor', '{}', 'x', 1, true);
insert into check_run (id) values (1);
insert into check_result (id, check_run_id, rule_code, applicable, failed) values (1, 1, 'r', 1, 0);
insert into refresh_run (id, stage) values (1, 'figures');
insert into training_requirement (code, body, name, cycle_months, hours_per_cycle)
values ('q', 'Body', 'Hours', 12, 50);
insert into training_requirement_part (id, requirement_code, rule, subject, amount)
values (1, 'q', 'kind_cap_hours', 'course', 9);
insert into patient_told_apart (first_id, second_id, by_id) values (1, 2, 1);
insert into import_run (id, source, mapping_version, sha256, label, state, started_at)
values (1, 's', '1', repeat('0', 64), 'File', 'done', now());
insert into import_set_aside (id, import_run_id, file, line, entity, code) values (1, 1, 'f', 1, 'e', 'c');
insert into external_ref (source, entity, external_id, local_id, content_sha256) values ('s', 'e', '1', 1, sha256('1'));
insert into audit_log (id, operation, table_name) values (1, 'opened', 'patient');
insert into audit_chain (seq, audit_id, previous, hash) values (1, 1, '', '');
insert into import_staging (id, entity, file, line, external_id, content_sha256, draft)
values (1, 'e', 'f', 1, '1', sha256('1'), '{}');
"""
OF_THERAPIST = """
insert into appointment_series (id, therapist_id, frequency, local_time, starts_on)
values (%(id)s, %(id)s, 'weekly', '10:00', '2026-01-05');
insert into therapist_requirement (therapist_id, requirement_code, first_cycle_starts_on)
values (%(id)s, 'q', '2026-01-01');
insert into therapist_note_template (therapist_id, template_code) values (%(id)s, 'soap');
insert into training_entry (id, therapist_id, title, kind, topic, mode, hours, started_on, ended_on, idempotency_key)
values (%(id)s, %(id)s, 'Ethics', 'course', 'ethics', 'online', 8, '2026-01-01', '2026-01-01', 'k%(id)s');
insert into busy_time (id, therapist_id, calendar, uid_sha256, starts_at, ends_at, is_all_day)
values (%(id)s, %(id)s, 'Home', sha256('1'), '2026-01-01 10:00+00', '2026-01-01 11:00+00', false);
insert into linked_account (therapist_id, address, user_name, sealed_password, key_id, uid_secret)
values (%(id)s, 'https://cloud.example.org/', 'ana', '0', 'k', sha256('1'));
insert into linked_calendar (id, therapist_id, url, name, is_busy)
values (%(id)s, %(id)s, 'https://cloud.example.org/home/', 'Home', true);
insert into linked_event (id, therapist_id, calendar_id, appointment_id, starts_at, ends_at)
values (%(id)s, %(id)s, %(id)s, %(id)s, '2026-01-01 10:00+00', '2026-01-01 11:00+00');
insert into linked_proposal (id, therapist_id, event_id, appointment_id, kind, outside_tag)
values (%(id)s, %(id)s, %(id)s, %(id)s, 'cancel', '');
"""
OF_PATIENT = """
insert into patient (id, number, given_name, main_therapist_id) values (%(id)s, %(id)s, 'Zoe', %(main)s);
insert into patient_lookup (key, patient_id) values ('w:zoe', %(id)s);
insert into guardian (id, patient_id, given_name, relation) values (%(id)s, %(id)s, 'Rosa', 'mother');
insert into care_team (id, patient_id, therapist_id, kind) values (%(id)s, %(id)s, 3, 'supervisor');
insert into care_episode (id, patient_id, opened_on) values (%(id)s, %(id)s, '2026-01-01');
insert into patient_case (id, kind, opened_on) values (%(id)s, 'couple', '2026-01-01');
insert into case_member (case_id, patient_id) values (%(id)s, %(id)s);
insert into coverage (id, patient_id, payer_id, valid_from) values (%(id)s, %(id)s, 1, '2026-01-01');
insert into clinical_history (id, patient_id, opened_on) values (%(id)s, %(id)s, '2026-01-01');
insert into appointment (id, therapist_id, site_id, service_id, starts_at, ends_at, state)
values (%(id)s, %(sees)s, 1, 1, '2026-01-0%(id)s 10:00+00', '2026-01-0%(id)s 11:00+00', 'attended');
insert into appointment_patient (appointment_id, patient_id, therapist_id) values (%(id)s, %(id)s, %(sees)s);
insert into consent (id, patient_id, template_id, state, requested_on)
values (%(id)s, %(id)s, 1, 'requested', '2026-01-01');
insert into consent_signature (id, consent_id, signed_at, method, text_sha256)
values (%(id)s, %(id)s, '2026-01-02', 'on_screen', encode(sha256('Text'), 'hex'));
insert into consent_attempt (id, patient_id, kind, channel, outcome)
values (%(id)s, %(id)s, 'treatment', 'call', 'no_answer');
insert into charge (id, appointment_id, patient_id, kind, charged_on, amount_cents)
values (%(id)s, %(id)s, %(id)s, 'session', '2026-01-0%(id)s', 6000);
insert into charge_write_off (id, charge_id, amount_cents, written_off_on, reason)
values (%(id)s, %(id)s, 6000, '2026-01-20', 'goodwill');
insert into invoice (id, series, number, patient_id, issued_on, due_on, total_cents, recipient_name, issuer_name)
values (%(id)s, 'A', %(id)s, %(id)s, '2026-01-20', '2026-02-20', 6000, 'Zoe', 'Practice');
insert into invoice_line (id, invoice_id, charge_id, amount_cents) values (%(id)s, %(id)s, %(id)s, 6000);
insert into payment (id, patient_id, method, amount_cents, received_on)
values (%(id)s, %(id)s, 'cash', 6000, '2026-02-01');
insert into payment_allocation (id, payment_id, invoice_id, amount_cents, allocated_on)
values (%(id)s, %(id)s, %(id)s, 6000, '2026-02-01');
insert into patient_key (id, patient_id, purpose, wrapped, master_id) values (%(id)s, %(id)s, 'document', '0', 'm');
insert into patient_key (id, patient_id, purpose, wrapped, master_id) values (1%(id)s, %(id)s, 'clinical', '0', 'm');
insert into document (id, patient_id, kind, is_clinical, media_type, size, sha256, added_by_id, sealed_name, sealed)
values (%(id)s, %(id)s, 'other', false, 'image/png', 1, sha256('1'), 2, '0', '0');
insert into document (id, patient_id, kind, is_clinical, media_type, size, sha256, added_by_id, sealed_name, sealed)
values (1%(id)s, %(id)s, 'report', true, 'image/png', 1, sha256('1'), 3, '0', '0');
insert into processing_restriction (id, patient_id, reason, by_id, lifted_at)
values (%(id)s, %(id)s, 'A dispute', 1, now());
insert into file_merge
(id, kept_id, merged_id, by_id, status_before, fields, appointments, consents, memberships, undone_at)
values (%(id)s, %(id)s, 99, 1, 'active', '{}', '{}', '{}', '{}', now());
insert into erasure (patient_id, kind, by_id) values (%(id)s, 'clinical', 1);
insert into clinical_history_version (id, patient_id, version, author_id, sealed) values (%(id)s, %(id)s, 1, 3, '0');
insert into session_note
(id, appointment_id, patient_id, author_id, therapist_id, template_code, status, signed_at, sealed)
values (%(id)s, %(id)s, %(id)s, %(author)s, %(sees)s, 'soap', 'signed', now(), '0');
insert into note_addendum (id, note_id, author_id, sealed) values (%(id)s, %(id)s, %(author)s, '0');
insert into message
(id, kind, appointment_id, patient_id, language, starts_at, due_at, lapses_at, state, message_id, claimed_at)
values (%(id)s, 'reminder', %(id)s, %(id)s, 'es', now(), now(), now(), 'sending', '<1@x>', now());
insert into video_link (id, appointment_id, address, is_fixed) values (%(id)s, %(id)s, 'https://x', false);
insert into video_tick (id, appointment_id, patient_id, item, is_done, by_id)
values (%(id)s, %(id)s, %(id)s, 'place', true, 1);
insert into video_place (appointment_id, patient_id, place) values (%(id)s, %(id)s, 'Home');
insert into video_material (id, appointment_id, title, address, added_by_id)
values (%(id)s, %(id)s, 'other', 'https://x', %(author)s);
insert into waiting_entry (id, patient_id, service_id) values (%(id)s, %(id)s, 1);
insert into freed_hour
(id, appointment_id, therapist_id, site_id, mode, starts_at, ends_at, state, ended_at)
select id, id, therapist_id, 1, mode, starts_at, ends_at, 'filled', now() from appointment where id = %(id)s;
insert into waiting_offer
(id, freed_hour_id, entry_id, turn, mode, ends_at, expires_at, state, answered_at)
values (%(id)s, %(id)s, %(id)s, 1, 'in_person', now(), now() + interval '1 hour', 'accepted', now());
insert into waiting_event (id, what, entry_id) values (%(id)s, 'added', %(id)s);
insert into finding (id, patient_id, rule_code, since) values (%(id)s, %(id)s, 'r', '2026-01-01');
"""
CLINICAL_TOO = ("document", "patient_key")
"""Row 1n of these is clinical, row n is for the office as well."""
BY_PATIENT = ("erasure", "appointment_patient", "case_member", "patient_lookup", "video_place")
BY_THERAPIST = (
    *("appointment_series", "busy_time", "calendar_feed", "training_entry", "therapist_requirement"),
    *("therapist_note_template", "video_provider"),
    *("linked_account", "linked_calendar", "linked_event", "linked_proposal"),
)


GO_ON = """
select setval(pg_get_serial_sequence(a.attrelid::regclass::text, a.attname), 1000)
from pg_attribute as a join pg_class as c on c.oid = a.attrelid
where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and a.attidentity <> ''
"""
"""What is added later has identifiers of its own: "on conflict do nothing" would not even say that it was not."""


def write(connection: Connection) -> dict[str, str]:
    """Write the rows as superuser, past every trigger; return the tokens of people by role."""
    connection.execute("set session_replication_role = replica")
    connection.execute(SHARED)
    for therapist in (1, 2, 3):
        connection.execute(OF_THERAPIST % {"id": therapist})
    whose = {"own": ("1", 1), "team": ("2", 2), "seen": ("2", 1), "foreign": ("2", 2), "orphan": ("null", 2)}
    for number, scope in enumerate(SCOPES, start=1):
        main, sees = whose[scope]
        author = USERS["therapist"] if sees == 1 else FORMER if scope == "orphan" else COLLEAGUE
        connection.execute(OF_PATIENT % {"id": number, "main": main, "sees": sees, "author": author})
    connection.execute("insert into care_team (id, patient_id, therapist_id, kind) values (9, 2, 1, 'co_therapist')")
    tokens = {}
    for role, user in (*USERS.items(), ("colleague", COLLEAGUE), ("former", FORMER)):
        tokens[role] = f"token of {role}"
        connection.execute(
            "insert into login_session (id, user_id, role, is_active, therapist_key, token_sha256)"
            " select id, id, role, is_active, therapist_key, %s from app_user where id = %s",
            (hashed(tokens[role]), user),
        )
    connection.execute("insert into credential (user_id, password_hash) values (1, 'h')")
    connection.execute("insert into recovery_code (user_id, code_sha256) values (1, %s)", (hashed("code"),))
    connection.execute(
        "insert into account_link (user_id, kind, token_sha256, expires_at)"
        " values (1, 'reset', %s, now() + interval '1 hour')",
        (hashed("link"),),
    )
    connection.execute("set session_replication_role = origin")
    connection.execute(GO_ON)
    return tokens


def rows_of(connection: Connection, table: str, role: str) -> dict[str, str]:
    """Return for each scope that a table has the condition that finds its row."""
    if table == "login_session":
        return {"own": f"id = {USERS.get(role, COLLEAGUE)}", "foreign": f"id = {COLLEAGUE}"}
    if table in BY_THERAPIST:
        found = {"own": "therapist_id = 1", "foreign": "therapist_id = 2", "orphan": "therapist_id = 3"}
        others = {"calendar_feed": {"room": "room_id = 1"}, "video_provider": {"practice": "therapist_id is null"}}
        return found | others.get(table, {})
    if table in BY_PATIENT:
        return {scope: f"patient_id = {number}" for number, scope in enumerate(SCOPES, start=1)}
    if table in CLINICAL_TOO:
        plain = {scope: f"id = {number}" for number, scope in enumerate(SCOPES, start=1)}
        return plain | {f"{scope}_clinical": f"id = 1{number}" for number, scope in enumerate(SCOPES, start=1)}
    has_several = connection.execute(f"select count(*) >= 5 from {table}").fetchone() == (True,)
    if has_several and table != "app_user":
        return {scope: f"id = {number}" for number, scope in enumerate(SCOPES, start=1)}
    return {"one": "true"}
