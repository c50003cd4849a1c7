"""Create patient files, guardians, cases, payers and coverage."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.execute("create sequence patient_number")
    op.create_table(
        "patient_case",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.CheckConstraint("kind in ('couple', 'family')", name=op.f("ck_patient_case_kind_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient_case")),
    )
    op.create_table(
        "payer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=10), server_default="insurer", nullable=False),
        sa.Column("tax_id", sa.String(length=40), nullable=True),
        sa.Column("address_line", sa.String(length=300), nullable=True),
        sa.Column("postal_code", sa.String(length=20), nullable=True),
        sa.Column("city", sa.String(length=120), nullable=True),
        sa.Column("region", sa.String(length=120), nullable=True),
        sa.Column("telephone", sa.String(length=60), nullable=True),
        sa.Column("payment_days", sa.SmallInteger(), server_default="30", nullable=False),
        sa.CheckConstraint(
            "kind in ('insurer', 'public', 'company', 'school', 'other')", name=op.f("ck_payer_kind_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payer")),
    )
    op.create_table(
        "patient",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.BigInteger(), server_default=sa.text("nextval('patient_number')"), nullable=False),
        sa.Column("given_name", sa.String(length=120), nullable=False),
        sa.Column("surname_1", sa.String(length=120), nullable=True),
        sa.Column("surname_2", sa.String(length=120), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("died_on", sa.Date(), nullable=True),
        sa.Column("sex", sa.String(length=10), server_default="unknown", nullable=False),
        sa.Column("gender", sa.String(length=60), nullable=True),
        sa.Column("profession", sa.String(length=120), nullable=True),
        sa.Column("marital_status", sa.String(length=12), server_default="unknown", nullable=False),
        sa.Column("address_line", sa.String(length=300), nullable=True),
        sa.Column("postal_code", sa.String(length=20), nullable=True),
        sa.Column("city", sa.String(length=120), nullable=True),
        sa.Column("region", sa.String(length=120), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("telephone", sa.String(length=60), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("id_kind", sa.String(length=10), nullable=True),
        sa.Column("id_value", sa.String(length=60), nullable=True),
        sa.Column("emergency_name", sa.String(length=200), nullable=True),
        sa.Column("emergency_relation", sa.String(length=60), nullable=True),
        sa.Column("emergency_telephone", sa.String(length=60), nullable=True),
        sa.Column("referral_source", sa.String(length=120), nullable=True),
        sa.Column("site_id", sa.BigInteger(), nullable=True),
        sa.Column("main_therapist_id", sa.BigInteger(), nullable=True),
        sa.Column("pays", sa.String(length=10), server_default="self", nullable=False),
        sa.Column("status", sa.String(length=12), server_default="active", nullable=False),
        sa.Column("preferred_language", sa.String(length=5), server_default="es", nullable=False),
        sa.Column("opened_on", sa.Date(), server_default=sa.text("practice_today()"), nullable=False),
        sa.Column("discharged_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "search_name",
            sa.String(length=370),
            sa.Computed(
                "plain_text(given_name || ' ' || coalesce(surname_1, '') || ' ' || coalesce(surname_2, ''))",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.CheckConstraint("birth_date >= date '1890-01-01'", name=op.f("ck_patient_birth_date_sane")),
        sa.CheckConstraint(
            "id_kind in ('nif', 'nie', 'passport', 'ssn', 'other')", name=op.f("ck_patient_id_kind_known")
        ),
        sa.CheckConstraint(
            "marital_status in ('single', 'married', 'partnered', 'separated', 'divorced', 'widowed', 'unknown')",
            name=op.f("ck_patient_marital_status_known"),
        ),
        sa.CheckConstraint("pays in ('self', 'insurer', 'guardian', 'other')", name=op.f("ck_patient_pays_known")),
        sa.CheckConstraint("sex in ('female', 'male', 'intersex', 'unknown')", name=op.f("ck_patient_sex_known")),
        sa.CheckConstraint(
            "status in ('waiting', 'active', 'discharged', 'archived', 'merged')", name=op.f("ck_patient_status_known")
        ),
        sa.CheckConstraint(
            "died_on is null or birth_date is null or died_on >= birth_date", name=op.f("ck_patient_death_after_birth")
        ),
        sa.CheckConstraint("length(btrim(given_name)) > 0", name=op.f("ck_patient_given_name_present")),
        sa.ForeignKeyConstraint(
            ["main_therapist_id"], ["therapist.id"], name=op.f("fk_patient_main_therapist_id_therapist")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_patient_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient")),
        sa.UniqueConstraint("number", name=op.f("uq_patient_number")),
    )
    op.create_index(op.f("ix_patient_main_therapist_id"), "patient", ["main_therapist_id"], unique=False)
    op.create_index("ix_patient_identity", "patient", [sa.literal_column("upper(translate(id_value, ' .-/', ''))")])
    op.create_index("ix_patient_search_name", "patient", ["search_name"], unique=False)
    op.create_index(op.f("ix_patient_site_id"), "patient", ["site_id"], unique=False)
    op.create_table(
        "case_member",
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["patient_case.id"], name=op.f("fk_case_member_case_id_patient_case")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_case_member_patient_id_patient")),
        sa.PrimaryKeyConstraint("case_id", "patient_id", name=op.f("pk_case_member")),
    )
    op.create_index(op.f("ix_case_member_patient_id"), "case_member", ["patient_id"], unique=False)
    op.create_table(
        "coverage",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("payer_id", sa.BigInteger(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("policy_number", sa.String(length=80), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("authorised_sessions", sa.Integer(), nullable=True),
        sa.Column("copayment_cents", sa.BigInteger(), nullable=True),
        sa.Column("covered_percent", sa.Numeric(precision=5, scale=2), nullable=True),
        sa.CheckConstraint("authorised_sessions >= 0", name=op.f("ck_coverage_sessions_sane")),
        sa.CheckConstraint("copayment_cents >= 0", name=op.f("ck_coverage_copayment_sane")),
        sa.CheckConstraint("covered_percent between 0 and 100", name=op.f("ck_coverage_percent_sane")),
        sa.CheckConstraint(
            "valid_until is null or valid_until >= valid_from", name=op.f("ck_coverage_validity_ordered")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_coverage_patient_id_patient")),
        sa.ForeignKeyConstraint(["payer_id"], ["payer.id"], name=op.f("fk_coverage_payer_id_payer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage")),
    )
    op.create_index(op.f("ix_coverage_patient_id"), "coverage", ["patient_id"], unique=False)
    op.create_index(op.f("ix_coverage_payer_id"), "coverage", ["payer_id"], unique=False)
    op.create_table(
        "guardian",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("given_name", sa.String(length=120), nullable=False),
        sa.Column("surnames", sa.String(length=200), nullable=True),
        sa.Column("relation", sa.String(length=12), nullable=False),
        sa.Column("has_authority", sa.Boolean(), nullable=True),
        sa.Column("custody", sa.String(length=10), server_default="unknown", nullable=False),
        sa.Column("telephone", sa.String(length=60), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("id_kind", sa.String(length=10), nullable=True),
        sa.Column("id_value", sa.String(length=60), nullable=True),
        sa.CheckConstraint("custody in ('joint', 'sole', 'unknown')", name=op.f("ck_guardian_custody_known")),
        sa.CheckConstraint(
            "id_kind in ('nif', 'nie', 'passport', 'ssn', 'other')", name=op.f("ck_guardian_id_kind_known")
        ),
        sa.CheckConstraint(
            "relation in ('mother', 'father', 'tutor', 'other')", name=op.f("ck_guardian_relation_known")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_guardian_patient_id_patient")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guardian")),
    )
    op.create_index(op.f("ix_guardian_patient_id"), "guardian", ["patient_id"], unique=False)


def downgrade() -> None:
    """Take this step back."""
    op.drop_index(op.f("ix_guardian_patient_id"), table_name="guardian")
    op.drop_table("guardian")
    op.drop_index(op.f("ix_coverage_payer_id"), table_name="coverage")
    op.drop_index(op.f("ix_coverage_patient_id"), table_name="coverage")
    op.drop_table("coverage")
    op.drop_index(op.f("ix_case_member_patient_id"), table_name="case_member")
    op.drop_table("case_member")
    op.drop_index(op.f("ix_patient_site_id"), table_name="patient")
    op.drop_index("ix_patient_search_name", table_name="patient")
    op.drop_index("ix_patient_identity", table_name="patient")
    op.drop_index(op.f("ix_patient_main_therapist_id"), table_name="patient")
    op.drop_table("patient")
    op.drop_table("payer")
    op.drop_table("patient_case")
    op.execute("drop sequence patient_number")
