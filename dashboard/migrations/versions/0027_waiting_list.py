"""Add the waiting list: who waits for what, which freed hours are offered to whom in turn, and what came of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from dashboard.migrations.auditing import audit, leave_unaudited
from dashboard.migrations.offering import FUNCTIONS, SCRIPTS
from dashboard.migrations.row_security import Right, protect

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

# The agenda knows nothing of offers: a request accepted or cancelled there answers the offer that it stands for.
FOLLOW = """
create function offer_follows_appointment() returns trigger
language plpgsql security definer set search_path from current as $$
declare
    running bigint := (select o.id from waiting_offer as o where o.appointment_id = old.id and o.state = 'offered');
begin
    if running is null then return null; end if;
    if (new.therapist_id, new.starts_at, new.ends_at)
        is distinct from (old.therapist_id, old.starts_at, old.ends_at)
    then
        raise exception using errcode = '23514', constraint = 'offered_hour_stays', message = 'this hour is offered';
    end if;
    if new.state = 'booked' then
        perform waiting_close(running, 'accepted', 'desk');
    elsif new.state <> 'held' then
        perform waiting_close(running, 'withdrawn', 'desk');
    end if;
    return null;
end $$;
create trigger offer_follows after update on appointment for each row when (old.state = 'held')
execute function offer_follows_appointment();
"""

LOGGED = """
create function waiting_logged() returns trigger
language plpgsql security definer set search_path from current as $$
declare
    n jsonb := to_jsonb(new); was text := case when tg_op = 'UPDATE' then to_jsonb(old) ->> 'state' end; said text;
begin
    said := case
        when was is distinct from n ->> 'state' and tg_table_name = 'waiting_entry' and n ->> 'state' = 'waiting'
            then case when was is null then 'added' else 'reopened' end
        when was is distinct from n ->> 'state' then n ->> 'state'
        when tg_table_name = 'waiting_entry' then 'changed'
    end;
    if said is not null and said not in ('open', 'filled') then
        insert into waiting_event (what, entry_id, offer_id, freed_hour_id, by_id) values (
            said,
            case tg_table_name when 'waiting_entry' then (n ->> 'id')::bigint else (n ->> 'entry_id')::bigint end,
            case tg_table_name when 'waiting_offer' then (n ->> 'id')::bigint end,
            case tg_table_name when 'freed_hour' then (n ->> 'id')::bigint else (n ->> 'freed_hour_id')::bigint end,
            uid()
        );
    end if;
    return null;
end $$;
"""
LOGGED_TABLES = ("waiting_entry", "waiting_offer", "freed_hour")

FILES = "patient_id = any(array(select session_files()))"
OWN_ENTRY = "exists (select from waiting_entry as own where own.id = {}.entry_id)"
# Of messages and offers that they were, and never to whom.
READ_BY_FIGURES = {
    "message": "id, appointment_id, kind, state",
    "site_closure": "id, site_id, closed_on",
    "waiting_offer": "id, freed_hour_id, appointment_id, turn, state, offered_at",
}
TABLES = ("waiting_rule", "waiting_event", "waiting_offer", "freed_hour", "waiting_entry")
RULE = ("turns", "answer_hours", "notice_hours", "days_ahead", "is_automatic", "automatic_since")


def upgrade() -> None:
    """Apply this step."""
    _create_entries()
    _create_offers()
    _create_log()
    for script in (*SCRIPTS, FOLLOW, LOGGED):
        op.execute(script)
    for function, callers in FUNCTIONS.items():
        op.execute(f"revoke execute on function {function} from public")
        if callers:
            op.execute(f"grant execute on function {function} to {callers}")
    office = {role: Right("r") for role in ("manager", "front_desk")}
    entries = {role: Right("riu") for role in ("manager", "front_desk")}
    protect("waiting_entry", is_for_figures=False, **entries, therapist=Right("riu", rows=FILES))
    protect(
        "freed_hour",
        is_for_figures=False,
        **office,
        therapist=Right("r", rows="therapist_id = (select session_therapist())"),
    )
    for table in ("waiting_offer", "waiting_event"):
        protect(table, is_for_figures=False, **office, therapist=Right("r", rows=OWN_ENTRY.format(table)))
    protect(
        "waiting_rule",
        is_for_figures=False,
        manager=Right("ru", changes=RULE),
        front_desk=Right("r"),
        therapist=Right("r"),
    )
    op.execute("grant usage on sequence waiting_entry_id_seq to app_manager, app_front_desk, app_therapist")
    for table, columns in READ_BY_FIGURES.items():
        op.execute(f"create policy figures on {table} to transformer using (true)")
        op.execute(f"grant select ({columns}) on {table} to transformer")
    for table in LOGGED_TABLES:
        op.execute(
            f"create trigger waiting_logged after insert or update on {table}"
            " for each row execute function waiting_logged()"
        )
    op.execute(
        "create trigger append_only before update or delete on waiting_event"
        " for each row execute function refuse_change()"
    )
    op.execute(
        "create trigger notify_change after insert or update or delete on waiting_offer"
        " for each statement execute function notify_change()"
    )
    for table in TABLES:
        audit(table, "id")
    op.create_foreign_key(op.f("fk_message_offer_id_waiting_offer"), "message", "waiting_offer", ["offer_id"], ["id"])


def _moment(name: str, *, is_now: bool = False) -> sa.Column[object]:
    return sa.Column(
        name, sa.DateTime(timezone=True), server_default=sa.text("now()") if is_now else None, nullable=not is_now
    )


def _id() -> sa.Column[object]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _to(table: str, column: str, target: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}_{target}"), ondelete=ondelete
    )


def _create_entries() -> None:
    op.create_table(
        "waiting_entry",
        _id(),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("service_id", sa.BigInteger(), nullable=False),
        sa.Column("therapist_ids", sa.ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
        sa.Column("site_ids", sa.ARRAY(sa.BigInteger()), server_default="{}", nullable=False),
        sa.Column("weekdays", sa.ARRAY(sa.SmallInteger()), server_default="{}", nullable=False),
        sa.Column("not_before", sa.Time(), nullable=True),
        sa.Column("not_after", sa.Time(), nullable=True),
        sa.Column("mode", sa.String(length=12), nullable=True),
        sa.Column("urgency", sa.SmallInteger(), server_default="1", nullable=False),
        sa.Column("note", sa.String(length=300), nullable=True),
        sa.Column("since_on", sa.Date(), server_default=sa.text("practice_today()"), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=8), server_default="waiting", nullable=False),
        sa.Column("closed_reason", sa.String(length=20), nullable=True),
        sa.Column("added_by_id", sa.BigInteger(), nullable=True),
        _moment("created_at", is_now=True),
        _moment("closed_at"),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("mode in ('in_person', 'online', 'telephone')", name=op.f("ck_waiting_entry_mode_known")),
        sa.CheckConstraint("state in ('waiting', 'served', 'closed')", name=op.f("ck_waiting_entry_state_known")),
        sa.CheckConstraint(
            "closed_reason in ('booked', 'no_longer_wanted', 'not_reached', 'other')",
            name=op.f("ck_waiting_entry_closed_reason_known"),
        ),
        sa.CheckConstraint("urgency between 1 and 3", name=op.f("ck_waiting_entry_urgency_known")),
        sa.CheckConstraint("0 <= all (weekdays) and 6 >= all (weekdays)", name=op.f("ck_waiting_entry_weekdays_known")),
        sa.CheckConstraint("not_after > not_before", name=op.f("ck_waiting_entry_hours_ordered")),
        sa.CheckConstraint("until_on >= since_on", name=op.f("ck_waiting_entry_dates_ordered")),
        sa.CheckConstraint("(state = 'waiting') = (closed_at is null)", name=op.f("ck_waiting_entry_closed_dated")),
        _to("waiting_entry", "patient_id", "patient"),
        _to("waiting_entry", "service_id", "service"),
        _to("waiting_entry", "added_by_id", "app_user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_entry")),
    )
    op.create_index("ix_waiting_entry_patient_id", "waiting_entry", ["patient_id"])
    op.create_index(
        "ix_waiting_entry_waiting",
        "waiting_entry",
        ["urgency", "since_on"],
        postgresql_where=sa.text("state = 'waiting'"),
    )


def _create_offers() -> None:
    op.create_table(
        "freed_hour",
        _id(),
        sa.Column("appointment_id", sa.BigInteger(), nullable=False),
        sa.Column("therapist_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("room_id", sa.BigInteger(), nullable=True),
        sa.Column("mode", sa.String(length=12), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=8), server_default="open", nullable=False),
        _moment("opened_at", is_now=True),
        sa.Column("opened_by_id", sa.BigInteger(), nullable=True),
        _moment("ended_at"),
        sa.Column(
            "during",
            postgresql.TSTZRANGE(),
            sa.Computed("tstzrange(starts_at, ends_at, '[)')", persisted=True),
            nullable=False,
        ),
        sa.CheckConstraint(
            "state in ('open', 'filled', 'unfilled', 'stopped')", name=op.f("ck_freed_hour_state_known")
        ),
        sa.CheckConstraint("(state = 'open') = (ended_at is null)", name=op.f("ck_freed_hour_ended_dated")),
        postgresql.ExcludeConstraint(
            (sa.text("int8range(therapist_id, therapist_id, '[]')"), "&&"),
            (sa.column("during"), "&&"),
            where=sa.text("state = 'open'"),
            using="gist",
            name="no_hour_offered_twice",
        ),
        _to("freed_hour", "appointment_id", "appointment"),
        _to("freed_hour", "therapist_id", "therapist"),
        _to("freed_hour", "site_id", "site"),
        _to("freed_hour", "room_id", "room"),
        _to("freed_hour", "opened_by_id", "app_user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_freed_hour")),
        sa.UniqueConstraint("appointment_id", name=op.f("uq_freed_hour_appointment_id")),
    )
    op.create_table(
        "waiting_offer",
        _id(),
        sa.Column("freed_hour_id", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("turn", sa.SmallInteger(), nullable=False),
        sa.Column("appointment_id", sa.BigInteger(), nullable=True),
        sa.Column("mode", sa.String(length=12), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=9), server_default="offered", nullable=False),
        _moment("offered_at", is_now=True),
        sa.Column("offered_by_id", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=True),
        _moment("answered_at"),
        sa.Column("answered_how", sa.String(length=5), nullable=True),
        sa.Column("answered_by_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state in ('offered', 'accepted', 'declined', 'expired', 'withdrawn')",
            name=op.f("ck_waiting_offer_state_known"),
        ),
        sa.CheckConstraint(
            "answered_how in ('link', 'desk', 'clock')", name=op.f("ck_waiting_offer_answered_how_known")
        ),
        sa.CheckConstraint("(state = 'offered') = (answered_at is null)", name=op.f("ck_waiting_offer_answered_dated")),
        sa.CheckConstraint("expires_at > offered_at", name=op.f("ck_waiting_offer_times_ordered")),
        _to("waiting_offer", "freed_hour_id", "freed_hour"),
        _to("waiting_offer", "entry_id", "waiting_entry"),
        _to("waiting_offer", "appointment_id", "appointment", ondelete="SET NULL"),
        _to("waiting_offer", "offered_by_id", "app_user"),
        _to("waiting_offer", "answered_by_id", "app_user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_offer")),
        sa.UniqueConstraint("freed_hour_id", "turn", name=op.f("uq_waiting_offer_freed_hour_id_turn")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_waiting_offer_token_sha256")),
    )
    # Never two people at once, and nobody two hours at once.
    op.create_index(
        "one_offer_of_an_hour",
        "waiting_offer",
        ["freed_hour_id"],
        unique=True,
        postgresql_where=sa.text("state in ('offered', 'accepted')"),
    )
    op.create_index(
        "one_offer_to_an_entry",
        "waiting_offer",
        ["entry_id"],
        unique=True,
        postgresql_where=sa.text("state = 'offered'"),
    )
    op.create_index("ix_waiting_offer_entry_id", "waiting_offer", ["entry_id"])
    op.create_index("ix_waiting_offer_appointment_id", "waiting_offer", ["appointment_id"])


def _create_log() -> None:
    op.create_table(
        "waiting_event",
        _id(),
        _moment("at", is_now=True),
        sa.Column("what", sa.String(length=12), nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=True),
        sa.Column("offer_id", sa.BigInteger(), nullable=True),
        sa.Column("freed_hour_id", sa.BigInteger(), nullable=True),
        sa.Column("by_id", sa.BigInteger(), nullable=True),
        _to("waiting_event", "entry_id", "waiting_entry"),
        _to("waiting_event", "offer_id", "waiting_offer"),
        _to("waiting_event", "freed_hour_id", "freed_hour"),
        _to("waiting_event", "by_id", "app_user"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_event")),
    )
    op.create_index("ix_waiting_event_at", "waiting_event", ["at"])
    op.create_index("ix_waiting_event_entry_id", "waiting_event", ["entry_id"])
    rule = op.create_table(
        "waiting_rule",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("turns", sa.SmallInteger(), server_default="5", nullable=False),
        sa.Column("answer_hours", sa.SmallInteger(), server_default="4", nullable=False),
        sa.Column("notice_hours", sa.SmallInteger(), server_default="12", nullable=False),
        sa.Column("days_ahead", sa.SmallInteger(), server_default="28", nullable=False),
        sa.Column("is_automatic", sa.Boolean(), server_default="false", nullable=False),
        _moment("automatic_since"),
        sa.CheckConstraint("id = 1", name=op.f("ck_waiting_rule_single_row")),
        sa.CheckConstraint("turns between 1 and 20", name=op.f("ck_waiting_rule_turns_sane")),
        sa.CheckConstraint("days_ahead between 1 and 90", name=op.f("ck_waiting_rule_days_sane")),
        sa.CheckConstraint(
            "answer_hours between 1 and 72 and notice_hours between answer_hours + 1 and 168",
            name=op.f("ck_waiting_rule_hours_sane"),
        ),
        sa.CheckConstraint(
            "not is_automatic or automatic_since is not null", name=op.f("ck_waiting_rule_automatic_dated")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_rule")),
    )
    op.bulk_insert(rule, [{"id": 1}])


def downgrade() -> None:
    """Take this step back."""
    op.drop_constraint(op.f("fk_message_offer_id_waiting_offer"), "message", type_="foreignkey")
    op.execute("delete from message where kind = 'offer'")
    for table in ("message", "site_closure"):
        op.execute(f"drop policy figures on {table}")
        op.execute(f"revoke select ({READ_BY_FIGURES[table]}) on {table} from transformer")  # noqa: S608 - names of ours
    op.execute("drop trigger offer_follows on appointment")
    for table in TABLES:
        leave_unaudited(table)
    for table in LOGGED_TABLES:
        op.execute(f"drop trigger waiting_logged on {table}")
    for function in (*reversed(FUNCTIONS), "offer_follows_appointment()", "waiting_logged()"):
        op.execute(f"drop function {function}")
    for table in TABLES:  # with the figures' views of it, which the next refresh would rebuild
        op.execute(f"drop table {table} cascade")
