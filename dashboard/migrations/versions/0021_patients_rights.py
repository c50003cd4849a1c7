"""Add the patient's rights: restriction, how long each kind of record is kept, erasure when no duty stands."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dashboard.migrations.auditing import audit, leave_unaudited
from dashboard.migrations.row_security import Right, protect

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

FILES = "any(array(select session_files()))"

RULES = (
    ("clinical", 5, "discharge", "Ley 41/2002, art. 17"),
    ("document", 5, "discharge", "Ley 41/2002, art. 17"),
    ("consent", 5, "discharge", "Ley 41/2002, art. 17"),
    ("invoice", 6, "last_entry", "Código de Comercio, art. 30"),
)

# What is restricted is kept and read, and neither changed nor used for new appointments (GDPR, article 18).
RESTRICTS = """
create function {name}() returns trigger
language plpgsql security definer set search_path from current as $$
begin
    if current_setting('app.erasing', true) is distinct from 'on' and exists (
        select from processing_restriction as r join new_rows as n on {met} where r.lifted_at is null
    ) then
        raise exception using errcode = '23514', constraint = 'restricted', message = 'processing is restricted';
    end if;
    return null;
end $$;
create trigger restricted after {operation} on {table} referencing new table as new_rows
for each statement execute function {name}();
"""
RESTRICTED = (
    ("restricted_file_stays", "patient", "update", "n.id = r.patient_id"),
    (
        "restricted_is_not_booked",
        "appointment_patient",
        "insert",
        "n.patient_id = r.patient_id and n.starts_at > now()",
    ),
)

# What was merged into a file is kept as long as that file, and goes with it.
MERGED = """
create function files_of_person(file bigint) returns bigint[]
language sql stable set search_path from current as $$
    select array_agg(id order by id <> file, id) from (
        select file as id union select m.merged_id from file_merge as m where m.kept_id = file and m.undone_at is null
    ) as every
$$;
"""

# For a file: when the last duty on its clinical record ends, and when the last duty on anything of it; infinity while
# care goes on. Asked as whoever asks, so that a person learns of their own files only.
KEEPING = """
create function retention_of(file bigint default null)
returns table (patient_id bigint, care_ended date, clinical_until date, person_until date)
language sql stable set search_path from current as $$
    with files as materialized (select files_of_person(file) as ids),
    care as (
        select coalesce(m.kept_id, e.patient_id) as patient_id,
            case
                when bool_or(e.discharged_on is null and m.id is null) then 'infinity' else max(e.discharged_on)
            end as ended
        from care_episode as e left join file_merge as m on m.merged_id = e.patient_id and m.undone_at is null
        where file is null or e.patient_id = any((select ids from files)::bigint[]) group by 1
    ),
    books as (
        select coalesce(m.kept_id, entry.patient_id) as patient_id, max(entry.on_day) as last_on
        from (
            select i.patient_id, i.issued_on as on_day from invoice as i
            union all
            select p.patient_id, p.received_on from payment as p
        ) as entry
        left join file_merge as m on m.merged_id = entry.patient_id and m.undone_at is null
        where file is null or entry.patient_id = any((select ids from files)::bigint[]) group by 1
    ),
    kept as (
        select max(r.years) filter (where r.kind in ('clinical', 'document')) as clinical,
            max(r.years) filter (where r.counted_from = 'discharge') as care,
            max(r.years) filter (where r.counted_from = 'last_entry') as books
        from retention_rule as r
    )
    select c.patient_id, c.ended,
        case when isfinite(c.ended) then (c.ended + make_interval(years => k.clinical))::date else c.ended end,
        case when isfinite(c.ended) then greatest(
            (c.ended + make_interval(years => k.care))::date, (b.last_on + make_interval(years => k.books))::date
        ) else c.ended end
    from care as c cross join kept as k left join books as b on b.patient_id = c.patient_id
$$;
"""

# Destroying a patient's keys makes every text sealed with them noise.
ERASING = """
create function erase_clinical(file bigint) returns boolean
language plpgsql security definer set search_path from current as $$
begin
    if session_role() is distinct from 'app_manager' then return false; end if;
    perform from patient where id = file for update;
    if not exists (select from retention_of(file) as r where r.clinical_until <= practice_today()) then
        raise exception using errcode = '23514', constraint = 'retention', message = 'a duty to keep this stands';
    end if;
    update patient_key set wrapped = null, destroyed_at = now()
    where patient_id = any(files_of_person(file)) and destroyed_at is null;
    insert into erasure (patient_id, kind, by_id) values (file, 'clinical', uid()) on conflict do nothing;
    return true;
end $$;
create function erase_person(file bigint) returns boolean
language plpgsql security definer set search_path from current as $$
declare
    files bigint[] := files_of_person(file);
begin
    if session_role() is distinct from 'app_manager' then return false; end if;
    perform from patient where id = file for update;
    if not exists (select from retention_of(file) as r where r.person_until <= practice_today()) then
        raise exception using errcode = '23514', constraint = 'retention', message = 'a duty to keep this stands';
    end if;
    perform erase_clinical(file), set_config('app.erasing', 'on', true);
    update patient set given_name = '–', surname_1 = null, surname_2 = null, birth_date = null, died_on = null,
        sex = 'unknown', gender = null, profession = null, marital_status = 'unknown', address_line = null,
        postal_code = null, city = null, region = null, country = null, telephone = null, email = null, id_kind = null,
        id_value = null, emergency_name = null, emergency_relation = null, emergency_telephone = null,
        referral_source = null, status = case when status = 'merged' then status else 'archived' end,
        version = version + 1
    where id = any(files);
    update guardian set given_name = '–', surnames = null, telephone = null, email = null, id_kind = null,
        id_value = null where patient_id = any(files);
    update coverage set policy_number = null where patient_id = any(files);
    update consent_signature set evidence = null
    where consent_id in (select c.id from consent as c where c.patient_id = any(files));
    update invoice set recipient_name = '–', recipient_tax_id = null, recipient_address = null
    where patient_id = any(files);
    update payment set reference = null where patient_id = any(files);
    update waiting_entry set note = null where patient_id = any(files);
    update care_team set reason = null where patient_id = any(files) and kind <> 'break_glass';
    update processing_restriction set reason = '–' where patient_id = any(files);
    delete from external_ref where entity = 'patient' and local_id = any(files);
    perform set_config('app.erasing', '', true);
    insert into erasure (patient_id, kind, by_id) values (file, 'person', uid()) on conflict do nothing;
    return true;
end $$;
"""
FUNCTIONS = (
    *(name for name, *_ in RESTRICTED),
    *("files_of_person(bigint)", "retention_of(bigint)", "erase_clinical(bigint)", "erase_person(bigint)"),
)


def upgrade() -> None:
    """Apply this step."""
    _create_tables()
    for name, table, operation, met in RESTRICTED:
        op.execute(RESTRICTS.format(name=name, table=table, operation=operation, met=met))
    op.execute(MERGED)
    op.execute(KEEPING)
    op.execute(ERASING)
    for function in FUNCTIONS:
        op.execute(f"revoke execute on function {function} from public")
    op.execute("grant execute on function files_of_person(bigint) to app_staff")
    op.execute("grant execute on function retention_of(bigint) to app_manager, app_front_desk")
    for function in ("erase_clinical(bigint)", "erase_person(bigint)"):
        op.execute(f"grant execute on function {function} to app_manager")
    _protect()


def _create_tables() -> None:
    op.create_table(
        "processing_restriction",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["app_user.id"], name=op.f("fk_processing_restriction_by_id_app_user")),
        sa.ForeignKeyConstraint(
            ["lifted_by_id"], ["app_user.id"], name=op.f("fk_processing_restriction_lifted_by_id_app_user")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_processing_restriction_patient_id_patient")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_processing_restriction")),
    )
    op.create_index(
        "uq_processing_restriction_open",
        "processing_restriction",
        ["patient_id"],
        unique=True,
        postgresql_where=sa.text("lifted_at is null"),
    )
    rules = op.create_table(
        "retention_rule",
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("years", sa.Integer(), nullable=False),
        sa.Column("counted_from", sa.String(length=10), nullable=False),
        sa.Column("law", sa.String(length=120), nullable=False),
        sa.CheckConstraint(
            "kind in ('clinical', 'document', 'consent', 'invoice')", name=op.f("ck_retention_rule_kind_known")
        ),
        sa.CheckConstraint(
            "counted_from in ('discharge', 'last_entry')", name=op.f("ck_retention_rule_counted_from_known")
        ),
        sa.CheckConstraint("years between 1 and 100", name=op.f("ck_retention_rule_years_bounded")),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_retention_rule")),
    )
    names = ("kind", "years", "counted_from", "law")
    op.bulk_insert(rules, [dict(zip(names, rule, strict=True)) for rule in RULES])
    op.create_table(
        "erasure",
        sa.Column("patient_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind in ('clinical', 'person')", name=op.f("ck_erasure_kind_known")),
        sa.ForeignKeyConstraint(["by_id"], ["app_user.id"], name=op.f("fk_erasure_by_id_app_user")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_erasure_patient_id_patient")),
        sa.PrimaryKeyConstraint("patient_id", "kind", name=op.f("pk_erasure")),
    )


def _protect() -> None:
    reads, own = Right("r"), Right("r", rows=f"patient_id = {FILES}")
    lifts = ("lifted_at", "lifted_by_id")
    protect(
        "processing_restriction",
        is_for_figures=False,
        manager=Right("riu", changes=lifts),
        front_desk=reads,
        therapist=own,
    )
    protect("erasure", is_for_figures=False, manager=reads, front_desk=reads, therapist=own)
    protect(
        "retention_rule",
        is_for_figures=False,
        manager=Right("ru", changes=("years", "law")),
        front_desk=reads,
        therapist=reads,
    )
    op.execute("grant usage on sequence processing_restriction_id_seq to app_manager")
    for table, keys in (("processing_restriction", "id"), ("retention_rule", "kind"), ("erasure", "patient_id,kind")):
        audit(table, keys)


def downgrade() -> None:
    """Take this step back."""
    for name, table, _operation, _met in RESTRICTED:
        op.execute(f"drop trigger restricted on {table}")
        op.execute(f"drop function {name}")
    for function in ("erase_person", "erase_clinical", "retention_of", "files_of_person"):
        op.execute(f"drop function {function}")
    for table in ("erasure", "retention_rule", "processing_restriction"):
        leave_unaudited(table)
        op.drop_table(table)
