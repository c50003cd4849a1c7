"""Create charges, invoices, payments and allocations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "invoice_series",
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("last_number", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_invoice_series")),
    )
    op.create_table(
        "invoice",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("series", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("payer_id", sa.BigInteger(), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("total_cents", sa.BigInteger(), nullable=False),
        sa.Column("corrects_id", sa.BigInteger(), nullable=True),
        sa.Column("recipient_name", sa.String(length=370), nullable=False),
        sa.Column("recipient_tax_id", sa.String(length=60), nullable=True),
        sa.Column("recipient_address", sa.String(length=500), nullable=True),
        sa.Column("issuer_name", sa.String(length=200), nullable=False),
        sa.Column("issuer_tax_id", sa.String(length=60), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(corrects_id is null) = (total_cents >= 0)", name=op.f("ck_invoice_corrective_negative")),
        sa.CheckConstraint("due_on >= issued_on", name=op.f("ck_invoice_due_after_issue")),
        sa.CheckConstraint("number > 0", name=op.f("ck_invoice_number_positive")),
        sa.ForeignKeyConstraint(["corrects_id"], ["invoice.id"], name=op.f("fk_invoice_corrects_id_invoice")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_invoice_patient_id_patient")),
        sa.ForeignKeyConstraint(["payer_id"], ["payer.id"], name=op.f("fk_invoice_payer_id_payer")),
        sa.ForeignKeyConstraint(["series"], ["invoice_series.code"], name=op.f("fk_invoice_series_invoice_series")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
        sa.UniqueConstraint("series", "number", name=op.f("uq_invoice_series_number")),
    )
    op.create_index(
        "ix_invoice_corrects_id",
        "invoice",
        ["corrects_id"],
        unique=False,
        postgresql_where=sa.text("corrects_id is not null"),
    )
    op.create_index("ix_invoice_issued_on", "invoice", ["issued_on"], unique=False)
    op.create_index("ix_invoice_patient_id", "invoice", ["patient_id"], unique=False)
    op.create_index("ix_invoice_payer_id", "invoice", ["payer_id"], unique=False)
    op.create_table(
        "payment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("payer_id", sa.BigInteger(), nullable=True),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.String(length=80), nullable=True),
        sa.Column("reverses_id", sa.BigInteger(), nullable=True),
        sa.Column("idempotency_key", sa.String(length=64), nullable=True),
        sa.Column("recorded_by_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "method in ('cash', 'card', 'transfer', 'bizum', 'direct_debit', 'insurer_remittance', 'cheque', 'copayment', 'other')",
            name=op.f("ck_payment_method_known"),
        ),
        sa.CheckConstraint("(amount_cents > 0) = (reverses_id is null)", name=op.f("ck_payment_negative_reverses")),
        sa.CheckConstraint("amount_cents <> 0", name=op.f("ck_payment_amount_not_zero")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_payment_patient_id_patient")),
        sa.ForeignKeyConstraint(["payer_id"], ["payer.id"], name=op.f("fk_payment_payer_id_payer")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["app_user.id"], name=op.f("fk_payment_recorded_by_id_app_user")),
        sa.ForeignKeyConstraint(["reverses_id"], ["payment.id"], name=op.f("fk_payment_reverses_id_payment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_payment_idempotency_key")),
    )
    op.create_index("ix_payment_patient_id", "payment", ["patient_id"], unique=False)
    op.create_index(
        "ix_payment_reverses_id",
        "payment",
        ["reverses_id"],
        unique=False,
        postgresql_where=sa.text("reverses_id is not null"),
    )
    op.create_index("ix_payment_received_on", "payment", ["received_on"], unique=False)
    op.create_table(
        "charge",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("appointment_id", sa.BigInteger(), nullable=True),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("payer_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=True),
        sa.Column("charged_on", sa.Date(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("tax_rate_bp", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("reverses_id", sa.BigInteger(), nullable=True),
        sa.Column("attempt", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind in ('session', 'late_cancellation', 'no_show', 'procedure', 'other')",
            name=op.f("ck_charge_kind_known"),
        ),
        sa.CheckConstraint(
            "(amount_cents >= 0) = (reverses_id is null) or amount_cents = 0", name=op.f("ck_charge_negative_reverses")
        ),
        sa.CheckConstraint("tax_rate_bp between 0 and 5000", name=op.f("ck_charge_tax_sane")),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_charge_appointment_id_appointment")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_charge_patient_id_patient")),
        sa.ForeignKeyConstraint(["payer_id"], ["payer.id"], name=op.f("fk_charge_payer_id_payer")),
        sa.ForeignKeyConstraint(["reverses_id"], ["charge.id"], name=op.f("fk_charge_reverses_id_charge")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge")),
    )
    op.create_index("ix_charge_charged_on", "charge", ["charged_on"], unique=False)
    op.create_index("ix_charge_patient_id", "charge", ["patient_id"], unique=False)
    op.create_index(
        "uq_charge_reverses_id",
        "charge",
        ["reverses_id"],
        unique=True,
        postgresql_where=sa.text("reverses_id is not null"),
    )
    op.create_index(
        "uq_charge_session_party",
        "charge",
        ["appointment_id", "patient_id", sa.literal_column("coalesce(payer_id, 0)"), "attempt"],
        unique=True,
        postgresql_where=sa.text("kind in ('session', 'late_cancellation', 'no_show') and reverses_id is null"),
    )
    op.create_table(
        "payment_allocation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("allocated_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount_cents <> 0", name=op.f("ck_payment_allocation_amount_not_zero")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_payment_allocation_invoice_id_invoice")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_payment_allocation_payment_id_payment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_allocation")),
    )
    op.create_index("ix_payment_allocation_invoice_id", "payment_allocation", ["invoice_id"], unique=False)
    op.create_index("ix_payment_allocation_payment_id", "payment_allocation", ["payment_id"], unique=False)
    op.create_table(
        "charge_write_off",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("charge_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("written_off_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.CheckConstraint(
            "reason in ('goodwill', 'hardship', 'error', 'uncollectable')",
            name=op.f("ck_charge_write_off_reason_known"),
        ),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_charge_write_off_charge_id_charge")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charge_write_off")),
        sa.UniqueConstraint("charge_id", name=op.f("uq_charge_write_off_charge_id")),
    )
    op.create_table(
        "invoice_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("charge_id", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("tax_category", sa.String(length=8), server_default="exempt", nullable=False),
        sa.Column("tax_rate_bp", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("tax_cents", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "(tax_category = 'exempt') = (tax_rate_bp = 0)", name=op.f("ck_invoice_line_exempt_untaxed")
        ),
        sa.CheckConstraint("tax_category in ('exempt', 'taxed')", name=op.f("ck_invoice_line_tax_category_known")),
        sa.ForeignKeyConstraint(["charge_id"], ["charge.id"], name=op.f("fk_invoice_line_charge_id_charge")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_invoice_line_invoice_id_invoice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_line")),
    )
    op.create_index("ix_invoice_line_charge_id", "invoice_line", ["charge_id"], unique=False)
    op.create_index("ix_invoice_line_invoice_id", "invoice_line", ["invoice_id"], unique=False)
    op.create_index(
        "uq_invoice_line_charge_id",
        "invoice_line",
        ["charge_id"],
        unique=True,
        postgresql_where=sa.text("amount_cents >= 0"),
    )


def downgrade() -> None:
    """Take this step back."""
    op.drop_index("uq_invoice_line_charge_id", table_name="invoice_line", postgresql_where=sa.text("amount_cents >= 0"))
    op.drop_index("ix_invoice_line_invoice_id", table_name="invoice_line")
    op.drop_index("ix_invoice_line_charge_id", table_name="invoice_line")
    op.drop_table("invoice_line")
    op.drop_table("charge_write_off")
    op.drop_index("ix_payment_allocation_payment_id", table_name="payment_allocation")
    op.drop_index("ix_payment_allocation_invoice_id", table_name="payment_allocation")
    op.drop_table("payment_allocation")
    op.drop_index(
        "uq_charge_session_party",
        table_name="charge",
        postgresql_where=sa.text("kind in ('session', 'late_cancellation', 'no_show') and reverses_id is null"),
    )
    op.drop_index("uq_charge_reverses_id", table_name="charge", postgresql_where=sa.text("reverses_id is not null"))
    op.drop_index("ix_charge_patient_id", table_name="charge")
    op.drop_index("ix_charge_charged_on", table_name="charge")
    op.drop_table("charge")
    op.drop_index("ix_payment_received_on", table_name="payment")
    op.drop_index("ix_payment_patient_id", table_name="payment")
    op.drop_table("payment")
    op.drop_index("ix_invoice_payer_id", table_name="invoice")
    op.drop_index("ix_invoice_patient_id", table_name="invoice")
    op.drop_index("ix_invoice_issued_on", table_name="invoice")
    op.drop_index("ix_invoice_corrects_id", table_name="invoice", postgresql_where=sa.text("corrects_id is not null"))
    op.drop_table("invoice")
    op.drop_table("invoice_series")
