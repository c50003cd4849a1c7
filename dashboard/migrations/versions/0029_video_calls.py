"""Add video calls: where they are held, each online session's link, what was asked and told before it, what is shared.

A link is made and ended by functions of the owner alone, wherever a session is booked from: no role writes one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dashboard.migrations.auditing import audit, leave_unaudited
from dashboard.migrations.row_security import Right, protect

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

OWN = """exists (
    select from appointment as own where own.id = {table}.appointment_id and own.therapist_id = (select session_therapist())
)"""
TABLES = ("video_provider", "video_link", "video_tick", "video_place", "video_material")

# The room is 154 random bits and nothing else. It is drawn in the list of a query, which draws again for each row.
LINKS = """
create function new_video_room() returns text language sql volatile set search_path from current as $$
    select replace(gen_random_uuid()::text, '-', '') || left(gen_random_uuid()::text, 8)
$$;
create function make_video_links(about bigint[]) returns integer
language plpgsql volatile security definer set search_path from current as $$
declare
    made integer;
begin
    insert into video_link (appointment_id, address, is_fixed, made_by_id)
    select a.id, case v.kind
            when 'jitsi' then rtrim(v.address, '/') || '/' || new_video_room()
            when 'template' then replace(v.address, '{room}', new_video_room())
            else v.address
        end, v.kind = 'personal', uid()
    from appointment as a
    cross join lateral (
        select p.kind, p.address from video_provider as p
        where p.therapist_id = a.therapist_id or p.therapist_id is null
        order by p.therapist_id nulls last limit 1
    ) as v
    where (about is null or a.id = any(about)) and a.mode = 'online' and a.state in ('booked', 'confirmed')
        and a.ends_at > now() and not exists (
            select from video_link as l where l.appointment_id = a.id and l.ended_at is null
        )
    on conflict do nothing;
    get diagnostics made = row_count;
    return made;
end $$;
create function end_video_links(about bigint[]) returns void
language sql volatile security definer set search_path from current as $$
    update video_link set ended_at = now() where appointment_id = any(about) and ended_at is null;
    update message set state = 'lapsed'
    where appointment_id = any(about) and kind = 'video_link' and state in ('planned', 'withheld');
$$;
create function renew_video_link(about bigint) returns text
language plpgsql volatile security definer set search_path from current as $$
declare
    a appointment; kind text;
begin
    select * into a from appointment where id = about for no key update;
    if a.id is null or not coalesce(
        session_role() in ('app_manager', 'app_front_desk')
        or session_role() = 'app_therapist' and a.therapist_id = session_therapist(), false
    ) then
        return null;
    end if;
    if a.mode <> 'online' or a.state not in ('booked', 'confirmed') or a.ends_at <= now() then return 'over'; end if;
    select p.kind into kind from video_provider as p where p.therapist_id = a.therapist_id or p.therapist_id is null
    order by p.therapist_id nulls last limit 1;
    if kind is null then return 'nowhere'; end if;
    if kind = 'personal' and exists (
        select from video_link as l join video_provider as p on p.therapist_id = a.therapist_id and p.address = l.address
        where l.appointment_id = about and l.ended_at is null
    ) then
        return 'fixed';
    end if;
    perform end_video_links(array[about]);
    perform make_video_links(array[about]);
    return 'made';
end $$;
create function video_provider_holds(renewed boolean) returns integer
language plpgsql volatile security definer set search_path from current as $$
begin
    if session_role() is distinct from 'app_manager' then return null; end if;
    if renewed then
        perform end_video_links(array(
            select l.appointment_id from video_link as l join appointment as a on a.id = l.appointment_id
            where l.ended_at is null and a.starts_at > now() and not exists (
                select from video_provider as p
                where p.kind = 'personal' and p.therapist_id = a.therapist_id and p.address = l.address
            )
        ));
    end if;
    return make_video_links(null);
end $$;
"""

# Whoever books, moves or restores, and from wherever: an online session ahead has a link, and another one has none.
FOLLOWING = """
create function appointment_has_link() returns trigger
language plpgsql security definer set search_path from current as $$
begin
    if tg_op = 'UPDATE' then
        if new.mode <> 'online' or new.therapist_id <> old.therapist_id then
            perform end_video_links(array[new.id]);
        end if;
    end if;
    perform make_video_links(array[new.id]);
    return null;
end $$;
create trigger link_made after insert on appointment
for each row when (new.mode = 'online' and new.state in ('booked', 'confirmed') and new.ends_at > now())
execute function appointment_has_link();
create trigger link_follows after update of mode, therapist_id, state on appointment
for each row when (
    'online' in (old.mode, new.mode)
    and (old.mode, old.therapist_id, old.state) is distinct from (new.mode, new.therapist_id, new.state)
)
execute function appointment_has_link();
create function tick_is_signed() returns trigger
language plpgsql security definer set search_path from current as $$
begin
    new.by_id := uid();
    new.at := now();
    return new;
end $$;
create trigger tick_is_signed before insert on video_tick for each row execute function tick_is_signed();
create trigger append_only before update or delete on video_tick for each row execute function refuse_change();
create function erased_calls() returns trigger
language plpgsql security definer set search_path from current as $$
begin
    if new.kind = 'person' then
        delete from video_place where patient_id = any(files_of_person(new.patient_id));
    end if;
    delete from video_material where appointment_id in (
        select p.appointment_id from appointment_patient as p where p.patient_id = any(files_of_person(new.patient_id))
    );
    return null;
end $$;
create trigger erased_calls after insert on erasure for each row execute function erased_calls();
"""

# A link is sent three days before at the earliest, and again when it was renewed: its number is the message's step.
MESSAGES = """
create function video_messages_wanted(at timestamptz) returns table (
    kind text, step text, appointment_id bigint, patient_id bigint, guardian_id bigint, language text,
    starts_at timestamptz, due_at timestamptz, lapses_at timestamptz, withheld text
)
language plpgsql stable security definer set search_path from current as $$
#variable_conflict use_column
begin
    return query
    with addressed as (
        select l.id::text as step, a.id, a.starts_at, p.id as patient_id, g.id as guardian_id,
            case when left(p.preferred_language, 2) in ('es', 'ca', 'gl', 'eu') then 'es' else 'en' end as language,
            message_hour(
                greatest(l.made_at, a.starts_at - interval '3 days'), r.quiet_from, r.quiet_until, message_zone()
            ) as due_at
        from message_rule as r cross join appointment as a
        join video_link as l on l.appointment_id = a.id and l.ended_at is null
        join appointment_patient as ap on ap.appointment_id = a.id
        join patient as p on p.id = ap.patient_id
        left join guardian as g on g.patient_id = p.id and g.has_authority
            and p.birth_date + interval '18 years' > practice_today()
        where a.mode = 'online' and a.state in ('booked', 'confirmed')
            and a.starts_at > at and a.starts_at < at + interval '10 days'
    ),
    judged as (select d.*, message_obstacle(d.patient_id, d.guardian_id) as met from addressed as d where d.due_at < d.starts_at)
    select 'video_link', j.step, j.id, j.patient_id, j.guardian_id, j.language, j.starts_at, j.due_at, j.starts_at, j.met
    from judged as j
    where j.met is distinct from 'closed' and not exists (
        select from message as m where m.appointment_id = j.id and m.kind = 'video_link' and m.step = j.step
            and m.patient_id = j.patient_id and m.guardian_id is not distinct from j.guardian_id
            and (m.starts_at = j.starts_at or m.state not in ('planned', 'withheld', 'lapsed'))
    );
end $$;
create function message_video_link(about bigint) returns varchar
language sql stable security definer set search_path from current as $$
    select l.address
    from message as m
    join appointment as a on a.id = m.appointment_id and a.mode = 'online' and a.state in ('booked', 'confirmed')
    join video_link as l on l.appointment_id = a.id and l.ended_at is null
    where m.id = about and m.kind <> 'cancellation' and (
        session_user = 'messenger' and m.state = 'sending' or session_role() in ('app_manager', 'app_front_desk')
    )
$$;
"""
FUNCTIONS = {
    "new_video_room()": "",
    "make_video_links(bigint[])": "",
    "end_video_links(bigint[])": "",
    "renew_video_link(bigint)": "app_staff",
    "video_provider_holds(boolean)": "app_manager",
    "appointment_has_link()": "",
    "tick_is_signed()": "",
    "erased_calls()": "",
    "video_messages_wanted(timestamptz)": "messenger",
    "message_video_link(bigint)": "app_manager, app_front_desk, messenger",
}
KINDS = "kind in ('confirmation', 'reminder', 'change', 'cancellation', 'offer'{more})"


def upgrade() -> None:
    """Apply this step."""
    _create_provider_and_link()
    _create_preparation()
    _know_kind(", 'video_link'")
    for script in (LINKS, FOLLOWING, MESSAGES):
        op.execute(script)
    for function, callers in FUNCTIONS.items():
        op.execute(f"revoke execute on function {function} from public")
        if callers:
            op.execute(f"grant execute on function {function} to {callers}")
    _protect()
    for table in TABLES:
        audit(table, "appointment_id,patient_id" if table == "video_place" else "id")


def _know_kind(more: str) -> None:
    op.drop_constraint(op.f("ck_message_kind_known"), "message")
    op.create_check_constraint(op.f("ck_message_kind_known"), "message", KINDS.format(more=more))


def _create_provider_and_link() -> None:
    op.create_table(
        "video_provider",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("therapist_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.CheckConstraint("kind in ('jitsi', 'template', 'personal')", name=op.f("ck_video_provider_kind_known")),
        sa.CheckConstraint(
            "address ~ '^https://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?(/[A-Za-z0-9._~!$&()*+,;=:@%/?#{}-]*)?$'",
            name=op.f("ck_video_provider_address_safe"),
        ),
        sa.CheckConstraint(
            "case when kind = 'template' then replace(address, '{room}', '') <> address else true end"
            " and replace(address, '{room}', '') !~ '[{}]' and (kind = 'template' or address !~ '[{}]')",
            name=op.f("ck_video_provider_room_placed"),
        ),
        sa.CheckConstraint("kind <> 'jitsi' or address !~ '[?#]'", name=op.f("ck_video_provider_base_plain")),
        sa.CheckConstraint(
            "kind <> 'personal' or therapist_id is not null", name=op.f("ck_video_provider_room_of_somebody")
        ),
        sa.ForeignKeyConstraint(
            ["therapist_id"], ["therapist.id"], name=op.f("fk_video_provider_therapist_id_therapist")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_video_provider")),
        sa.UniqueConstraint(
            "therapist_id", name=op.f("uq_video_provider_therapist_id"), postgresql_nulls_not_distinct=True
        ),
    )
    op.create_table(
        "video_link",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("appointment_id", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.String(length=400), nullable=False),
        sa.Column("is_fixed", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("made_by_id", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_video_link_appointment_id_appointment")
        ),
        sa.ForeignKeyConstraint(["made_by_id"], ["app_user.id"], name=op.f("fk_video_link_made_by_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_video_link")),
    )
    op.create_index(
        "uq_video_link_open",
        "video_link",
        ["appointment_id"],
        unique=True,
        postgresql_where=sa.text("ended_at is null"),
    )


def _create_preparation() -> None:
    op.create_table(
        "video_tick",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("appointment_id", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.String(length=12), nullable=False),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "item in ('identity', 'place', 'emergency', 'privacy', 'guardian', 'fallback', 'link_given')",
            name=op.f("ck_video_tick_item_known"),
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_video_tick_appointment_id_appointment")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_video_tick_patient_id_patient")),
        sa.ForeignKeyConstraint(["by_id"], ["app_user.id"], name=op.f("fk_video_tick_by_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_video_tick")),
    )
    op.create_index(
        "ix_video_tick_appointment_id_patient_id_item_id", "video_tick", ["appointment_id", "patient_id", "item", "id"]
    )
    op.create_index("ix_video_tick_patient_id", "video_tick", ["patient_id"])
    op.create_table(
        "video_place",
        sa.Column("appointment_id", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=True),
        sa.Column("telephone", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_video_place_appointment_id_appointment")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_video_place_patient_id_patient")),
        sa.PrimaryKeyConstraint("appointment_id", "patient_id", name=op.f("pk_video_place")),
    )
    op.create_index("ix_video_place_patient_id", "video_place", ["patient_id"])
    op.create_table(
        "video_material",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("appointment_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.String(length=14), nullable=False),
        sa.Column("address", sa.String(length=500), nullable=True),
        sa.Column("document_id", sa.BigInteger(), nullable=True),
        sa.Column("added_by_id", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("taken_away_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("num_nonnulls(address, document_id) = 1", name=op.f("ck_video_material_one_thing")),
        sa.CheckConstraint(
            "address ~ '^https?://[A-Za-z0-9][^[:space:]<>\"]*$'", name=op.f("ck_video_material_address_safe")
        ),
        sa.CheckConstraint(
            "title in ('worksheet', 'reading', 'picture', 'film', 'questionnaire', 'other')",
            name=op.f("ck_video_material_title_known"),
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_video_material_appointment_id_appointment")
        ),
        sa.ForeignKeyConstraint(["document_id"], ["document.id"], name=op.f("fk_video_material_document_id_document")),
        sa.ForeignKeyConstraint(["added_by_id"], ["app_user.id"], name=op.f("fk_video_material_added_by_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_video_material")),
    )
    op.create_index("ix_video_material_appointment_id", "video_material", ["appointment_id"])


def _protect() -> None:
    def own(table: str, operations: str, changes: tuple[str, ...] = ()) -> Right:
        return Right(operations, rows=OWN.format(table=table), changes=changes)

    # A colleague's own room is a door into their sessions.
    known = Right("r", rows="therapist_id is null or therapist_id = (select session_therapist())")
    protect("video_provider", is_for_figures=False, manager=Right("riud"), front_desk=Right("r"), therapist=known)
    reads, adds, keeps = Right("r"), Right("ri"), Right("riu", changes=("place", "telephone"))
    protect("video_link", is_for_figures=False, manager=reads, front_desk=reads, therapist=own("video_link", "r"))
    protect("video_tick", is_for_figures=False, manager=adds, front_desk=adds, therapist=own("video_tick", "ri"))
    protect(
        "video_place",
        is_for_figures=False,
        manager=keeps,
        front_desk=keeps,
        therapist=own("video_place", "riu", ("place", "telephone")),
    )
    mine = "added_by_id = (select uid())"
    protect(
        "video_material",
        is_for_figures=False,
        therapist=Right(
            "riu", mine, changes=("taken_away_at",), writes=f"{mine} and {OWN.format(table='video_material')}"
        ),
    )


def downgrade() -> None:
    """Take this step back."""
    for trigger, table in (
        ("link_made", "appointment"), ("link_follows", "appointment"), ("tick_is_signed", "video_tick"),
        ("erased_calls", "erasure"),
    ):  # fmt: skip
        op.execute(f"drop trigger {trigger} on {table}")
    for function in reversed(FUNCTIONS):
        op.execute(f"drop function {function}")
    op.execute("delete from message where kind = 'video_link'")
    _know_kind("")
    for table in reversed(TABLES):
        leave_unaudited(table)
        op.drop_table(table)
