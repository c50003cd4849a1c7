"""Merge two files of one person, and undo it: both histories stay where they are, what is to come moves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dashboard.migrations.auditing import audit, leave_unaudited
from dashboard.migrations.row_security import Right, protect

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

FILES = "any(array(select session_files()))"

# A merged file stays as it is until the merge is undone.
STAYS = """
create function merged_file_stays() returns trigger language plpgsql set search_path from current as $$
begin
    if current_user = 'intersession_owner' and 'on' in (
        current_setting('app.merging', true), current_setting('app.erasing', true)
    ) then
        return new;
    end if;
    raise exception using errcode = '23514', constraint = 'merged_file_stays', message = 'this file was merged';
end $$;
create trigger merged_file_stays before update on patient
for each row when (old.status = 'merged' or new.status = 'merged') execute function merged_file_stays();
"""

# The empty fields of the kept file are filled: an address or a document as a whole or not at all.
FIELDS = (
    ("surname_1",),
    ("surname_2",),
    ("birth_date",),
    ("gender",),
    ("profession",),
    ("telephone",),
    ("email",),
    ("referral_source",),
    ("site_id",),
    ("main_therapist_id",),
    ("id_kind", "id_value"),
    ("address_line", "postal_code", "city", "region", "country"),
    ("emergency_name", "emergency_relation", "emergency_telephone"),
)


def _given() -> str:
    """Return the expression of what the kept file ``k`` lacks and the other one ``g`` has."""
    parts = []
    for group in FIELDS:
        lacks = " and ".join(f"k.{name} is null" for name in group)
        has = " or ".join(f"g.{name} is not null" for name in group)
        pairs = ", ".join(f"'{name}', g.{name}" for name in group)
        parts.append(f"case when {lacks} and ({has}) then jsonb_build_object({pairs}) else '{{}}' end")
    return "\n        || ".join(parts)


MERGING = """
create function merge_files(kept bigint, gone bigint) returns bigint
language plpgsql security definer set search_path from current as $$
declare
    k patient; g patient; given jsonb; ahead bigint[]; signed bigint[]; joined bigint[]; made bigint;
begin
    if coalesce(session_role(), '') not in ('app_manager', 'app_front_desk') then return null; end if;
    perform from patient where id in (kept, gone) order by id for update;
    select * into k from patient where id = kept;
    select * into g from patient where id = gone;
    if k.id is null or g.id is null then return null; end if;
    if kept = gone or k.status = 'merged' or g.status = 'merged' or exists (
        select from file_merge as m where m.kept_id = gone and m.undone_at is null
    ) then
        raise exception using errcode = '23514', constraint = 'merge_chain', message = 'one of the files was merged';
    end if;
    with moved as (
        update appointment_patient as a set patient_id = kept
        where a.patient_id = gone and a.starts_at > now() and a.state in ('held', 'booked', 'confirmed')
            and not exists (
                select from appointment_patient as b where b.appointment_id = a.appointment_id and b.patient_id = kept
            )
        returning a.appointment_id
    )
    select array_agg(appointment_id) into ahead from moved;
    -- What a guardian signed stays with the file that has the guardian.
    with moved as (
        update consent as c set patient_id = kept where c.patient_id = gone and not exists (
            select from consent_signature as s where s.consent_id = c.id and s.guardian_id is not null
        )
        returning c.id
    )
    select array_agg(id) into signed from moved;
    with added as (
        insert into care_team (patient_id, therapist_id, kind, created_by_id)
        select f.patient_id, f.therapist_id, 'co_therapist', uid()
        from (values (kept, g.main_therapist_id), (gone, k.main_therapist_id)) as f (patient_id, therapist_id)
        where g.main_therapist_id <> k.main_therapist_id
        returning id
    )
    select array_agg(id) into joined from added;
    given := @given@;
    perform set_config('app.merging', 'on', true);
    update patient set (@fields@) = (
        select @fields@ from jsonb_populate_record(null::patient, to_jsonb(k) || given)
    ), version = version + 1 where id = kept;
    update patient set status = 'merged', version = version + 1 where id = gone;
    perform set_config('app.merging', '', true);
    insert into file_merge (kept_id, merged_id, by_id, status_before, fields, appointments, consents, memberships)
    values (kept, gone, uid(), g.status, array(select jsonb_object_keys(given)), coalesce(ahead, '{}'),
        coalesce(signed, '{}'), coalesce(joined, '{}'))
    returning id into made;
    return made;
end $$;
"""
UNDOING = """
create function undo_merge(merge bigint) returns boolean
language plpgsql security definer set search_path from current as $$
declare
    m file_merge; k patient; g patient; lost jsonb;
begin
    if coalesce(session_role(), '') not in ('app_manager', 'app_front_desk') then return false; end if;
    select * into m from file_merge where id = merge and undone_at is null for update;
    if m.id is null then return false; end if;
    perform from patient where id in (m.kept_id, m.merged_id) order by id for update;
    select * into k from patient where id = m.kept_id;
    select * into g from patient where id = m.merged_id;
    update appointment_patient set patient_id = m.merged_id
    where patient_id = m.kept_id and appointment_id = any(m.appointments) and state in ('held', 'booked', 'confirmed');
    update consent set patient_id = m.merged_id where patient_id = m.kept_id and id = any(m.consents);
    delete from care_team where id = any(m.memberships);
    -- A field that somebody changed since stays as they left it.
    select coalesce(jsonb_object_agg(f.name, null), '{}') into lost
    from unnest(m.fields) as f (name) where to_jsonb(k) -> f.name = to_jsonb(g) -> f.name;
    perform set_config('app.merging', 'on', true);
    update patient set (@fields@) = (
        select @fields@ from jsonb_populate_record(null::patient, to_jsonb(k) || lost)
    ), version = version + 1 where id = k.id;
    update patient set status = m.status_before, version = version + 1 where id = g.id;
    perform set_config('app.merging', '', true);
    update file_merge set undone_at = now(), undone_by_id = uid() where id = merge;
    return true;
end $$;
"""


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "file_merge",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kept_id", sa.BigInteger(), nullable=False),
        sa.Column("merged_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("status_before", sa.String(length=12), nullable=False),
        sa.Column("fields", sa.ARRAY(sa.String(length=30)), nullable=False),
        sa.Column("appointments", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("consents", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("memberships", sa.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kept_id <> merged_id", name=op.f("ck_file_merge_two_files")),
        sa.ForeignKeyConstraint(["by_id"], ["app_user.id"], name=op.f("fk_file_merge_by_id_app_user")),
        sa.ForeignKeyConstraint(["kept_id"], ["patient.id"], name=op.f("fk_file_merge_kept_id_patient")),
        sa.ForeignKeyConstraint(["merged_id"], ["patient.id"], name=op.f("fk_file_merge_merged_id_patient")),
        sa.ForeignKeyConstraint(["undone_by_id"], ["app_user.id"], name=op.f("fk_file_merge_undone_by_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_merge")),
    )
    op.create_index("ix_file_merge_kept_id", "file_merge", ["kept_id"], unique=False)
    op.create_index(
        "uq_file_merge_open", "file_merge", ["merged_id"], unique=True, postgresql_where=sa.text("undone_at is null")
    )
    fields = ", ".join(name for group in FIELDS for name in group)
    for script in (STAYS, MERGING, UNDOING):
        op.execute(script.replace("@given@", _given()).replace("@fields@", fields))
    op.execute("revoke execute on function merged_file_stays() from public")
    for function in ("merge_files(bigint, bigint)", "undo_merge(bigint)"):
        op.execute(f"revoke execute on function {function} from public")
        op.execute(f"grant execute on function {function} to app_manager, app_front_desk")
    reads = Right("r")
    protect(
        "file_merge",
        is_for_figures=False,
        manager=reads,
        front_desk=reads,
        therapist=Right("r", rows=f"kept_id = {FILES} or merged_id = {FILES}"),
    )
    audit("file_merge", "id")


def downgrade() -> None:
    """Take this step back."""
    op.execute("drop trigger merged_file_stays on patient")
    for function in ("undo_merge", "merge_files", "merged_file_stays"):
        op.execute(f"drop function {function}")
    leave_unaudited("file_merge")
    op.drop_table("file_merge")
