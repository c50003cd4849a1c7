"""Create appointments that cannot be double-booked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "appointment_series",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("frequency", sa.String(length=12), nullable=False),
        sa.Column("local_time", sa.Time(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "frequency in ('weekly', 'fortnightly', 'monthly')", name=op.f("ck_appointment_series_frequency_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment_series")),
    )
    op.create_table(
        "appointment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("therapist_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("room_id", sa.BigInteger(), nullable=True),
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=True),
        sa.Column("series_id", sa.BigInteger(), nullable=True),
        sa.Column("mode", sa.String(length=12), server_default="in_person", nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "during",
            postgresql.TSTZRANGE(),
            sa.Computed("tstzrange(starts_at, ends_at, '[)')", persisted=True),
            nullable=False,
        ),
        sa.Column("state", sa.String(length=16), server_default="booked", nullable=False),
        sa.Column("held_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("booked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("marked_by_id", sa.BigInteger(), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_by", sa.String(length=12), nullable=True),
        sa.Column("cancellation_reason", sa.String(length=20), nullable=True),
        sa.Column("moved_to_id", sa.BigInteger(), nullable=True),
        sa.Column("fee_cents", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("is_fee_charged", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("is_imported", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("flags", sa.ARRAY(sa.String(length=30)), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(room_id, room_id, '[]')"), "&&"),
            (sa.column("during"), "&&"),
            where=sa.text("state in ('held', 'booked', 'confirmed') and room_id is not null"),
            using="gist",
            name="no_double_booked_room",
        ),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(therapist_id, therapist_id, '[]')"), "&&"),
            (sa.column("during"), "&&"),
            where=sa.text("state in ('held', 'booked', 'confirmed')"),
            using="gist",
            name="no_double_booked_therapist",
        ),
        sa.CheckConstraint("(state = 'held') = (held_until is not null)", name=op.f("ck_appointment_hold_expires")),
        sa.CheckConstraint(
            "cancellation_reason in ('illness', 'work', 'travel', 'no_longer_needed', 'therapist_away', 'weather', 'other')",
            name=op.f("ck_appointment_cancellation_reason_known"),
        ),
        sa.CheckConstraint(
            "cancelled_by in ('patient', 'practice', 'therapist')", name=op.f("ck_appointment_cancelled_by_known")
        ),
        sa.CheckConstraint("mode in ('in_person', 'online', 'telephone')", name=op.f("ck_appointment_mode_known")),
        sa.CheckConstraint(
            "state in ('held', 'booked', 'confirmed', 'attended', 'no_show', 'late_cancelled', 'cancelled')",
            name=op.f("ck_appointment_state_known"),
        ),
        sa.CheckConstraint(
            "state not in ('held', 'booked', 'confirmed') or ends_at - starts_at between interval '5 minutes' and interval '12 hours'",
            name=op.f("ck_appointment_length_sane"),
        ),
        sa.CheckConstraint(
            "state not in ('late_cancelled', 'cancelled') or cancelled_at is not null",
            name=op.f("ck_appointment_cancel_dated"),
        ),
        sa.CheckConstraint("fee_cents between 0 and 100000000", name=op.f("ck_appointment_fee_sane")),
        sa.CheckConstraint(
            "isfinite(starts_at) and isfinite(ends_at) and ends_at > starts_at",
            name=op.f("ck_appointment_times_ordered"),
        ),
        sa.ForeignKeyConstraint(["case_id"], ["patient_case.id"], name=op.f("fk_appointment_case_id_patient_case")),
        sa.ForeignKeyConstraint(["marked_by_id"], ["app_user.id"], name=op.f("fk_appointment_marked_by_id_app_user")),
        sa.ForeignKeyConstraint(
            ["moved_to_id"], ["appointment.id"], name=op.f("fk_appointment_moved_to_id_appointment")
        ),
        sa.ForeignKeyConstraint(
            ["room_id", "site_id"], ["room.id", "room.site_id"], name="fk_appointment_room_of_site"
        ),
        sa.ForeignKeyConstraint(
            ["series_id"], ["appointment_series.id"], name=op.f("fk_appointment_series_id_appointment_series")
        ),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_appointment_service_id_service")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_appointment_site_id_site")),
        sa.ForeignKeyConstraint(["therapist_id"], ["therapist.id"], name=op.f("fk_appointment_therapist_id_therapist")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointment")),
    )
    op.create_index(
        "ix_appointment_open_starts_at",
        "appointment",
        ["starts_at"],
        unique=False,
        postgresql_where=sa.text("state in ('held', 'booked', 'confirmed')"),
    )
    op.create_index("ix_appointment_starts_at", "appointment", ["starts_at"], unique=False)
    op.create_index("ix_appointment_therapist_id_starts_at", "appointment", ["therapist_id", "starts_at"], unique=False)
    op.create_table(
        "clinical_history",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("opened_by_id", sa.BigInteger(), nullable=True),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["opened_by_id"], ["therapist.id"], name=op.f("fk_clinical_history_opened_by_id_therapist")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_clinical_history_patient_id_patient")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clinical_history")),
        sa.UniqueConstraint("patient_id", name=op.f("uq_clinical_history_patient_id")),
    )
    op.create_table(
        "appointment_patient",
        sa.Column("appointment_id", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("therapist_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("state", sa.String(length=16), server_default="booked", nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "during",
            postgresql.TSTZRANGE(),
            sa.Computed("tstzrange(starts_at, ends_at, '[)')", persisted=True),
            nullable=False,
        ),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(patient_id, patient_id, '[]')"), "&&"),
            (sa.column("during"), "&&"),
            where=sa.text("state in ('held', 'booked', 'confirmed')"),
            using="gist",
            name="no_double_booked_patient",
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_appointment_patient_appointment_id_appointment")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_appointment_patient_patient_id_patient")),
        sa.ForeignKeyConstraint(
            ["therapist_id"], ["therapist.id"], name=op.f("fk_appointment_patient_therapist_id_therapist")
        ),
        sa.PrimaryKeyConstraint("appointment_id", "patient_id", name=op.f("pk_appointment_patient")),
    )
    op.create_index(
        "ix_appointment_patient_patient_id_starts_at", "appointment_patient", ["patient_id", "starts_at"], unique=False
    )
    op.create_index(
        "ix_appointment_patient_therapist_id_patient_id",
        "appointment_patient",
        ["therapist_id", "patient_id"],
        unique=False,
    )
    op.create_index(
        "ix_appointment_patient_ahead",
        "appointment_patient",
        ["starts_at", "patient_id"],
        unique=False,
        postgresql_where=sa.text("state in ('booked', 'confirmed')"),
    )


def downgrade() -> None:
    """Take this step back."""
    op.drop_index(
        "ix_appointment_patient_ahead",
        table_name="appointment_patient",
        postgresql_where=sa.text("state in ('booked', 'confirmed')"),
    )
    op.drop_index("ix_appointment_patient_therapist_id_patient_id", table_name="appointment_patient")
    op.drop_index("ix_appointment_patient_patient_id_starts_at", table_name="appointment_patient")
    op.drop_table("appointment_patient")
    op.drop_table("clinical_history")
    op.drop_index("ix_appointment_therapist_id_starts_at", table_name="appointment")
    op.drop_index("ix_appointment_starts_at", table_name="appointment")
    op.drop_index(
        "ix_appointment_open_starts_at",
        table_name="appointment",
        postgresql_where=sa.text("state in ('held', 'booked', 'confirmed')"),
    )
    op.drop_table("appointment")
    op.drop_table("appointment_series")
