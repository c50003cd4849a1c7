"""Add sessions, which tell the database who is asking, and the care team, which tells whose files are whose."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

# A transaction carries a random token. Who that is, is looked up here and nowhere believed: a setting that holds a
# user's number could be set by whoever finds a place to inject SQL, a token has to be stolen.
# A session carries what its person may be, as a foreign key that follows each change of it, so that who asks is one
# look-up; the hash is made once, not for every row of a table that the planner took for small. The functions are of
# plpgsql, whose plans a connection keeps: those of SQL are planned at every call, which costs ten times as much, and
# every policy calls some.
HASH = "hash bytea := sha256(convert_to(nullif(current_setting('app.token', true), ''), 'UTF8'))"
SESSION = """
    from login_session as s
    where s.token_sha256 = hash and s.is_active
        and s.revoked_at is null and now() < s.expires_at and now() < s.idle_until;
"""
WHO = """
create function session_now() returns table (session_id bigint, user_id bigint, role varchar, therapist_id bigint)
language plpgsql stable security definer set search_path from current as $$
declare @hash@;
begin
    return query select s.id, s.user_id, s.role, nullif(s.therapist_key, 0) @session@
end $$;
create function uid() returns bigint language plpgsql stable security definer set search_path from current as $$
declare @hash@; found_id bigint;
begin
    select s.user_id into found_id @session@
    return found_id;
end $$;
create function session_role() returns name language plpgsql stable security definer set search_path from current as $$
declare @hash@; found_role name;
begin
    select 'app_' || s.role into found_role @session@
    return found_role;
end $$;
create function session_differs(taken name) returns integer
language plpgsql stable security definer set search_path from current as $$
declare @hash@; found_role name;
begin
    select 'app_' || s.role into found_role @session@
    return case when found_role = taken then 0 else 1 end;
end $$;
create function session_therapist() returns bigint
language plpgsql stable security definer set search_path from current as $$
declare @hash@; found_id bigint;
begin
    select nullif(s.therapist_key, 0) into found_id @session@
    return found_id;
end $$;
""".replace("@session@", SESSION).replace("@hash@", HASH)

# Files in the care of the person asking, and the patients that they know besides, because they see or saw them.
IN_CARE = """
    select id from patient where main_therapist_id = me
    union
    select patient_id from care_team
    where therapist_id = me and today >= valid_from and today < coalesce(valid_until, 'infinity'::date)
"""
WHOSE = """
create function session_files() returns setof bigint
language plpgsql stable security definer set search_path from current as $$
declare me bigint := session_therapist(); today date := practice_today();
begin
    return query @in_care@;
end $$;
create function session_patients() returns setof bigint
language plpgsql stable security definer set search_path from current as $$
declare me bigint := session_therapist(); today date := practice_today();
begin
    return query @in_care@ union select patient_id from appointment_patient where therapist_id = me;
end $$;
""".replace("@in_care@", IN_CARE)

# What the application may ask before anybody is signed in. ``token_sha256`` is the hash; the token never leaves it.
SIGN_IN = """
create function has_people() returns boolean
language sql stable security definer set search_path from current as $$
    select exists (select from app_user) or exists (select from patient)
$$;
create function people_to_choose()
returns table (id bigint, display_name varchar, role varchar, therapist_id bigint, language varchar)
language sql stable security definer set search_path from current as $$
    select u.id, u.display_name, u.role, u.therapist_id, u.language from app_user as u
    where u.is_active and (select p.is_synthetic from practice_profile as p)
    order by u.role, u.display_name
$$;
create function open_chosen_session(wanted bigint, token_sha256 bytea, device varchar) returns bigint
language sql volatile security definer set search_path from current as $$
    insert into login_session (user_id, role, is_active, therapist_key, token_sha256, device, method)
    select u.id, u.role, u.is_active, u.therapist_key, token_sha256, device, 'chosen'
    from people_to_choose() as c join app_user as u on u.id = c.id where c.id = wanted
    returning id
$$;
create function session_person(asked bytea)
returns table (
    id bigint, display_name varchar, role varchar, therapist_id bigint, language varchar, method varchar
)
language sql volatile security definer set search_path from current as $$
    update login_session set seen_at = now(), idle_until = now() + idle_for
    where token_sha256 = asked and revoked_at is null and now() < expires_at and now() < idle_until
        and seen_at < now() - interval '30 seconds';
    select u.id, u.display_name, u.role, u.therapist_id, u.language, s.method
    from login_session as s join app_user as u on u.id = s.user_id
    where s.token_sha256 = asked and s.revoked_at is null and now() < s.expires_at and now() < s.idle_until
        and u.is_active
$$;
create function close_session(ended bytea) returns void
language sql volatile security definer set search_path from current as $$
    update login_session set revoked_at = now() where token_sha256 = ended and revoked_at is null
$$;
"""
BEFORE_SIGN_IN = ("close_session", "session_person", "open_chosen_session", "people_to_choose", "has_people")
STANDING = ["id", "role", "is_active", "therapist_key"]
WHO_ASKS = (
    "session_now",
    "uid",
    "session_role",
    "session_differs",
    "session_therapist",
    "session_files",
    "session_patients",
)


def upgrade() -> None:
    """Apply this step."""
    op.add_column(
        "app_user",
        sa.Column("therapist_key", sa.BigInteger(), sa.Computed("coalesce(therapist_id, 0)", persisted=True)),
    )
    op.create_unique_constraint(op.f("uq_app_user_id_role_is_active_therapist_key"), "app_user", STANDING)
    op.create_table(
        "login_session",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("therapist_key", sa.BigInteger(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("device", sa.String(length=200), nullable=True),
        sa.Column("method", sa.String(length=10), server_default="chosen", nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("idle_for", sa.Interval(), server_default="15 minutes", nullable=False),
        sa.Column(
            "idle_until",
            sa.DateTime(timezone=True),
            server_default=sa.text("now() + interval '15 minutes'"),
            nullable=False,
        ),
        sa.Column(
            "expires_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now() + interval '8 hours'"),
            nullable=False,
        ),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("length(token_sha256) = 32", name=op.f("ck_login_session_token_hashed")),
        sa.CheckConstraint("method in ('chosen', 'password', 'oidc')", name=op.f("ck_login_session_method_known")),
        sa.ForeignKeyConstraint(
            ["user_id", *STANDING[1:]],
            [f"app_user.{column}" for column in STANDING],
            name=op.f("fk_login_session_user_id_role_is_active_therapist_key_app_user"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_session")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_login_session_token_sha256")),
    )
    op.create_index("ix_login_session_user_id", "login_session", ["user_id"], unique=False)
    op.create_table(
        "care_team",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("therapist_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("valid_from", sa.Date(), server_default=sa.text("practice_today()"), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=True),
        sa.Column("created_by_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind in ('co_therapist', 'supervisor', 'substitute', 'break_glass')", name=op.f("ck_care_team_kind_known")
        ),
        sa.CheckConstraint("valid_until >= valid_from", name=op.f("ck_care_team_period_forward")),
        sa.CheckConstraint(
            "kind <> 'break_glass' or (reason is not null and valid_until is not null)",
            name=op.f("ck_care_team_break_glass_explained"),
        ),
        sa.ForeignKeyConstraint(["created_by_id"], ["app_user.id"], name=op.f("fk_care_team_created_by_id_app_user")),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_care_team_patient_id_patient")),
        sa.ForeignKeyConstraint(["therapist_id"], ["therapist.id"], name=op.f("fk_care_team_therapist_id_therapist")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_team")),
    )
    op.create_index("ix_care_team_patient_id", "care_team", ["patient_id"], unique=False)
    op.create_index("ix_care_team_therapist_id_patient_id", "care_team", ["therapist_id", "patient_id"], unique=False)
    for script in (WHO, WHOSE, SIGN_IN):
        op.execute(script)
    for function in BEFORE_SIGN_IN:
        op.execute(f"revoke execute on function {function} from public")
        op.execute(f"grant execute on function {function} to app_rt")
    for function in WHO_ASKS:
        op.execute(f"revoke execute on function {function} from public")
        op.execute(f"grant execute on function {function} to app_staff")


def downgrade() -> None:
    """Take this step back."""
    for function in (*BEFORE_SIGN_IN, *reversed(WHO_ASKS)):
        op.execute(f"drop function {function}")
    op.drop_table("care_team")
    op.drop_table("login_session")
    op.drop_constraint(op.f("uq_app_user_id_role_is_active_therapist_key"), "app_user")
    op.drop_column("app_user", "therapist_key")
