"""Add the audit log: who did what to which row, never its values, in a chain that shows what was taken out of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dashboard.migrations.auditing import audit, leave_unaudited
from dashboard.migrations.row_security import Right, protect

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

AUDITED = {
    "absence": "id",
    "app_user": "id",
    "appointment": "id",
    "appointment_patient": "appointment_id,patient_id",
    "appointment_series": "id",
    "care_team": "id",
    "case_member": "case_id,patient_id",
    "charge": "id",
    "charge_write_off": "id",
    "clinical_history": "id",
    "consent": "id",
    "consent_attempt": "id",
    "consent_signature": "id",
    "consent_template": "id",
    "coverage": "id",
    "guardian": "id",
    "import_run": "id",
    "invoice": "id",
    "invoice_line": "id",
    "invoice_series": "code",
    "login_session": "id",
    "patient": "id",
    "patient_case": "id",
    "payer": "id",
    "payment": "id",
    "payment_allocation": "id",
    "practice_profile": "id",
    "room": "id",
    "service": "id",
    "site": "id",
    "therapist": "id",
    "therapist_requirement": "therapist_id,requirement_code",
    "training_entry": "id",
    "training_requirement": "code",
    "training_requirement_part": "id",
    "working_hours": "id",
}

# One row for each row written, with the names of the columns that changed. A statement that writes very many, as an
# import does, leaves one row with their number: the import's own ledger says what came in.
WRITES = """
create function audit_write() returns trigger language plpgsql security definer set search_path from current as $$
declare
    who record;
    keys text[] := string_to_array(tg_argv[0], ',');
    written bigint;
begin
    select s.session_id, s.user_id, s.role into who from session_now() as s;
    if tg_op = 'DELETE' then
        select count(*) into written from old_rows;
    else
        select count(*) into written from new_rows;
    end if;
    if written > 500 then
        insert into audit_log (session_id, user_id, role, operation, table_name, rows)
        values (who.session_id, who.user_id, who.role, lower(tg_op), tg_table_name, written);
    elsif tg_op = 'INSERT' then
        insert into audit_log (session_id, user_id, role, operation, table_name, row_key, patient_id)
        select who.session_id,
            case when tg_table_name = 'login_session' then (w.doc ->> 'user_id')::bigint else who.user_id end,
            who.role, 'insert', tg_table_name, audit_key(w.doc, keys),
            audit_patient(w.doc, tg_table_name)
        from (select to_jsonb(n) as doc from new_rows as n) as w;
    elsif tg_op = 'DELETE' then
        insert into audit_log (session_id, user_id, role, operation, table_name, row_key, patient_id)
        select who.session_id, who.user_id, who.role, 'delete', tg_table_name, audit_key(w.doc, keys),
            audit_patient(w.doc, tg_table_name)
        from (select to_jsonb(o) as doc from old_rows as o) as w;
    else
        insert into audit_log (session_id, user_id, role, operation, table_name, row_key, patient_id, changed)
        select who.session_id, who.user_id, who.role, 'update', tg_table_name, w.key,
            audit_patient(w.doc, tg_table_name), w.changed
        from (
            -- A row whose key itself was changed meets no old one: then its key is what changed.
            select n.doc, n.key, case when o.doc is null then keys else array(
                select f.name from jsonb_object_keys(n.doc) as f (name)
                where n.doc -> f.name is distinct from o.doc -> f.name
                    and f.name not in ('seen_at', 'idle_until', 'updated_at') order by f.name
            ) end as changed
            from (select to_jsonb(t) as doc, audit_key(to_jsonb(t), keys) as key from new_rows as t) as n
            left join (
                select to_jsonb(t) as doc, audit_key(to_jsonb(t), keys) as key from old_rows as t
            ) as o using (key)
        ) as w
        where w.changed <> '{}';
    end if;
    return null;
end $$;
create function audit_key(doc jsonb, keys text[]) returns text language sql immutable as $$
    select string_agg(doc ->> k.name, ',' order by k.place) from unnest(keys) with ordinality as k (name, place)
$$;
create function audit_patient(doc jsonb, table_name text) returns bigint language sql immutable as $$
    select (case when table_name = 'patient' then doc ->> 'id' else doc ->> 'patient_id' end)::bigint
$$;
"""

# The chain grows at the end of each transaction, in the order in which they end: its head is locked for no longer.
CHAIN = """
create function audit_chains() returns trigger language plpgsql security definer set search_path from current as $$
declare
    head record;
    next bytea;
begin
    select seq, hash into head from audit_head where id = 1 for update;
    next := sha256(head.hash || convert_to(jsonb_build_array(
        head.seq + 1, new.id, extract(epoch from new.at), new.user_id, new.session_id, new.role, new.operation,
        new.table_name, new.row_key, new.patient_id, new.changed, new.rows, new.reason
    )::text, 'UTF8'));
    insert into audit_chain (seq, audit_id, previous, hash) values (head.seq + 1, new.id, head.hash, next);
    update audit_head set seq = head.seq + 1, hash = next where id = 1;
    return null;
end $$;
create constraint trigger audit_chains after insert on audit_log
deferrable initially deferred for each row execute function audit_chains();
"""

# What is no write: reading, refusing, taking out. The session tells who; nobody can say it of somebody else.
NOTES = """
create function audit_note(noted text, about text, key text, patient bigint, why text) returns void
language sql volatile security definer set search_path from current as $$
    insert into audit_log (session_id, user_id, role, operation, table_name, row_key, patient_id, reason)
    select s.session_id, s.user_id, s.role, noted, left(about, 60), left(key, 200), patient, left(why, 200)
    from (select 1) as once left join session_now() as s on true
    where noted in ('opened', 'refused', 'exported')
$$;
create function file_openings(file bigint)
returns table (at timestamptz, display_name varchar, role varchar, operation varchar, table_name varchar)
language sql stable security definer set search_path from current as $$
    select l.at, u.display_name, l.role, l.operation, l.table_name
    from audit_log as l left join app_user as u on u.id = l.user_id
    where l.patient_id = file and l.operation in ('opened', 'exported') and (
        session_role() in ('app_manager', 'app_front_desk') or file in (select session_files())
    )
    order by l.at desc limit 1000
$$;
"""
STAYS = ("audit_log", "audit_chain")
FUNCTIONS = ("audit_write", "audit_key", "audit_patient", "audit_chains", "audit_note", "file_openings")


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "audit_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("session_id", sa.BigInteger(), nullable=True),
        sa.Column("role", sa.String(length=20), nullable=True),
        sa.Column("operation", sa.String(length=10), nullable=False),
        sa.Column("table_name", sa.String(length=60), nullable=False),
        sa.Column("row_key", sa.String(length=200), nullable=True),
        sa.Column("patient_id", sa.BigInteger(), nullable=True),
        sa.Column("changed", sa.ARRAY(sa.String()), nullable=True),
        sa.Column("rows", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "operation in ('insert', 'update', 'delete', 'opened', 'refused', 'exported')",
            name=op.f("ck_audit_log_operation_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index("ix_audit_log_at", "audit_log", ["at"], unique=False)
    op.create_index("ix_audit_log_patient_id_at", "audit_log", ["patient_id", "at"], unique=False)
    op.create_index("ix_audit_log_user_id_at", "audit_log", ["user_id", "at"], unique=False)
    op.create_table(
        "audit_chain",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("audit_id", sa.BigInteger(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_chain")),
        sa.UniqueConstraint("audit_id", name=op.f("uq_audit_chain_audit_id")),
    )
    op.create_table(
        "audit_head",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_single_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.execute("insert into audit_head (id, seq, hash) values (1, 0, sha256('intersession'))")
    for script in (WRITES, CHAIN, NOTES):
        op.execute(script)
    for function in ("audit_note(text, text, text, bigint, text)", "file_openings(bigint)"):
        op.execute(f"revoke execute on function {function} from public")
    for function in ("audit_key(jsonb, text[])", "audit_patient(jsonb, text)"):
        op.execute(f"revoke execute on function {function} from public")
    op.execute("grant execute on function audit_note(text, text, text, bigint, text) to app_rt, app_staff")
    op.execute("grant execute on function file_openings(bigint) to app_staff")
    protect("audit_log", is_for_figures=False, auditor=Right("r"))
    protect("audit_chain", is_for_figures=False, auditor=Right("r"))
    protect("audit_head", is_for_figures=False, auditor=Right("r"))
    for table in STAYS:
        op.execute(
            f"create trigger append_only before update or delete on {table} for each row execute function refuse_change()"
        )
        op.execute(
            f"create trigger never_emptied before truncate on {table} for each statement execute function refuse_change()"
        )
    for table, keys in AUDITED.items():
        audit(table, keys)


def downgrade() -> None:
    """Take this step back."""
    for table in AUDITED:
        leave_unaudited(table)
    for table in ("audit_head", "audit_chain", "audit_log"):
        op.drop_table(table)
    for function in FUNCTIONS:
        op.execute(f"drop function {function}")
