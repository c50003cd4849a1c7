"""Create the checks' rules, runs, results and findings, and the refresh log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "check_rule",
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("words", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("fix", sa.String(length=40), server_default="file", nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.CheckConstraint("severity in ('blocking', 'important', 'minor')", name=op.f("ck_check_rule_severity_known")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_check_rule")),
    )
    op.create_table(
        "check_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(length=10), server_default="running", nullable=False),
        sa.Column("files", sa.Integer(), nullable=True),
        sa.Column("error_reference", sa.String(length=20), nullable=True),
        sa.CheckConstraint("state in ('running', 'done', 'failed')", name=op.f("ck_check_run_state_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_run")),
    )
    op.create_table(
        "refresh_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), server_default="running", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_reference", sa.String(length=20), nullable=True),
        sa.CheckConstraint("stage in ('figures', 'checks')", name=op.f("ck_refresh_run_stage_known")),
        sa.CheckConstraint("state in ('running', 'done', 'failed')", name=op.f("ck_refresh_run_state_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refresh_run")),
    )
    op.create_index("ix_refresh_run_stage_finished_at", "refresh_run", ["stage", "finished_at"], unique=False)
    op.create_table(
        "check_result",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("check_run_id", sa.BigInteger(), nullable=False),
        sa.Column("rule_code", sa.String(length=60), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=True),
        sa.Column("therapist_id", sa.BigInteger(), nullable=True),
        sa.Column("applicable", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.CheckConstraint("failed between 0 and applicable", name=op.f("ck_check_result_failed_within")),
        sa.ForeignKeyConstraint(
            ["check_run_id"], ["check_run.id"], name=op.f("fk_check_result_check_run_id_check_run")
        ),
        sa.ForeignKeyConstraint(["rule_code"], ["check_rule.code"], name=op.f("fk_check_result_rule_code_check_rule")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_check_result_site_id_site")),
        sa.ForeignKeyConstraint(
            ["therapist_id"], ["therapist.id"], name=op.f("fk_check_result_therapist_id_therapist")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_result")),
    )
    op.create_index(
        "uq_check_result_cell",
        "check_result",
        ["rule_code", sa.literal_column("coalesce(site_id, 0)"), sa.literal_column("coalesce(therapist_id, 0)")],
        unique=True,
    )
    op.create_table(
        "finding",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("rule_code", sa.String(length=60), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("times_seen_again", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("closed_at is null or closed_at >= since", name=op.f("ck_finding_closed_after")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_finding_patient_id_patient")),
        sa.ForeignKeyConstraint(["rule_code"], ["check_rule.code"], name=op.f("fk_finding_rule_code_check_rule")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding")),
    )
    op.create_index("ix_finding_rule_code_closed_at", "finding", ["rule_code", "closed_at"], unique=False)
    op.create_index(
        "uq_finding_open",
        "finding",
        ["patient_id", "rule_code"],
        unique=True,
        postgresql_where=sa.text("closed_at is null"),
    )


def downgrade() -> None:
    """Take this step back."""
    op.drop_index("uq_finding_open", table_name="finding", postgresql_where=sa.text("closed_at is null"))
    op.drop_index("ix_finding_rule_code_closed_at", table_name="finding")
    op.drop_table("finding")
    op.drop_index("uq_check_result_cell", table_name="check_result")
    op.drop_table("check_result")
    op.drop_index("ix_refresh_run_stage_finished_at", table_name="refresh_run")
    op.drop_table("refresh_run")
    op.drop_table("check_run")
    op.drop_table("check_rule")
