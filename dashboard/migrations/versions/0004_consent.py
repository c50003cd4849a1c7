"""Create consent templates, consents, signatures and attempts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "consent_template",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("text_sha256", sa.String(length=64), nullable=False),
        sa.Column("validity_months", sa.SmallInteger(), nullable=True),
        sa.Column("signed_by", sa.String(length=12), nullable=False),
        sa.Column("required_when", sa.String(length=12), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.CheckConstraint(
            "kind in ('treatment', 'telehealth', 'data_protection', 'recording', 'publication', 'contact')",
            name=op.f("ck_consent_template_kind_known"),
        ),
        sa.CheckConstraint(
            "required_when in ('always', 'online', 'recording', 'minors', 'never')",
            name=op.f("ck_consent_template_required_when_known"),
        ),
        sa.CheckConstraint(
            "signed_by in ('patient', 'guardians', 'both')", name=op.f("ck_consent_template_signed_by_known")
        ),
        sa.CheckConstraint(
            "text_sha256 = encode(sha256(convert_to(body, 'UTF8')), 'hex')",
            name=op.f("ck_consent_template_hash_of_text"),
        ),
        sa.CheckConstraint("validity_months between 1 and 600", name=op.f("ck_consent_template_validity_sane")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_template")),
        sa.UniqueConstraint("kind", "language", "version", name=op.f("uq_consent_template_kind_language_version")),
    )
    op.create_table(
        "consent",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("template_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), server_default="requested", nullable=False),
        sa.Column("requested_on", sa.Date(), nullable=False),
        sa.Column("viewed_on", sa.Date(), nullable=True),
        sa.Column("declined_on", sa.Date(), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(state in ('withdrawn', 'superseded')) = (ended_on is not null)", name=op.f("ck_consent_end_dated")
        ),
        sa.CheckConstraint(
            "state in ('requested', 'viewed', 'signed', 'declined', 'withdrawn', 'expired', 'superseded')",
            name=op.f("ck_consent_state_known"),
        ),
        sa.CheckConstraint(
            "state not in ('requested', 'viewed', 'declined') or signed_on is null",
            name=op.f("ck_consent_unsigned_undated"),
        ),
        sa.CheckConstraint(
            "state not in ('signed', 'withdrawn', 'expired', 'superseded') or signed_on is not null",
            name=op.f("ck_consent_signed_dated"),
        ),
        sa.CheckConstraint(
            "valid_until is null or signed_on is null or valid_until >= signed_on",
            name=op.f("ck_consent_validity_ordered"),
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_consent_patient_id_patient")),
        sa.ForeignKeyConstraint(
            ["template_id"], ["consent_template.id"], name=op.f("fk_consent_template_id_consent_template")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index("ix_consent_patient_id_template_id", "consent", ["patient_id", "template_id"], unique=False)
    op.create_index("ix_consent_template_id", "consent", ["template_id"], unique=False)
    op.create_table(
        "consent_attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("attempted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("attempted_by_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "channel in ('email', 'sms', 'call', 'in_person', 'letter')", name=op.f("ck_consent_attempt_channel_known")
        ),
        sa.CheckConstraint(
            "kind in ('treatment', 'telehealth', 'data_protection', 'recording', 'publication', 'contact')",
            name=op.f("ck_consent_attempt_kind_known"),
        ),
        sa.CheckConstraint(
            "outcome in ('sent', 'reached', 'no_answer', 'promised', 'refused', 'bounced')",
            name=op.f("ck_consent_attempt_outcome_known"),
        ),
        sa.ForeignKeyConstraint(
            ["attempted_by_id"], ["app_user.id"], name=op.f("fk_consent_attempt_attempted_by_id_app_user")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_consent_attempt_patient_id_patient")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_attempt")),
    )
    op.create_index(op.f("ix_consent_attempt_patient_id"), "consent_attempt", ["patient_id"], unique=False)
    op.create_table(
        "consent_signature",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("consent_id", sa.BigInteger(), nullable=False),
        sa.Column("guardian_id", sa.BigInteger(), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("text_sha256", sa.String(length=64), nullable=False),
        sa.Column("evidence", sa.String(length=200), nullable=True),
        sa.Column("recorded_by_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "method in ('on_screen', 'paper_scanned', 'electronic')", name=op.f("ck_consent_signature_method_known")
        ),
        sa.ForeignKeyConstraint(["consent_id"], ["consent.id"], name=op.f("fk_consent_signature_consent_id_consent")),
        sa.ForeignKeyConstraint(
            ["guardian_id"], ["guardian.id"], name=op.f("fk_consent_signature_guardian_id_guardian")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["app_user.id"], name=op.f("fk_consent_signature_recorded_by_id_app_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_signature")),
        sa.UniqueConstraint(
            "consent_id",
            "guardian_id",
            name=op.f("uq_consent_signature_consent_id_guardian_id"),
            postgresql_nulls_not_distinct=True,
        ),
    )


def downgrade() -> None:
    """Take this step back."""
    op.drop_table("consent_signature")
    op.drop_index(op.f("ix_consent_attempt_patient_id"), table_name="consent_attempt")
    op.drop_table("consent_attempt")
    op.drop_index("ix_consent_template_id", table_name="consent")
    op.drop_index("ix_consent_patient_id_template_id", table_name="consent")
    op.drop_table("consent")
    op.drop_table("consent_template")
