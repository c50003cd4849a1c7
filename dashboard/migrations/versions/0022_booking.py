"""Add what a booking has to respect: closed days, gaps between sessions, how many a service and a room take."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dashboard.migrations.auditing import audit, leave_unaudited
from dashboard.migrations.row_security import Right, allow, protect

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "site_closure",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_site_closure_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_closure")),
        sa.UniqueConstraint("site_id", "closed_on", name=op.f("uq_site_closure_site_id_closed_on")),
    )
    op.add_column("service", sa.Column("buffer_minutes", sa.SmallInteger(), server_default="0", nullable=False))
    op.add_column("service", sa.Column("most_patients", sa.SmallInteger(), server_default="1", nullable=False))
    op.create_check_constraint("buffer_sane", "service", "buffer_minutes between 0 and 120")
    op.create_check_constraint("most_patients_sane", "service", "most_patients between 1 and 100")
    op.execute(
        "update service set most_patients = case kind when 'couple' then 2 when 'family' then 8 else 12 end"
        " where kind in ('couple', 'family', 'group')"
    )
    op.add_column("appointment", sa.Column("booked_by_id", sa.BigInteger(), nullable=True))
    op.add_column("appointment", sa.Column("request_key", sa.Uuid(), nullable=True))
    op.add_column("appointment", sa.Column("overridden", sa.ARRAY(sa.String(length=30)), nullable=True))
    op.create_foreign_key(
        op.f("fk_appointment_booked_by_id_app_user"), "appointment", "app_user", ["booked_by_id"], ["id"]
    )
    op.create_unique_constraint(op.f("uq_appointment_request_key"), "appointment", ["request_key"])
    op.add_column("appointment_series", sa.Column("therapist_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_appointment_series_therapist_id_therapist"),
        "appointment_series",
        "therapist",
        ["therapist_id"],
        ["id"],
    )
    op.execute("drop policy therapist on appointment_series")
    allow(
        "appointment_series",
        "therapist",
        Right("riu", rows="true", writes="therapist_id = (select session_therapist())"),
    )
    op.create_index("ix_appointment_series_id_starts_at", "appointment", ["series_id", "starts_at"])
    # Row security keeps the index of an exclusion constraint from being asked: its operators may tell of rows.
    op.create_index(
        "ix_appointment_room_id_starts_at",
        "appointment",
        ["room_id", "starts_at"],
        postgresql_where=sa.text("room_id is not null"),
    )
    protect(
        "site_closure",
        is_for_figures=False,
        manager=Right("riud"),
        front_desk=Right("riud"),
        therapist=Right("r"),
    )
    op.execute("grant usage on sequence site_closure_id_seq to app_manager, app_front_desk")
    audit("site_closure", "id")


def downgrade() -> None:
    """Take this step back."""
    leave_unaudited("site_closure")
    op.drop_index("ix_appointment_room_id_starts_at", table_name="appointment")
    op.drop_index("ix_appointment_series_id_starts_at", table_name="appointment")
    for operation in ("insert", "update"):
        op.execute(f"drop policy therapist_{operation} on appointment_series")
        op.execute(f"revoke {operation} on appointment_series from app_therapist")
    op.drop_column("appointment_series", "therapist_id")
    for column in ("overridden", "request_key", "booked_by_id"):
        op.drop_column("appointment", column)
    for column in ("most_patients", "buffer_minutes"):
        op.drop_column("service", column)
    op.drop_table("site_closure")
