"""Create the practice's profile, the team and the people who use the dashboard."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


# Immutable, so that a generated column and an index may use it; the embedded server has no ICU and no unaccent.
PLAIN_TEXT = """
create function plain_text(given text) returns text
language sql immutable strict parallel safe
return lower(translate(
    given,
    'ÁÀÂÄÃÅáàâäãåÉÈÊËéèêëÍÌÎÏíìîïÓÒÔÖÕóòôöõÚÙÛÜúùûüÑñÇçÝýÿ',
    'AAAAAAaaaaaaEEEEeeeeIIIIiiiiOOOOOoooooUUUUuuuuNnCcYyy'
))
"""

# Not the server's day: between midnight here and midnight there a consent would be signed tomorrow.
TODAY = """
create function practice_today() returns date
language plpgsql stable security definer set search_path from current as $$
begin
    return (now() at time zone coalesce((select p.time_zone from practice_profile as p), 'Europe/Madrid'))::date;
end $$;
"""


def upgrade() -> None:
    """Apply this step."""
    op.execute(PLAIN_TEXT)
    op.create_table(
        "practice_profile",
        sa.Column("id", sa.SmallInteger(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("tax_id", sa.String(length=40), nullable=True),
        sa.Column("address_line", sa.String(length=300), nullable=True),
        sa.Column("postal_code", sa.String(length=20), nullable=True),
        sa.Column("city", sa.String(length=120), nullable=True),
        sa.Column("country", sa.String(length=2), server_default="ES", nullable=False),
        sa.Column("currency", sa.String(length=3), server_default="EUR", nullable=False),
        sa.Column("locale", sa.String(length=10), server_default="es_ES", nullable=False),
        sa.Column("time_zone", sa.String(length=60), server_default="Europe/Madrid", nullable=False),
        sa.Column("is_synthetic", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_practice_profile_single_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practice_profile")),
    )
    op.execute(TODAY)
    op.execute("revoke execute on function practice_today() from public")
    op.create_table(
        "service",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("minutes", sa.SmallInteger(), nullable=False),
        sa.Column("price_cents", sa.BigInteger(), nullable=False),
        sa.Column("tax_rate_bp", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("cancellation_window_hours", sa.SmallInteger(), server_default="24", nullable=False),
        sa.Column("late_fee_percent", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.CheckConstraint(
            "kind in ('individual', 'couple', 'family', 'group', 'report', 'other')", name=op.f("ck_service_kind_known")
        ),
        sa.CheckConstraint("cancellation_window_hours in (0, 24, 48, 72)", name=op.f("ck_service_window_known")),
        sa.CheckConstraint("late_fee_percent between 0 and 100", name=op.f("ck_service_fee_sane")),
        sa.CheckConstraint("minutes between 5 and 720", name=op.f("ck_service_minutes_sane")),
        sa.CheckConstraint("price_cents between 0 and 100000000", name=op.f("ck_service_price_sane")),
        sa.CheckConstraint("tax_rate_bp between 0 and 5000", name=op.f("ck_service_tax_sane")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service")),
        sa.UniqueConstraint("name", name=op.f("uq_service_name")),
    )
    op.create_table(
        "site",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("address_line", sa.String(length=300), nullable=True),
        sa.Column("postal_code", sa.String(length=20), nullable=True),
        sa.Column("city", sa.String(length=120), nullable=True),
        sa.Column("region", sa.String(length=120), nullable=True),
        sa.Column("country", sa.String(length=2), server_default="ES", nullable=False),
        sa.Column("telephone", sa.String(length=60), nullable=True),
        sa.Column("time_zone", sa.String(length=60), server_default="Europe/Madrid", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
    )
    op.create_table(
        "room",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("capacity", sa.SmallInteger(), server_default="3", nullable=False),
        sa.Column("is_in_service", sa.Boolean(), server_default="true", nullable=False),
        sa.CheckConstraint("capacity between 1 and 100", name=op.f("ck_room_capacity_sane")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_room_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room")),
        sa.UniqueConstraint("id", "site_id", name=op.f("uq_room_id_site_id")),
    )
    op.create_index(op.f("ix_room_site_id"), "room", ["site_id"], unique=False)
    op.create_table(
        "therapist",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("given_name", sa.String(length=120), nullable=False),
        sa.Column("surnames", sa.String(length=200), server_default="", nullable=False),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("telephone", sa.String(length=60), nullable=True),
        sa.Column("licence_body", sa.String(length=120), nullable=True),
        sa.Column("licence_number", sa.String(length=60), nullable=True),
        sa.Column("speciality", sa.String(length=120), nullable=True),
        sa.Column("site_id", sa.BigInteger(), nullable=True),
        sa.Column("weekly_session_goal", sa.Numeric(precision=5, scale=2), server_default="0", nullable=False),
        sa.Column("pay_basis", sa.String(length=20), server_default="fixed", nullable=False),
        sa.Column("pay_amount_cents", sa.Integer(), nullable=True),
        sa.Column("pay_percent", sa.Numeric(precision=5, scale=2), nullable=True),
        sa.Column("started_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column(
            "search_name",
            sa.String(length=330),
            sa.Computed("plain_text(given_name || ' ' || surnames)", persisted=True),
            nullable=False,
        ),
        sa.CheckConstraint(
            "pay_basis in ('fixed', 'percentage', 'per_session')", name=op.f("ck_therapist_pay_basis_known")
        ),
        sa.CheckConstraint(
            "ended_on is null or started_on is null or ended_on >= started_on", name=op.f("ck_therapist_dates_ordered")
        ),
        sa.CheckConstraint("weekly_session_goal between 0 and 80", name=op.f("ck_therapist_goal_sane")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_therapist_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_therapist")),
    )
    op.create_index("ix_therapist_search_name", "therapist", ["search_name"], unique=False)
    op.create_index(op.f("ix_therapist_site_id"), "therapist", ["site_id"], unique=False)
    op.create_table(
        "absence",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("therapist_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('holiday', 'illness', 'training', 'other')", name=op.f("ck_absence_kind_known")),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_absence_times_ordered")),
        sa.ForeignKeyConstraint(["therapist_id"], ["therapist.id"], name=op.f("fk_absence_therapist_id_therapist")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    op.create_index(op.f("ix_absence_therapist_id"), "absence", ["therapist_id"], unique=False)
    op.create_table(
        "app_user",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("display_name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("therapist_id", sa.BigInteger(), nullable=True),
        sa.Column("language", sa.String(length=5), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "role <> 'therapist' or therapist_id is not null", name=op.f("ck_app_user_therapist_linked")
        ),
        sa.CheckConstraint(
            "role in ('manager', 'therapist', 'front_desk', 'auditor')", name=op.f("ck_app_user_role_known")
        ),
        sa.ForeignKeyConstraint(["therapist_id"], ["therapist.id"], name=op.f("fk_app_user_therapist_id_therapist")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_user")),
        sa.UniqueConstraint("email", name=op.f("uq_app_user_email")),
        sa.UniqueConstraint("therapist_id", name=op.f("uq_app_user_therapist_id")),
    )
    op.create_table(
        "working_hours",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("therapist_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("weekday", sa.SmallInteger(), nullable=False),
        sa.Column("starts_at", sa.Time(), nullable=False),
        sa.Column("ends_at", sa.Time(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_working_hours_hours_ordered")),
        sa.CheckConstraint(
            "valid_until is null or valid_until >= valid_from", name=op.f("ck_working_hours_validity_ordered")
        ),
        sa.CheckConstraint("weekday between 0 and 6", name=op.f("ck_working_hours_weekday_known")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_working_hours_site_id_site")),
        sa.ForeignKeyConstraint(
            ["therapist_id"], ["therapist.id"], name=op.f("fk_working_hours_therapist_id_therapist")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_working_hours")),
    )
    op.create_index(op.f("ix_working_hours_therapist_id"), "working_hours", ["therapist_id"], unique=False)


def downgrade() -> None:
    """Take this step back."""
    op.drop_index(op.f("ix_working_hours_therapist_id"), table_name="working_hours")
    op.drop_table("working_hours")
    op.drop_table("app_user")
    op.drop_index(op.f("ix_absence_therapist_id"), table_name="absence")
    op.drop_table("absence")
    op.drop_index(op.f("ix_therapist_site_id"), table_name="therapist")
    op.drop_index("ix_therapist_search_name", table_name="therapist")
    op.drop_table("therapist")
    op.drop_index(op.f("ix_room_site_id"), table_name="room")
    op.drop_table("room")
    op.drop_table("site")
    op.drop_table("service")
    op.execute("drop function practice_today")
    op.drop_table("practice_profile")
    op.execute("drop function plain_text")
