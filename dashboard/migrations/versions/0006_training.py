"""Create training requirements and entries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "training_requirement",
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("body", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("cycle_months", sa.SmallInteger(), nullable=False),
        sa.Column("hours_per_cycle", sa.Numeric(precision=7, scale=2), nullable=False),
        sa.Column("floor_hours_per_year", sa.Numeric(precision=6, scale=2), server_default="0", nullable=False),
        sa.Column("source", sa.String(length=300), nullable=True),
        sa.CheckConstraint("cycle_months between 1 and 240", name=op.f("ck_training_requirement_cycle_sane")),
        sa.CheckConstraint("hours_per_cycle >= 0", name=op.f("ck_training_requirement_hours_sane")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_training_requirement")),
    )
    op.create_table(
        "training_requirement_part",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("requirement_code", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=24), nullable=False),
        sa.Column("subject", sa.String(length=24), nullable=False),
        sa.Column("amount", sa.Numeric(precision=6, scale=2), nullable=False),
        sa.CheckConstraint(
            "rule in ('kind_cap_hours', 'kind_cap_percent', 'topic_minimum_hours')",
            name=op.f("ck_training_requirement_part_rule_known"),
        ),
        sa.ForeignKeyConstraint(
            ["requirement_code"],
            ["training_requirement.code"],
            name=op.f("fk_training_requirement_part_requirement_code_training_requirement"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_requirement_part")),
        sa.UniqueConstraint(
            "requirement_code",
            "rule",
            "subject",
            name=op.f("uq_training_requirement_part_requirement_code_rule_subject"),
        ),
    )
    op.create_table(
        "therapist_requirement",
        sa.Column("therapist_id", sa.BigInteger(), nullable=False),
        sa.Column("requirement_code", sa.String(length=40), nullable=False),
        sa.Column("first_cycle_starts_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["requirement_code"],
            ["training_requirement.code"],
            name=op.f("fk_therapist_requirement_requirement_code_training_requirement"),
        ),
        sa.ForeignKeyConstraint(
            ["therapist_id"], ["therapist.id"], name=op.f("fk_therapist_requirement_therapist_id_therapist")
        ),
        sa.PrimaryKeyConstraint("therapist_id", "requirement_code", name=op.f("pk_therapist_requirement")),
    )
    op.create_table(
        "training_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("therapist_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("provider", sa.String(length=200), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("topic", sa.String(length=20), nullable=False),
        sa.Column("mode", sa.String(length=12), nullable=False),
        sa.Column("hours", sa.Numeric(precision=6, scale=2), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=False),
        sa.Column("certificate_sha256", sa.String(length=64), nullable=True),
        sa.Column("status", sa.String(length=10), server_default="logged", nullable=False),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("idempotency_key", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "kind in ('course', 'masters', 'postgraduate', 'conference', 'supervision', 'reading', 'teaching')",
            name=op.f("ck_training_entry_kind_known"),
        ),
        sa.CheckConstraint(
            "mode in ('in_person', 'online', 'blended', 'self_study')", name=op.f("ck_training_entry_mode_known")
        ),
        sa.CheckConstraint(
            "status = 'logged' or decided_at is not null", name=op.f("ck_training_entry_decision_dated")
        ),
        sa.CheckConstraint("status in ('logged', 'approved', 'rejected')", name=op.f("ck_training_entry_status_known")),
        sa.CheckConstraint(
            "topic in ('ethics', 'law', 'skills', 'suicide_prevention', 'diversity', 'medical_errors', 'domestic_violence', 'other')",
            name=op.f("ck_training_entry_topic_known"),
        ),
        sa.CheckConstraint("ended_on >= started_on", name=op.f("ck_training_entry_dates_ordered")),
        sa.CheckConstraint("hours > 0 and hours <= 2000", name=op.f("ck_training_entry_hours_sane")),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["app_user.id"], name=op.f("fk_training_entry_decided_by_id_app_user")
        ),
        sa.ForeignKeyConstraint(
            ["therapist_id"], ["therapist.id"], name=op.f("fk_training_entry_therapist_id_therapist")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_entry")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_training_entry_idempotency_key")),
    )
    op.create_index(
        "ix_training_entry_therapist_id_ended_on", "training_entry", ["therapist_id", "ended_on"], unique=False
    )


def downgrade() -> None:
    """Take this step back."""
    op.drop_index("ix_training_entry_therapist_id_ended_on", table_name="training_entry")
    op.drop_table("training_entry")
    op.drop_table("therapist_requirement")
    op.drop_table("training_requirement_part")
    op.drop_table("training_requirement")
