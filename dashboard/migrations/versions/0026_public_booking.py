"""Add public booking: what is open to visitors by which rules, their requests and secret links, letters to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dashboard.config import settings
from dashboard.migrations import public_booking, public_letters
from dashboard.migrations.auditing import audit, leave_unaudited
from dashboard.migrations.row_security import Right, close, protect

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

SCRIPTS = (*public_booking.SCRIPTS, *public_letters.SCRIPTS)
CALLERS = {**public_booking.CALLERS, **public_letters.CALLERS}
KEYS = {
    "online_booking": "id",
    "online_service": "service_id",
    "online_therapist": "therapist_id",
    "online_request": "id",
    "online_link": "id",
    "online_letter": "id",
}
DECIDES = ("state", "patient_id", "decided_by_id", "decided_at")


def upgrade() -> None:
    """Apply this step."""
    _create_what_is_open()
    _create_requests()
    for script in SCRIPTS:
        op.execute(script)
    for function, caller in CALLERS.items():
        op.execute(f"revoke execute on function {function} from public")
        if caller:
            op.execute(f"grant execute on function {function} to {caller}")
    op.execute(f"grant usage on schema {settings().db_schema} to visitor")
    office = Right("r")
    protect("online_booking", is_for_figures=False, manager=Right("ru"), front_desk=office)
    protect("online_service", is_for_figures=False, manager=Right("riu"), front_desk=office)
    protect("online_therapist", is_for_figures=False, manager=Right("rid"), front_desk=office)
    decides = Right("ru", changes=DECIDES)
    protect("online_request", is_for_figures=False, manager=decides, front_desk=decides)
    close("online_link")
    protect("online_letter", is_for_figures=False, manager=Right("ri"), front_desk=Right("ri"))
    op.execute("grant usage on sequence online_letter_id_seq to app_manager, app_front_desk")
    for table, keys in KEYS.items():
        audit(table, keys)


def _create_what_is_open() -> None:
    settled = op.create_table(
        "online_booking",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("is_on", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("privacy_es", sa.Text(), nullable=True),
        sa.Column("privacy_en", sa.Text(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_online_booking_single_row")),
        sa.CheckConstraint(
            "length(coalesce(privacy_es, '')) <= 8000 and length(coalesce(privacy_en, '')) <= 8000",
            name=op.f("ck_online_booking_privacy_bounded"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_online_booking")),
    )
    op.bulk_insert(settled, [{"id": 1}])
    op.create_table(
        "online_service",
        sa.Column("service_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("is_open", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("admits", sa.String(length=8), server_default="anybody", nullable=False),
        sa.Column("modes", sa.String(length=10), server_default="in_person", nullable=False),
        sa.Column("notice_hours", sa.SmallInteger(), server_default="24", nullable=False),
        sa.Column("horizon_days", sa.SmallInteger(), server_default="30", nullable=False),
        sa.Column("change_hours", sa.SmallInteger(), server_default="24", nullable=False),
        sa.Column("is_approved_at_once", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("asks_birth_date", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint("admits in ('anybody', 'new', 'known')", name=op.f("ck_online_service_admits_known")),
        sa.CheckConstraint("modes in ('in_person', 'online', 'both')", name=op.f("ck_online_service_modes_known")),
        sa.CheckConstraint("notice_hours between 0 and 720", name=op.f("ck_online_service_notice_sane")),
        sa.CheckConstraint("horizon_days between 1 and 180", name=op.f("ck_online_service_horizon_sane")),
        sa.CheckConstraint("change_hours between 0 and 336", name=op.f("ck_online_service_change_sane")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_online_service_service_id_service")),
        sa.PrimaryKeyConstraint("service_id", name=op.f("pk_online_service")),
    )
    op.create_table(
        "online_therapist",
        sa.Column("therapist_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["therapist_id"], ["therapist.id"], name=op.f("fk_online_therapist_therapist_id_therapist")
        ),
        sa.PrimaryKeyConstraint("therapist_id", name=op.f("pk_online_therapist")),
    )


def _create_requests() -> None:
    op.create_table(
        "online_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("appointment_id", sa.BigInteger(), nullable=True),
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.Column("therapist_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("mode", sa.String(length=12), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), server_default="chosen", nullable=False),
        sa.Column("language", sa.String(length=5), server_default="es", nullable=False),
        sa.Column("given_name", sa.String(length=120), nullable=True),
        sa.Column("surnames", sa.String(length=200), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("telephone", sa.String(length=60), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("is_known", sa.Boolean(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("detailed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.BigInteger(), nullable=True),
        sa.Column("patient_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state in ('chosen', 'sent', 'asked', 'booked', 'declined', 'withdrawn')",
            name=op.f("ck_online_request_state_known"),
        ),
        sa.CheckConstraint("language in ('es', 'en')", name=op.f("ck_online_request_language_known")),
        sa.CheckConstraint("mode in ('in_person', 'online')", name=op.f("ck_online_request_mode_known")),
        sa.CheckConstraint(
            "state not in ('sent', 'asked') or (given_name is not null and email is not null)",
            name=op.f("ck_online_request_says_who"),
        ),
        sa.CheckConstraint("birth_date >= date '1890-01-01'", name=op.f("ck_online_request_birth_date_sane")),
        sa.ForeignKeyConstraint(
            ["appointment_id"],
            ["appointment.id"],
            name=op.f("fk_online_request_appointment_id_appointment"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_online_request_service_id_service")),
        sa.ForeignKeyConstraint(
            ["therapist_id"], ["therapist.id"], name=op.f("fk_online_request_therapist_id_therapist")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_online_request_site_id_site")),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["app_user.id"], name=op.f("fk_online_request_decided_by_id_app_user")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_online_request_patient_id_patient")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_online_request")),
        sa.UniqueConstraint("appointment_id", name=op.f("uq_online_request_appointment_id")),
    )
    op.create_index("ix_online_request_patient_id", "online_request", ["patient_id"])
    op.create_index("ix_online_request_state_starts_at", "online_request", ["state", "starts_at"])
    op.create_index("ix_online_request_email", "online_request", [sa.text("lower(email)")])
    op.create_index("ix_online_request_telephone", "online_request", ["telephone"])
    _create_links_and_letters()


def _create_links_and_letters() -> None:
    op.create_table(
        "online_link",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind in ('hold', 'confirm', 'own')", name=op.f("ck_online_link_kind_known")),
        sa.CheckConstraint("length(token_sha256) = 32", name=op.f("ck_online_link_token_hashed")),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["online_request.id"],
            name=op.f("fk_online_link_request_id_online_request"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_online_link")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_online_link_token_sha256")),
    )
    op.create_index("ix_online_link_request_id", "online_link", ["request_id"])
    op.create_table(
        "online_letter",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), server_default="planned", nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message_id", sa.String(length=200), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(length=20), nullable=True),
        sa.CheckConstraint(
            "kind in ('confirm', 'received', 'booked', 'declined', 'changed', 'cancelled')",
            name=op.f("ck_online_letter_kind_known"),
        ),
        sa.CheckConstraint(
            "state in ('planned', 'sending', 'sent', 'failed', 'lapsed')", name=op.f("ck_online_letter_state_known")
        ),
        sa.CheckConstraint("(state = 'sent') = (sent_at is not null)", name=op.f("ck_online_letter_sent_dated")),
        sa.CheckConstraint(
            "state not in ('sending', 'sent') or message_id is not null",
            name=op.f("ck_online_letter_named_before_sent"),
        ),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["online_request.id"],
            name=op.f("fk_online_letter_request_id_online_request"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_online_letter")),
    )
    op.create_index("ix_online_letter_request_id", "online_letter", ["request_id"])
    op.create_index("ix_online_letter_state_id", "online_letter", ["state", "id"])


def downgrade() -> None:
    """Take this step back."""
    op.execute(f"revoke usage on schema {settings().db_schema} from visitor")
    op.execute("drop trigger online_request_forgotten on erasure")
    for function in reversed(CALLERS):
        op.execute(f"drop function {function}")
    for table in reversed(KEYS):
        leave_unaudited(table)
        op.drop_table(table)
