"""Add local accounts: passwords and second steps, invitations and resets, and a login of their own to prove them by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dashboard.config import settings
from dashboard.migrations.auditing import audit, leave_unaudited
from dashboard.migrations.row_security import close

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# Proving who somebody is has a login of its own, which may call these functions and do nothing else: whoever finds a
# way to inject SQL into the screens reaches no password's hash and opens no session.
PROOF = """
create function account_of(address varchar)
returns table (user_id bigint, password_hash varchar, is_paused boolean, second_step_sealed bytea, last_step bigint)
language sql stable security definer set search_path from current as $$
    select u.id, c.password_hash, coalesce(now() < c.locked_until, false), c.second_step_sealed, c.last_step
    from app_user as u join credential as c on c.user_id = u.id
    where lower(u.email) = lower(address) and u.is_active
$$;
create function note_wrong_answer(wanted bigint) returns void
language sql volatile security definer set search_path from current as $$
    update credential set failed = least(failed + 1, 1000), locked_until = case
        when failed >= 4 then now() + least(30 * power(2, least(failed - 4, 10)), 900) * interval '1 second'
    end
    where user_id = wanted
$$;
create function open_account_session(
    wanted bigint, token bytea, device varchar, step bigint, recovery bytea
) returns boolean language plpgsql volatile security definer set search_path from current as $$
begin
    if recovery is not null then
        update recovery_code set used_at = now()
        where user_id = wanted and code_sha256 = recovery and used_at is null;
        if not found then return false; end if;
    end if;
    update credential set failed = 0, locked_until = null, last_step = coalesce(step, last_step)
    where user_id = wanted and coalesce(now() >= locked_until, true)
        and (second_step_sealed is null or recovery is not null or step > coalesce(last_step, 0));
    if not found then return false; end if;
    insert into login_session (user_id, role, is_active, therapist_key, token_sha256, device, method)
    select u.id, u.role, u.is_active, u.therapist_key, token, device, 'password'
    from app_user as u where u.id = wanted and u.is_active;
    return found;
end $$;
create function set_second_step(wanted bigint, sealed bytea, step bigint, codes bytea[]) returns boolean
language plpgsql volatile security definer set search_path from current as $$
begin
    update credential set second_step_sealed = sealed, last_step = step
    where user_id = wanted and second_step_sealed is null;
    if not found then return false; end if;
    delete from recovery_code where user_id = wanted;
    insert into recovery_code (user_id, code_sha256) select wanted, c from unnest(codes) as c;
    return true;
end $$;
create function link_person(asked bytea) returns table (user_id bigint, email varchar, display_name varchar)
language sql stable security definer set search_path from current as $$
    select u.id, u.email, u.display_name from account_link as l join app_user as u on u.id = l.user_id
    where l.token_sha256 = asked and l.used_at is null and now() < l.expires_at and u.is_active
$$;
create function set_password_by_link(asked bytea, hashed varchar) returns boolean
language plpgsql volatile security definer set search_path from current as $$
declare person bigint;
begin
    update account_link as l set used_at = now()
    where l.token_sha256 = asked and l.used_at is null and exists (select from link_person(asked))
    returning l.user_id into person;
    if person is null then return false; end if;
    insert into credential as c (user_id, password_hash) values (person, hashed)
    on conflict (user_id) do update
    set password_hash = excluded.password_hash, changed_at = now(), failed = 0, locked_until = null;
    update account_link set used_at = now() where user_id = person and used_at is null;
    update login_session set revoked_at = now() where user_id = person and revoked_at is null;
    return true;
end $$;
create function request_reset(address varchar, token bytea) returns boolean
language sql volatile security definer set search_path from current as $$
    with made as (
        insert into account_link (user_id, kind, token_sha256, expires_at)
        select u.id, 'reset', token, now() + interval '1 hour' from app_user as u
        where lower(u.email) = lower(address) and u.is_active and (
            select count(*) from account_link as l
            where l.user_id = u.id and l.kind = 'reset' and l.created_at > now() - interval '1 hour'
        ) < 3
        returning 1
    )
    select exists (select from made)
$$;
create function open_provider_session(address varchar, token bytea, device varchar) returns boolean
language plpgsql volatile security definer set search_path from current as $$
begin
    insert into login_session (user_id, role, is_active, therapist_key, token_sha256, device, method)
    select u.id, u.role, u.is_active, u.therapist_key, token, device, 'oidc'
    from app_user as u where lower(u.email) = lower(address) and u.is_active;
    return found;
end $$;
create function change_password(session_token bytea, hashed varchar) returns boolean
language plpgsql volatile security definer set search_path from current as $$
declare person bigint;
begin
    select p.id into person from session_person(session_token) as p;
    update credential set password_hash = hashed, changed_at = now() where user_id = person;
    if not found then return false; end if;
    update login_session set revoked_at = now()
    where user_id = person and revoked_at is null and token_sha256 <> session_token;
    return true;
end $$;
"""
PROOF_FUNCTIONS = (
    "account_of",
    "note_wrong_answer",
    "open_account_session",
    "set_second_step",
    "link_person",
    "set_password_by_link",
    "request_reset",
    "open_provider_session",
    "change_password",
)

# What the signed-in person may end: their own sessions; the manager everybody's.
SESSIONS = """
create function end_sessions(wanted bigint, only_session bigint, keeps_this boolean) returns integer
language plpgsql volatile security definer set search_path from current as $$
declare
    me record;
    ended integer;
begin
    select * into me from session_now();
    if me.user_id is null or (me.user_id <> wanted and me.role <> 'manager') then return 0; end if;
    update login_session set revoked_at = now()
    where user_id = wanted and revoked_at is null and (only_session is null or id = only_session)
        and not (keeps_this and id = me.session_id);
    get diagnostics ended = row_count;
    return ended;
end $$;
create function own_account()
returns table (email varchar, has_password boolean, has_second_step boolean, recovery_codes_left bigint, session_id bigint)
language sql stable security definer set search_path from current as $$
    select u.email, c.user_id is not null, c.second_step_sealed is not null, (
        select count(*) from recovery_code as r where r.user_id = u.id and r.used_at is null
    ), s.session_id
    from session_now() as s join app_user as u on u.id = s.user_id left join credential as c on c.user_id = u.id
$$;
"""
STAFF_FUNCTIONS = ("end_sessions", "own_account")
TABLES = {"credential": "user_id", "recovery_code": "id", "account_link": "id"}


def upgrade() -> None:
    """Apply this step."""
    op.create_table(
        "credential",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("failed", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("second_step_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_credential_user_id_app_user")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_credential")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("code_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("length(code_sha256) = 32", name=op.f("ck_recovery_code_code_hashed")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_recovery_code_user_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
    )
    op.create_index("ix_recovery_code_user_id", "recovery_code", ["user_id"], unique=False)
    op.create_table(
        "account_link",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind in ('invitation', 'reset')", name=op.f("ck_account_link_kind_known")),
        sa.CheckConstraint("length(token_sha256) = 32", name=op.f("ck_account_link_token_hashed")),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_account_link_period_forward")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_account_link_user_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_link")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_account_link_token_sha256")),
    )
    op.create_index("ix_account_link_user_id", "account_link", ["user_id"], unique=False)
    for table, keys in TABLES.items():
        close(table)
        audit(table, keys)
    op.execute(f"grant usage on schema {settings().db_schema} to app_sign_in")
    for script, functions, who in ((PROOF, PROOF_FUNCTIONS, "app_sign_in"), (SESSIONS, STAFF_FUNCTIONS, "app_staff")):
        op.execute(script)
        for function in functions:
            op.execute(f"revoke execute on function {function} from public")
            op.execute(f"grant execute on function {function} to {who}")


def downgrade() -> None:
    """Take this step back."""
    for function in (*STAFF_FUNCTIONS, *reversed(PROOF_FUNCTIONS)):
        op.execute(f"drop function {function}")
    for table in reversed(TABLES):
        leave_unaudited(table)
        op.drop_table(table)
    op.execute(f"revoke usage on schema {settings().db_schema} from app_sign_in")
