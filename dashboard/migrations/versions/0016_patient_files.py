"""Complete the patient file: what files are looked up and compared by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dashboard.migrations.auditing import audit
from dashboard.migrations.row_security import Right, protect

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

FILES = "patient_id in (select session_files())"

# A word is what stands between blanks and the punctuation of ASCII: whatever the locale of the server calls a letter.
# The consonants of a word stay when vowels, double letters and the usual confusions of one letter for another go.
WORDS = r"""
create function name_words(given text) returns text[]
language sql immutable strict parallel safe
return array(
    select distinct w.word from regexp_split_to_table(plain_text(given), '[\s!-/:-@\[-`{-~·’]+') as w (word)
    where w.word <> '' order by w.word
);
create function sounds_of(word text) returns text
language sql immutable strict parallel safe
return left(word, 1) || left(regexp_replace(regexp_replace(
    translate(substr(word, 2), 'vzçkqwyjg', 'bsccciijj'), '[aeiouh]', '', 'g'), '(.)\1+', '\1', 'g'), 4);
create function day_key(day date) returns text
language sql immutable strict parallel safe
return lpad(extract(year from day)::text, 4, '0')
    || lpad(least(extract(month from day), extract(day from day))::text, 2, '0')
    || lpad(greatest(extract(month from day), extract(day from day))::text, 2, '0');
"""

# What files are compared by, which sorts together: a birth date with a word of the name (a), the e-mail (b), the whole
# name by its sound (c), the identification number (d), the telephone (e). What they are found by, besides: the number
# (n), two words of the name by their sound (p), the telephone from its end (r), a word of the name (w).
KEYS = r"""
create function lookup_keys(
    number bigint, name text, birth_date date, telephone text, email text, id_value text
) returns setof text
language sql immutable parallel safe
as $$
    with words (word, sounds) as (select w.word, sounds_of(w.word) from unnest(name_words(name)) as w (word)),
    mail (whole) as (select plain_text(btrim(email)) where btrim(email) <> ''),
    digits (digits) as (
        select t.digits from (select regexp_replace(telephone, '[^0-9]', '', 'g') as digits) as t
        where length(t.digits) > 5
    )
    select 'a:' || day_key(birth_date) || left(word, 3) from words where birth_date is not null
    union select 'b:' || whole from mail
    union select 'b:' || regexp_replace(whole, '^[^.+_@-]+[.+_-]', '') from mail
    union select 'c:' || string_agg(sounds, ' ' order by sounds) from words having count(*) > 1
    union select 'd:' || i.plain from (select upper(translate(id_value, ' .-/', '')) as plain) as i where i.plain <> ''
    union select 'e:' || right(digits, 9) from digits
    union select 'n:' || number::text where number is not null
    union select 'p:' || one.sounds || ' ' || other.sounds from words as one join words as other
    on (one.sounds, one.word) < (other.sounds, other.word)
    union select 'r:' || reverse(digits) from digits
    union select 'w:' || word from words
$$;
"""

# Kept by triggers, whoever writes the file and however: an import, a screen, an administrator.
KEEPING = """
create function fill_patient_lookup() returns void
language sql security definer set search_path from current as $$
    delete from patient_lookup;
    insert into patient_lookup (key, patient_id)
    select left(k.key, 200), p.id from patient as p cross join lateral lookup_keys(
        p.number, p.search_name, p.birth_date, p.telephone, p.email, p.id_value
    ) as k (key)
    on conflict do nothing
$$;
create function patient_is_looked_up() returns trigger
language plpgsql security definer set search_path from current as $$
begin
    if tg_op = 'UPDATE' then
        delete from patient_lookup where patient_id in (
            select n.id from new_rows as n join old_rows as o using (id)
            where (n.number, n.search_name, n.birth_date, n.telephone, n.email, n.id_value)
                is distinct from (o.number, o.search_name, o.birth_date, o.telephone, o.email, o.id_value)
        );
    end if;
    insert into patient_lookup (key, patient_id)
    select left(k.key, 200), n.id from new_rows as n cross join lateral lookup_keys(
        n.number, n.search_name, n.birth_date, n.telephone, n.email, n.id_value
    ) as k (key)
    where tg_op = 'INSERT' or not exists (select from patient_lookup as l where l.patient_id = n.id)
    on conflict do nothing;
    return null;
end $$;
create trigger looked_up_insert after insert on patient referencing new table as new_rows
for each statement execute function patient_is_looked_up();
create trigger looked_up_update after update on patient referencing old table as old_rows new table as new_rows
for each statement execute function patient_is_looked_up();
"""

# Who changed a file, from the log, for those who may see the file.
CHANGES = """
create function file_changes(file bigint) returns table (at timestamptz, display_name varchar, changed varchar[])
language sql stable security definer set search_path from current as $$
    select l.at, u.display_name, l.changed
    from audit_log as l left join app_user as u on u.id = l.user_id
    where l.patient_id = file and l.table_name = 'patient' and l.operation = 'update' and (
        session_role() in ('app_manager', 'app_front_desk') or file in (select session_files())
    )
    order by l.at desc, l.id desc
$$;
"""
FUNCTIONS = (
    "file_changes(bigint)",
    "patient_is_looked_up()",
    "fill_patient_lookup()",
    "lookup_keys(bigint, text, date, text, text, text)",
    "day_key(date)",
    "sounds_of(text)",
    "name_words(text)",
)


def upgrade() -> None:
    """Apply this step."""
    _create_lookup()
    _create_told_apart()


def _create_lookup() -> None:
    op.add_column(
        "patient",
        sa.Column(
            "sort_name",
            sa.String(length=370, collation="C"),
            sa.Computed(
                "plain_text(coalesce(surname_1 || ' ', '') || coalesce(surname_2 || ' ', '') || given_name)",
                persisted=True,
            ),
            nullable=False,
        ),
    )
    op.create_index("ix_patient_sort_name_id", "patient", ["sort_name", "id"], unique=False)
    op.create_table(
        "patient_lookup",
        sa.Column("key", sa.String(length=200, collation="C"), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.id"],
            name=op.f("fk_patient_lookup_patient_id_patient"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key", "patient_id", name=op.f("pk_patient_lookup")),
    )
    op.create_index("ix_patient_lookup_patient_id", "patient_lookup", ["patient_id"], unique=False)
    for script in (WORDS, KEYS, KEEPING, CHANGES):
        op.execute(script)
    for function in FUNCTIONS:
        op.execute(f"revoke execute on function {function} from public")
    for function in set(FUNCTIONS) - {"patient_is_looked_up()", "fill_patient_lookup()"}:
        op.execute(f"grant execute on function {function} to app_staff")
    op.execute("select fill_patient_lookup()")
    protect(
        "patient_lookup",
        is_for_figures=False,
        manager=Right("r"),
        front_desk=Right("r"),
        therapist=Right("r", rows=FILES),
    )


def _create_told_apart() -> None:
    op.create_table(
        "patient_told_apart",
        sa.Column("first_id", sa.BigInteger(), nullable=False),
        sa.Column("second_id", sa.BigInteger(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("first_id < second_id", name=op.f("ck_patient_told_apart_in_order")),
        sa.ForeignKeyConstraint(["by_id"], ["app_user.id"], name=op.f("fk_patient_told_apart_by_id_app_user")),
        sa.ForeignKeyConstraint(["first_id"], ["patient.id"], name=op.f("fk_patient_told_apart_first_id_patient")),
        sa.ForeignKeyConstraint(["second_id"], ["patient.id"], name=op.f("fk_patient_told_apart_second_id_patient")),
        sa.PrimaryKeyConstraint("first_id", "second_id", name=op.f("pk_patient_told_apart")),
    )
    op.create_index("ix_patient_told_apart_second_id", "patient_told_apart", ["second_id"], unique=False)
    protect("patient_told_apart", is_for_figures=False, manager=Right("ri"), front_desk=Right("ri"))
    audit("patient_told_apart", "first_id,second_id")


def downgrade() -> None:
    """Take this step back."""
    op.drop_table("patient_told_apart")
    op.execute("drop trigger looked_up_update on patient")
    op.execute("drop trigger looked_up_insert on patient")
    op.drop_table("patient_lookup")
    for function in FUNCTIONS:
        op.execute(f"drop function {function}")
    op.drop_index("ix_patient_sort_name_id", table_name="patient")
    op.drop_column("patient", "sort_name")
