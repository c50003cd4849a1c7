"""Add the episodes of care of a file: from opening to discharge, and again when somebody comes back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dashboard.migrations.auditing import audit, leave_unaudited
from dashboard.migrations.row_security import Right, protect

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

FILES = "any(array(select session_files()))"

# The database itself opens and closes episodes, by the file's status, whoever writes it: an import may know of a closed
# file neither when care ended nor that anybody died, and then it ended when that was noted.
KEEPING = """
create function care_ended_on(file patient) returns date
language sql stable set search_path from current as $$
    select case when file.status in ('discharged', 'archived') then
        greatest(coalesce(file.discharged_on, file.died_on, practice_today()), file.opened_on)
    end
$$;
create function fill_care_episodes() returns void
language sql volatile security definer set search_path from current as $$
    insert into care_episode (patient_id, opened_on, discharged_on)
    select p.id, p.opened_on, care_ended_on(p) from patient as p
$$;
create function patient_has_episodes() returns trigger
language plpgsql security definer set search_path from current as $$
begin
    if tg_op = 'INSERT' then
        insert into care_episode (patient_id, opened_on, discharged_on)
        select n.id, n.opened_on, care_ended_on(p) from new_rows as n join patient as p using (id);
        return null;
    end if;
    update care_episode as e set discharged_on = greatest(care_ended_on(p), e.opened_on)
    from new_rows as n join patient as p using (id)
    where e.patient_id = n.id and e.discharged_on is null and care_ended_on(p) is not null;
    insert into care_episode (patient_id, opened_on)
    select n.id, practice_today() from new_rows as n join old_rows as o using (id)
    where n.status in ('waiting', 'active') and o.status in ('discharged', 'archived')
    on conflict do nothing;
    return null;
end $$;
create trigger episode_opens after insert on patient referencing new table as new_rows
for each statement execute function patient_has_episodes();
create trigger episode_changes after update on patient referencing old table as old_rows new table as new_rows
for each statement execute function patient_has_episodes();
"""


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "care_episode",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("discharged_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=12), nullable=True),
        sa.CheckConstraint("discharged_on >= opened_on", name=op.f("ck_care_episode_period_forward")),
        sa.CheckConstraint(
            "reason in ('completed', 'agreed', 'dropped_out', 'referred', 'died', 'other')",
            name=op.f("ck_care_episode_reason_known"),
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_care_episode_patient_id_patient")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_episode")),
    )
    op.create_index("ix_care_episode_patient_id", "care_episode", ["patient_id"], unique=False)
    op.create_index(
        "uq_care_episode_open",
        "care_episode",
        ["patient_id"],
        unique=True,
        postgresql_where=sa.text("discharged_on is null"),
    )
    op.execute(KEEPING)
    for function in ("care_ended_on", "fill_care_episodes", "patient_has_episodes"):
        op.execute(f"revoke execute on function {function} from public")
    op.execute("select fill_care_episodes()")
    office = Right("ru", changes=("reason",))
    protect(
        "care_episode",
        is_for_figures=False,
        manager=office,
        front_desk=office,
        therapist=Right("ru", rows=f"patient_id = {FILES}", changes=("reason",)),
    )
    audit("care_episode", "id")


def downgrade() -> None:
    """Take this step back."""
    op.execute("drop trigger episode_changes on patient")
    op.execute("drop trigger episode_opens on patient")
    leave_unaudited("care_episode")
    op.drop_table("care_episode")
    for function in ("patient_has_episodes", "fill_care_episodes", "care_ended_on"):
        op.execute(f"drop function {function}")
