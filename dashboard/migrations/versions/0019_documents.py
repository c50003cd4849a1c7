"""Add the documents of a file, sealed; the office has keys for those that are not clinical."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dashboard.migrations.auditing import audit, leave_unaudited
from dashboard.migrations.row_security import Right, allow, protect

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

FILES = "any(array(select session_files()))"
OFFICE = ("manager", "front_desk")
COLUMNS = (
    *("id", "patient_id", "kind", "is_clinical", "media_type", "size", "sha256", "added_by_id", "added_at"),
    *("put_away_at", "put_away_by_id", "sealed_name"),
)
PUT_AWAY = ("put_away_at", "put_away_by_id")


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "document",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("is_clinical", sa.Boolean(), nullable=False),
        sa.Column("media_type", sa.String(length=20), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("added_by_id", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("put_away_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("put_away_by_id", sa.BigInteger(), nullable=True),
        sa.Column("sealed_name", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "kind in ('identity', 'authorisation', 'consent', 'referral', 'report', 'other')",
            name=op.f("ck_document_kind_known"),
        ),
        sa.CheckConstraint(
            "media_type in ('application/pdf', 'image/jpeg', 'image/png')", name=op.f("ck_document_media_type_known")
        ),
        sa.CheckConstraint("size > 0 and size <= 20000000", name=op.f("ck_document_size_bounded")),
        sa.ForeignKeyConstraint(["added_by_id"], ["app_user.id"], name=op.f("fk_document_added_by_id_app_user")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_document_patient_id_patient")),
        sa.ForeignKeyConstraint(["put_away_by_id"], ["app_user.id"], name=op.f("fk_document_put_away_by_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
    )
    op.create_index("ix_document_patient_id_added_at", "document", ["patient_id", "added_at"], unique=False)
    # What is sealed is not text that compresses.
    op.execute("alter table document alter sealed set storage external")
    office = Right("riu", rows="not is_clinical", columns=COLUMNS, changes=PUT_AWAY)
    protect(
        "document",
        is_for_figures=False,
        manager=office,
        front_desk=office,
        therapist=Right("riu", rows=f"patient_id = {FILES}", columns=COLUMNS, changes=PUT_AWAY),
    )
    audit("document", "id")
    for role in OFFICE:
        allow("patient_key", role, Right("ri", rows="purpose = 'document'"))
    op.execute("grant usage on sequence document_id_seq to app_staff")


def downgrade() -> None:
    """Take this step back."""
    for role in OFFICE:
        op.execute(f"drop policy {role} on patient_key")
        op.execute(f"revoke all on patient_key from app_{role}")
    leave_unaudited("document")
    op.drop_table("document")
