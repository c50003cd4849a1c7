"""Add calendars of others: addresses under which a calendar is read without signing in, and busy times read from files.

An address holds a random token, of which only the hash is kept. It is answered through two functions that the login of
signing in may call: they give what one live address shows and nothing else, and no role reads hashes of tokens.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dashboard.migrations.auditing import audit, leave_unaudited
from dashboard.migrations.row_security import Right, protect

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

# An address dies with the account of who made it: one who may not sign in any more reads nothing here either.
LIVE = """
create function live_feed(asked bytea) returns setof calendar_feed
language sql stable security definer set search_path from current as $$
    select f.* from calendar_feed as f join app_user as u on u.id = f.created_by_id and u.is_active
    where f.token_sha256 = asked and f.revoked_at is null and case
        when f.room_id is null then u.role = 'therapist' and u.therapist_id = f.therapist_id
        else u.role = 'manager'
    end
$$;
"""
# That an address was asked is on record once an hour: programs ask every few minutes, day and night.
OPENED = """
create function feed_opened(asked bytea)
returns table (room_name varchar, language varchar, time_zone varchar)
language plpgsql volatile security definer set search_path from current as $$
#variable_conflict use_column
begin
    return query
        select r.name, f.language, coalesce((select p.time_zone from practice_profile as p), 'Europe/Madrid')
        from live_feed(asked) as f left join room as r on r.id = f.room_id;
    if found then
        update calendar_feed set last_fetched_at = now()
        where token_sha256 = asked and coalesce(last_fetched_at < now() - interval '1 hour', true);
    end if;
end $$;
"""
# Names become initials here, so that none ever leaves the database by this way.
APPOINTMENTS = """
create function feed_appointments(asked bytea)
returns table (
    id bigint, starts_at timestamptz, ends_at timestamptz, state varchar, version integer, changed_at timestamptz,
    initials text
)
language plpgsql stable security definer set search_path from current as $$
#variable_conflict use_column
declare
    feed calendar_feed;
begin
    select * into feed from live_feed(asked);
    return query
    select a.id, a.starts_at, a.ends_at, a.state, a.version,
        greatest(a.booked_at, a.confirmed_at, a.marked_at, a.cancelled_at),
        case when feed.shows = 'initials' then (
            select string_agg(
                upper(left(p.given_name, 1) || left(coalesce(p.surname_1, ''), 1)), ', ' order by t.position, p.id
            )
            from appointment_patient as t join patient as p on p.id = t.patient_id where t.appointment_id = a.id
        ) end
    from appointment as a
    where (a.therapist_id = feed.therapist_id or a.room_id = feed.room_id)
        and a.starts_at >= date_trunc('day', now()) - interval '30 days'
        and a.starts_at < date_trunc('day', now()) + interval '1 year'
        and (a.held_until is null or a.held_until > now())
    order by a.starts_at, a.id limit 10000;
end $$;
"""
# Asks as the person who calls it: a therapist's own, everybody's for the office, nothing for anybody else.
BUSY = """
create function busy_elsewhere(therapist bigint[], since timestamptz, until timestamptz)
returns table (therapist_id bigint, starts_at timestamptz, ends_at timestamptz)
language sql stable set search_path from current as $$
    select b.therapist_id, b.starts_at, b.ends_at from busy_time as b
    where b.therapist_id = any(therapist) and b.starts_at < until and b.ends_at > since
    order by b.starts_at, b.ends_at, b.therapist_id
$$;
"""
FUNCTIONS = {
    "live_feed": (LIVE, None),
    "feed_opened": (OPENED, "app_sign_in"),
    "feed_appointments": (APPOINTMENTS, "app_sign_in"),
    "busy_elsewhere": (BUSY, "app_staff"),
}
OWN_FEED = "therapist_id = (select session_therapist()) and created_by_id = (select uid())"
FACTS = (
    "id", "therapist_id", "room_id", "shows", "language", "created_at", "created_by_id", "revoked_at", "last_fetched_at",
)  # fmt: skip
# The office learns when somebody is busy, and neither by which calendar nor since when it is known.
WHEN_BUSY = ("id", "therapist_id", "starts_at", "ends_at", "is_all_day")


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "calendar_feed",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("therapist_id", sa.BigInteger(), nullable=True),
        sa.Column("room_id", sa.BigInteger(), nullable=True),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("shows", sa.String(length=10), server_default="nothing", nullable=False),
        sa.Column("language", sa.String(length=5), server_default="en", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by_id", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("num_nonnulls(therapist_id, room_id) = 1", name=op.f("ck_calendar_feed_of_one")),
        sa.CheckConstraint("length(token_sha256) = 32", name=op.f("ck_calendar_feed_token_hashed")),
        sa.CheckConstraint("shows in ('initials', 'nothing')", name=op.f("ck_calendar_feed_shows_known")),
        sa.CheckConstraint("room_id is null or shows = 'nothing'", name=op.f("ck_calendar_feed_room_names_nobody")),
        sa.ForeignKeyConstraint(
            ["therapist_id"], ["therapist.id"], name=op.f("fk_calendar_feed_therapist_id_therapist")
        ),
        sa.ForeignKeyConstraint(["room_id"], ["room.id"], name=op.f("fk_calendar_feed_room_id_room")),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["app_user.id"], name=op.f("fk_calendar_feed_created_by_id_app_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feed")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_calendar_feed_token_sha256")),
    )
    op.create_table(
        "busy_time",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("therapist_id", sa.BigInteger(), nullable=False),
        sa.Column("calendar", sa.String(length=60), nullable=False),
        sa.Column("uid_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("recurrence_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_all_day", sa.Boolean(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "isfinite(starts_at) and isfinite(ends_at) and ends_at > starts_at", name=op.f("ck_busy_time_times_ordered")
        ),
        sa.CheckConstraint("length(uid_sha256) = 32", name=op.f("ck_busy_time_uid_hashed")),
        sa.CheckConstraint("btrim(calendar) <> ''", name=op.f("ck_busy_time_calendar_named")),
        sa.ForeignKeyConstraint(["therapist_id"], ["therapist.id"], name=op.f("fk_busy_time_therapist_id_therapist")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_busy_time")),
        sa.UniqueConstraint(
            "therapist_id",
            "calendar",
            "uid_sha256",
            "recurrence_at",
            name=op.f("uq_busy_time_therapist_id_calendar_uid_sha256_recurrence_at"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index("ix_busy_time_therapist_id_starts_at", "busy_time", ["therapist_id", "starts_at"], unique=False)
    protect(
        "calendar_feed",
        is_for_figures=False,
        manager=Right("riu", "room_id is not null", columns=FACTS, changes=("revoked_at",)),
        therapist=Right("riu", OWN_FEED, columns=FACTS, changes=("revoked_at",)),
    )
    protect(
        "busy_time",
        is_for_figures=False,
        manager=Right("r", columns=WHEN_BUSY),
        front_desk=Right("r", columns=WHEN_BUSY),
        therapist=Right("rid", "therapist_id = (select session_therapist())"),
    )
    for table in ("calendar_feed", "busy_time"):
        audit(table, "id")
    for function, (script, caller) in FUNCTIONS.items():
        op.execute(script)
        op.execute(f"revoke execute on function {function} from public")
        if caller:
            op.execute(f"grant execute on function {function} to {caller}")


def downgrade() -> None:
    """Take this step back."""
    for function in reversed(FUNCTIONS):
        op.execute(f"drop function {function}")
    for table in ("busy_time", "calendar_feed"):
        leave_unaudited(table)
        op.drop_table(table)
