"""Add the clinical record: patients' keys, versions of histories, session notes and addenda, all text sealed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dashboard.config import settings
from dashboard.migrations.auditing import audit
from dashboard.migrations.row_security import Right, protect

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

FILES = "any(array(select session_files()))"
PATIENTS = "any(array(select session_patients()))"
OWN = "author_id = (select uid())"

# A signed note is locked for everybody, its author and the owner of the schema included.
SIGNED_IS_LOCKED = """
create function signed_note_is_locked() returns trigger language plpgsql set search_path from current as $$
begin
    raise exception using errcode = '23514', constraint = 'signed_note_locked', message = 'a signed note never changes';
end $$;
create trigger signed_note_is_locked before update or delete on session_note
for each row when (old.status = 'signed') execute function signed_note_is_locked();
"""
# A new master key wraps a patient's key anew, and destroying it takes it away; it never becomes another patient's,
# and what was destroyed does not come back.
KEY_STAYS_PATIENTS = """
create function patient_key_stays() returns trigger language plpgsql set search_path from current as $$
begin
    raise exception using errcode = '23514', constraint = 'patient_key_stays', message = 'a key stays its patient''s';
end $$;
create trigger patient_key_stays before update on patient_key
for each row when (old.patient_id <> new.patient_id or old.purpose <> new.purpose or old.destroyed_at is not null)
execute function patient_key_stays();
create trigger patient_key_kept before delete on patient_key for each row execute function patient_key_stays();
"""
# What a starting server asks before anybody is signed in: names of master keys, nothing of patients.
MASTER_KEYS = """
create function master_keys_in_use() returns setof varchar
language sql stable security definer set search_path from current as $$
    with recursive used as (
        (select master_id from patient_key order by master_id limit 1)
        union all
        select (select k.master_id from patient_key as k where k.master_id > u.master_id order by k.master_id limit 1)
        from used as u where u.master_id is not null
    )
    select u.master_id from used as u where exists (
        select from patient_key as k where k.master_id = u.master_id and k.destroyed_at is null
    )
$$;
"""
# No role reads a sealed text from its table: this hands it out to whoever may open it, and puts that on record. Texts
# gone through in a search are one entry. The command line, which works as the owner, opens those of everybody.
OPENING = """
create function may_open(about text, ids bigint[]) returns table (row_id bigint, file bigint)
language plpgsql stable security definer set search_path from current as $$
declare
    is_owner boolean := current_setting('role', true) = 'intersession_owner';
    me bigint := uid();
    taken name := coalesce(session_role(), '');
begin
    case about
        when 'session_note' then
            return query select n.id, n.patient_id from session_note as n
            where n.id = any(ids) and (is_owner or (taken = 'app_therapist' and n.author_id = me));
        when 'note_addendum' then
            return query select a.id, n.patient_id from note_addendum as a join session_note as n on n.id = a.note_id
            where a.id = any(ids) and (is_owner or (taken = 'app_therapist' and a.author_id = me));
        when 'clinical_history_version' then
            return query select h.id, h.patient_id from clinical_history_version as h
            where h.id = any(ids) and (
                is_owner or (taken = 'app_therapist' and h.patient_id in (select session_files()))
            );
        when 'document' then
            return query select d.id, d.patient_id from document as d
            where d.id = any(ids) and (
                is_owner or (taken = 'app_therapist' and d.patient_id in (select session_files()))
                or (taken in ('app_manager', 'app_front_desk') and not d.is_clinical)
            );
    end case;
end $$;
create function open_sealed(about text, ids bigint[], why text)
returns table (row_id bigint, sealed bytea, apart bytea)
language plpgsql volatile security definer set search_path from current as $$
declare
    opened bigint[] := array(select m.row_id from may_open(about, ids) as m);
begin
    if why = 'search' then
        insert into audit_log (session_id, user_id, role, operation, table_name, rows, reason)
        select s.session_id, s.user_id, s.role, 'opened', about, cardinality(opened), why from session_now() as s;
    else
        perform audit_note('opened', about, m.row_id::text, m.file, why) from may_open(about, ids) as m;
    end if;
    case about
        when 'session_note' then
            return query select n.id, n.sealed, n.sealed_subjective from session_note as n where n.id = any(opened);
        when 'note_addendum' then
            return query select a.id, a.sealed, null::bytea from note_addendum as a where a.id = any(opened);
        when 'clinical_history_version' then
            return query select h.id, h.sealed, null::bytea from clinical_history_version as h where h.id = any(opened);
        when 'document' then
            return query select d.id, d.sealed, null::bytea from document as d where d.id = any(opened);
    end case;
end $$;
"""
APPEND_ONLY = ("clinical_history_version", "note_addendum")
RIGHTS = {
    "patient_key": Right("ri", rows=f"patient_id = {PATIENTS}"),
    "clinical_history_version": Right(
        "ri",
        rows=f"patient_id = {FILES}",
        columns=("id", "patient_id", "version", "author_id", "written_at"),
        writes=f"{OWN} and patient_id = {FILES}",
    ),
    "session_note": Right(
        "riud",
        rows=OWN,
        columns=(
            "id", "appointment_id", "patient_id", "author_id", "therapist_id", "template_code", "status", "version",
            "created_at", "saved_at", "signed_at",
        ),
        changes=(
            "template_code", "status", "version", "saved_at", "signed_at", "sealed", "sealed_subjective",
        ),
        writes=f"{OWN} and patient_id = {PATIENTS}",
    ),
    "note_addendum": Right(
        "ri",
        rows=OWN,
        columns=("id", "note_id", "author_id", "written_at"),
        writes=f"{OWN} and exists ("
        "select from session_note as own where own.id = note_addendum.note_id and own.status = 'signed')",
    ),
    "therapist_note_template": Right("riu", rows="therapist_id = (select session_therapist())"),
}  # fmt: skip


def upgrade() -> None:
    """Apply this step."""
    _create_keys()
    _create_histories()
    _create_notes()
    for script in (SIGNED_IS_LOCKED, KEY_STAYS_PATIENTS, MASTER_KEYS, OPENING):
        op.execute(script)
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger append_only before update or delete on {table} for each row execute function refuse_change()"
        )
    for function in ("signed_note_is_locked", "patient_key_stays", "master_keys_in_use"):
        op.execute(f"revoke execute on function {function} from public")
    op.execute("grant execute on function master_keys_in_use to app_rt")
    for function in ("may_open(text, bigint[])", "open_sealed(text, bigint[], text)"):
        op.execute(f"revoke execute on function {function} from public")
    op.execute("grant execute on function open_sealed(text, bigint[], text) to app_staff")
    # Neither figures nor checks are given anything of these tables.
    for table, right in RIGHTS.items():
        protect(table, is_for_figures=False, therapist=right)
        audit(table, "therapist_id" if table == "therapist_note_template" else "id")
    op.execute(f"grant usage on all sequences in schema {settings().db_schema} to app_staff")


def _create_keys() -> None:
    op.create_table(
        "patient_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.String(length=10), server_default="clinical", nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("master_id", sa.String(length=16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("purpose in ('clinical', 'document')", name=op.f("ck_patient_key_purpose_known")),
        sa.CheckConstraint(
            "(wrapped is null) = (destroyed_at is not null)", name=op.f("ck_patient_key_destroyed_or_there")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_patient_key_patient_id_patient")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient_key")),
    )
    op.create_index("ix_patient_key_patient_id", "patient_key", ["patient_id"], unique=False)
    op.create_index("ix_patient_key_master_id_id", "patient_key", ["master_id", "id"], unique=False)
    op.create_index(
        "uq_patient_key_of_patient",
        "patient_key",
        ["patient_id", "purpose"],
        unique=True,
        postgresql_where=sa.text("destroyed_at is null"),
    )


def _create_histories() -> None:
    op.create_table(
        "clinical_history_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_clinical_history_version_version_counted")),
        sa.ForeignKeyConstraint(
            ["author_id"], ["app_user.id"], name=op.f("fk_clinical_history_version_author_id_app_user")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_clinical_history_version_patient_id_patient")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clinical_history_version")),
        sa.UniqueConstraint("patient_id", "version", name=op.f("uq_clinical_history_version_patient_id_version")),
    )


def _create_notes() -> None:
    op.create_table(
        "therapist_note_template",
        sa.Column("therapist_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("template_code", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["therapist_id"], ["therapist.id"], name=op.f("fk_therapist_note_template_therapist_id_therapist")
        ),
        sa.PrimaryKeyConstraint("therapist_id", name=op.f("pk_therapist_note_template")),
    )
    op.create_table(
        "session_note",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("appointment_id", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("therapist_id", sa.BigInteger(), nullable=False),
        sa.Column("template_code", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=10), server_default="draft", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_subjective", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("status in ('draft', 'signed')", name=op.f("ck_session_note_status_known")),
        sa.CheckConstraint("(status = 'signed') = (signed_at is not null)", name=op.f("ck_session_note_signing_dated")),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_session_note_appointment_id_appointment")
        ),
        sa.ForeignKeyConstraint(["author_id"], ["app_user.id"], name=op.f("fk_session_note_author_id_app_user")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_session_note_patient_id_patient")),
        sa.ForeignKeyConstraint(
            ["therapist_id"], ["therapist.id"], name=op.f("fk_session_note_therapist_id_therapist")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session_note")),
        sa.UniqueConstraint(
            "appointment_id",
            "patient_id",
            "author_id",
            name=op.f("uq_session_note_appointment_id_patient_id_author_id"),
        ),
    )
    for columns in (("author_id", "status", "created_at"), ("author_id", "patient_id", "created_at"), ("patient_id",)):
        op.create_index(f"ix_session_note_{'_'.join(columns)}", "session_note", list(columns), unique=False)
    op.create_table(
        "note_addendum",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("note_id", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["app_user.id"], name=op.f("fk_note_addendum_author_id_app_user")),
        sa.ForeignKeyConstraint(["note_id"], ["session_note.id"], name=op.f("fk_note_addendum_note_id_session_note")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_addendum")),
    )
    op.create_index("ix_note_addendum_note_id", "note_addendum", ["note_id"], unique=False)


def downgrade() -> None:
    """Take this step back."""
    for table in reversed(RIGHTS):
        if table != "session_note":
            op.drop_table(table)
    op.drop_table("session_note")
    for function in ("open_sealed", "may_open", "master_keys_in_use", "patient_key_stays", "signed_note_is_locked"):
        op.execute(f"drop function {function}")
