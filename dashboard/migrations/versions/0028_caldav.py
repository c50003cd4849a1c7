"""Add linked calendars: an account at a calendar service, what was written there, and what was changed there.

The password is sealed by the application. No person's role reads it, not even its owner's: only the login of the worker
does, which asks the service. What the worker learns of sessions comes from one function, for accounts that are alive.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dashboard.migrations.auditing import audit, leave_unaudited
from dashboard.migrations.row_security import Right, protect

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

PROBLEM = (
    "problem in ('unreachable', 'refused', 'gone', 'not_caldav', 'too_large', 'private', 'server_busy', 'no_key',"
    " 'read_only', 'unreadable')"
)
OWN = "therapist_id = (select session_therapist())"
FACTS = (
    *("therapist_id", "address", "user_name", "shows", "session_word", "is_connected", "problem"),
    *("connected_at", "asked_at", "synced_at"),
)
CHANGES = (*(fact for fact in FACTS if fact not in {"therapist_id", "synced_at"}), "sealed_password", "key_id")
# The account of somebody who may not sign in any more is asked for nothing.
LIVE = """
create function linked_live() returns table (therapist_id bigint, asked_at timestamptz)
language sql stable security definer set search_path from current as $$
    select l.therapist_id, l.asked_at from linked_account as l
    where l.is_connected and exists (
        select from app_user as u where u.therapist_id = l.therapist_id and u.role = 'therapist' and u.is_active
    )
    order by l.therapist_id
$$;
"""
# Names become initials here, so that none ever leaves the database by this way.
SESSIONS = """
create function linked_sessions(whose bigint) returns table (
    id bigint, starts_at timestamptz, ends_at timestamptz, state varchar, version integer, changed_at timestamptz,
    initials text
)
language sql stable security definer set search_path from current as $$
    select a.id, a.starts_at, a.ends_at, a.state, a.version,
        greatest(a.booked_at, a.confirmed_at, a.marked_at, a.cancelled_at),
        case when l.shows = 'initials' then (
            select string_agg(
                upper(left(p.given_name, 1) || left(coalesce(p.surname_1, ''), 1)), ', ' order by t.position, p.id
            )
            from appointment_patient as t join patient as p on p.id = t.patient_id where t.appointment_id = a.id
        ) end
    from linked_account as l
    join appointment as a on a.therapist_id = l.therapist_id
    where l.therapist_id = whose and l.is_connected and a.state in ('held', 'booked', 'confirmed')
        and a.ends_at > now() and a.starts_at > now() - interval '12 hours' and a.starts_at < now() + interval '1 year'
        and (a.held_until is null or a.held_until > now())
    order by a.starts_at, a.id limit 5000
$$;
"""
FUNCTIONS = {"linked_live()": "messenger", "linked_sessions(bigint)": "messenger"}
TABLES = {"linked_account": "therapist_id", "linked_calendar": "id", "linked_event": "id", "linked_proposal": "id"}
WORKER = {
    "linked_account": "select, update",
    "linked_calendar": "select, update",
    "linked_event": "select, insert, update, delete",
    "linked_proposal": "select, insert, update",
}
LINKED_BUSY = (
    "exists (select from linked_calendar as c where c.therapist_id = busy_time.therapist_id"
    " and c.name = busy_time.calendar and c.is_busy)"
)


def upgrade() -> None:
    """Apply this step."""
    _create_accounts()
    _create_events()
    protect(
        "linked_account",
        is_for_figures=False,
        therapist=Right("riu", OWN, columns=FACTS, changes=CHANGES),
    )
    protect("linked_calendar", is_for_figures=False, therapist=Right("riud", OWN))
    protect("linked_event", is_for_figures=False, therapist=Right("rd", OWN))
    protect(
        "linked_proposal",
        is_for_figures=False,
        therapist=Right("ru", OWN, changes=("state", "settled_at", "settled_by_id")),
    )
    for table, key in TABLES.items():
        op.execute(f"create policy worker on {table} to messenger using (true) with check (true)")
        op.execute(f"grant {WORKER[table]} on {table} to messenger")
        audit(table, key)
    op.execute(f"create policy worker on busy_time to messenger using ({LINKED_BUSY}) with check ({LINKED_BUSY})")
    op.execute("grant select, insert, delete on busy_time to messenger")
    for script in (LIVE, SESSIONS):
        op.execute(script)
    for function, caller in FUNCTIONS.items():
        op.execute(f"revoke execute on function {function} from public")
        op.execute(f"grant execute on function {function} to {caller}")


def _create_accounts() -> None:
    op.create_table(
        "linked_account",
        sa.Column("therapist_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("user_name", sa.String(length=200), nullable=False),
        sa.Column("sealed_password", sa.LargeBinary(), nullable=True),
        sa.Column("key_id", sa.String(length=16), nullable=True),
        sa.Column("uid_secret", sa.LargeBinary(), nullable=False),
        sa.Column("shows", sa.String(length=10), server_default="nothing", nullable=False),
        sa.Column("session_word", sa.String(length=60), server_default="Session", nullable=False),
        sa.Column("is_connected", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("problem", sa.String(length=12), nullable=True),
        sa.Column("connected_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("synced_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("shows in ('initials', 'nothing')", name=op.f("ck_linked_account_shows_known")),
        sa.CheckConstraint(PROBLEM, name=op.f("ck_linked_account_problem_known")),
        sa.CheckConstraint(
            "is_connected = (sealed_password is not null)", name=op.f("ck_linked_account_password_kept")
        ),
        sa.CheckConstraint("(sealed_password is null) = (key_id is null)", name=op.f("ck_linked_account_key_named")),
        sa.CheckConstraint("length(uid_secret) = 32", name=op.f("ck_linked_account_uid_secret_long")),
        sa.ForeignKeyConstraint(
            ["therapist_id"], ["therapist.id"], name=op.f("fk_linked_account_therapist_id_therapist")
        ),
        sa.PrimaryKeyConstraint("therapist_id", name=op.f("pk_linked_account")),
    )
    op.create_table(
        "linked_calendar",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("therapist_id", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.String(length=1000), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("is_outgoing", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("is_busy", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("problem", sa.String(length=12), nullable=True),
        sa.CheckConstraint(PROBLEM, name=op.f("ck_linked_calendar_problem_known")),
        sa.CheckConstraint("btrim(name) <> ''", name=op.f("ck_linked_calendar_named")),
        sa.ForeignKeyConstraint(
            ["therapist_id"],
            ["linked_account.therapist_id"],
            name=op.f("fk_linked_calendar_therapist_id_linked_account"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_linked_calendar")),
        sa.UniqueConstraint("therapist_id", "url", name=op.f("uq_linked_calendar_therapist_id_url")),
        sa.UniqueConstraint("therapist_id", "name", name=op.f("uq_linked_calendar_therapist_id_name")),
        sa.UniqueConstraint("id", "therapist_id", name=op.f("uq_linked_calendar_id_therapist_id")),
    )
    op.create_index(
        "uq_linked_calendar_outgoing",
        "linked_calendar",
        ["therapist_id"],
        unique=True,
        postgresql_where=sa.text("is_outgoing"),
    )


def _create_events() -> None:
    op.create_table(
        "linked_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("therapist_id", sa.BigInteger(), nullable=False),
        sa.Column("calendar_id", sa.BigInteger(), nullable=False),
        sa.Column("appointment_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tag", sa.String(length=300), nullable=True),
        sa.Column("says_sha256", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "isfinite(starts_at) and isfinite(ends_at) and ends_at > starts_at",
            name=op.f("ck_linked_event_times_ordered"),
        ),
        sa.CheckConstraint("length(says_sha256) = 32", name=op.f("ck_linked_event_says_hashed")),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_linked_event_appointment_id_appointment")
        ),
        sa.ForeignKeyConstraint(
            ["calendar_id", "therapist_id"],
            ["linked_calendar.id", "linked_calendar.therapist_id"],
            name="fk_linked_event_calendar_of_therapist",
            ondelete="cascade",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_linked_event")),
        sa.UniqueConstraint("calendar_id", "appointment_id", name=op.f("uq_linked_event_calendar_id_appointment_id")),
        sa.UniqueConstraint(
            "id", "therapist_id", "appointment_id", name=op.f("uq_linked_event_id_therapist_id_appointment_id")
        ),
    )
    op.create_index(op.f("ix_linked_event_appointment_id"), "linked_event", ["appointment_id"])
    op.create_table(
        "linked_proposal",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("therapist_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("appointment_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outside_tag", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=10), server_default="open", nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind in ('move', 'cancel', 'unclear')", name=op.f("ck_linked_proposal_kind_known")),
        sa.CheckConstraint(
            "state in ('open', 'accepted', 'agreed', 'rejected', 'returned', 'lapsed')",
            name=op.f("ck_linked_proposal_state_known"),
        ),
        sa.CheckConstraint(
            "(kind = 'move') = (starts_at is not null and ends_at is not null)",
            name=op.f("ck_linked_proposal_move_has_times"),
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("ck_linked_proposal_times_ordered")),
        sa.CheckConstraint("(state = 'open') = (settled_at is null)", name=op.f("ck_linked_proposal_settled_dated")),
        sa.ForeignKeyConstraint(
            ["event_id", "therapist_id", "appointment_id"],
            ["linked_event.id", "linked_event.therapist_id", "linked_event.appointment_id"],
            name="fk_linked_proposal_event_of_therapist",
            ondelete="cascade",
        ),
        sa.ForeignKeyConstraint(
            ["settled_by_id"], ["app_user.id"], name=op.f("fk_linked_proposal_settled_by_id_app_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_linked_proposal")),
    )
    op.create_index(
        "uq_linked_proposal_open",
        "linked_proposal",
        ["event_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
    )


def downgrade() -> None:
    """Take this step back."""
    for function in FUNCTIONS:
        op.execute(f"drop function {function}")
    op.execute("drop policy worker on busy_time")
    op.execute("revoke all on busy_time from messenger")
    for table in reversed(TABLES):
        leave_unaudited(table)
        op.drop_table(table)
