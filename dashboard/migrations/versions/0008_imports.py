"""Create the ledger of imports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "import_staging",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("entity", sa.String(length=30), nullable=False),
        sa.Column("file", sa.String(length=120), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("draft", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_staging")),
        prefixes=["UNLOGGED"],
    )
    op.create_index("ix_import_staging_entity", "import_staging", ["entity"], unique=False)
    op.create_table(
        "import_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("mapping_version", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("is_dry_run", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("refusal_code", sa.String(length=40), nullable=True),
        sa.Column("read", sa.Integer(), server_default="0", nullable=False),
        sa.Column("loaded", sa.Integer(), server_default="0", nullable=False),
        sa.Column("updated", sa.Integer(), server_default="0", nullable=False),
        sa.Column("unchanged", sa.Integer(), server_default="0", nullable=False),
        sa.Column("set_aside", sa.Integer(), server_default="0", nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_by_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state in ('done', 'refused')", name=op.f("ck_import_run_state_known")),
        sa.ForeignKeyConstraint(["started_by_id"], ["app_user.id"], name=op.f("fk_import_run_started_by_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    op.create_index(
        "uq_import_run_content",
        "import_run",
        ["source", "sha256", "mapping_version"],
        unique=True,
        postgresql_where=sa.text("state = 'done' and not is_dry_run"),
    )
    op.create_table(
        "external_ref",
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("entity", sa.String(length=30), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("local_id", sa.BigInteger(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("row_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("import_run_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_run_id"], ["import_run.id"], name=op.f("fk_external_ref_import_run_id_import_run")
        ),
        sa.PrimaryKeyConstraint("source", "entity", "external_id", name=op.f("pk_external_ref")),
    )
    op.create_index("ix_external_ref_entity_local_id", "external_ref", ["entity", "local_id"], unique=False)
    op.create_table(
        "import_set_aside",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("import_run_id", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.String(length=120), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("entity", sa.String(length=30), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("field", sa.String(length=60), nullable=True),
        sa.Column("is_loaded", sa.Boolean(), server_default="false", nullable=False),
        sa.ForeignKeyConstraint(
            ["import_run_id"],
            ["import_run.id"],
            name=op.f("fk_import_set_aside_import_run_id_import_run"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_set_aside")),
    )
    op.create_index(op.f("ix_import_set_aside_import_run_id"), "import_set_aside", ["import_run_id"], unique=False)


def downgrade() -> None:
    """Take this step back."""
    op.drop_index(op.f("ix_import_set_aside_import_run_id"), table_name="import_set_aside")
    op.drop_table("import_set_aside")
    op.drop_index("ix_external_ref_entity_local_id", table_name="external_ref")
    op.drop_table("external_ref")
    op.drop_index(
        "uq_import_run_content", table_name="import_run", postgresql_where=sa.text("state = 'done' and not is_dry_run")
    )
    op.drop_table("import_run")
    op.drop_index("ix_import_staging_entity", table_name="import_staging")
    op.drop_table("import_staging")
