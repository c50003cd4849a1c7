"""Add messages to patients: what is to be sent when and what became of it, the practice's ladder, and who may know."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from dashboard.config import settings
from dashboard.migrations.auditing import audit, leave_unaudited
from dashboard.migrations.row_security import Right, protect

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

OWN = """kind <> 'offer' and exists (
    select from appointment as own where own.id = message.appointment_id and own.therapist_id = (select session_therapist())
)"""
DECIDES = ("state", "due_at", "next_attempt_at", "attempts", "settled_by_id", "settled_at")
RULE = ("steps", "is_on", "quiet_from", "quiet_until")

# The end of the quiet hours, when a moment is in them; both as the practice's clocks show them, whatever they do.
HOUR = """
create function message_hour(due timestamptz, quiet_from time, quiet_until time, zone text) returns timestamptz
language sql stable set search_path from current as $$
    select case
        when quiet_from < quiet_until and l.hour >= quiet_from and l.hour < quiet_until
            or quiet_from > quiet_until and l.hour < quiet_until then (l.day + quiet_until) at time zone zone
        when quiet_from > quiet_until and l.hour >= quiet_from then (l.day + 1 + quiet_until) at time zone zone
        else due
    end
    from (select (due at time zone zone)::date as day, (due at time zone zone)::time as hour) as l
$$;
create function message_zone() returns text
language sql stable security definer set search_path from current as $$
    select coalesce((select time_zone from practice_profile where id = 1), 'Europe/Madrid')
$$;
"""

# Whether a consent to be contacted holds is asked of the figures' view, its one definition: this is no second one.
OBSTACLE = """
create function message_obstacle(file bigint, guardian bigint) returns text
language plpgsql stable set search_path from current as $$
declare
    p patient; is_minor boolean;
begin
    select * into p from patient where id = file;
    if p.status in ('archived', 'merged') or p.died_on is not null or exists (
        select from processing_restriction as r where r.patient_id = file and r.lifted_at is null
    ) then
        return 'closed';
    end if;
    is_minor := coalesce(p.birth_date + interval '18 years' > practice_today(), false);
    if guardian is null and is_minor then
        return case when exists (
            select from guardian as g where g.patient_id = file and g.has_authority
        ) then 'closed' else 'no_guardian' end;
    end if;
    if guardian is not null and (not is_minor or not exists (
        select from guardian as g where g.id = guardian and g.patient_id = file and g.has_authority
    )) then
        return 'closed';
    end if;
    if not exists (select from marts.patient_files as f where f.patient_id = file and f.has_contact_consent) then
        return 'no_consent';
    end if;
    if coalesce(btrim(case when guardian is null then p.email else (
        select g.email from guardian as g where g.id = guardian
    ) end), '') = '' then
        return 'no_address';
    end if;
    return null;
end $$;
create function message_verdict(about bigint, at timestamptz) returns text
language plpgsql stable set search_path from current as $$
declare
    m message; a appointment; met text;
begin
    select * into m from message where id = about;
    select * into a from appointment where id = m.appointment_id;
    if m.kind = 'offer' then
        -- The appointment is the one that was cancelled; whether its hour is still offered to them is asked of the offer.
        if at >= m.lapses_at or not exists (
            select from waiting_offer as o where o.id = m.offer_id and o.state = 'offered' and o.expires_at > at
        ) then
            return 'lapsed';
        end if;
    elsif at >= m.lapses_at or a.starts_at <> m.starts_at
        or (m.kind = 'cancellation') <> (a.state in ('cancelled', 'late_cancelled'))
        or m.kind <> 'cancellation' and a.state not in ('booked', 'confirmed')
        or m.kind = 'change' and m.place <> message_place(a)
        or not exists (
            select from appointment_patient as p where p.appointment_id = a.id and p.patient_id = m.patient_id
        )
    then
        return 'lapsed';
    end if;
    met := message_obstacle(m.patient_id, m.guardian_id);
    return case when met = 'closed' then 'lapsed' else met end;
end $$;
"""

# What a message says of the place is kept with it: at the site, or by which means from afar. Rooms are not told.
PLACE = """
create function message_place(a appointment) returns text
language sql immutable as $$ select case when a.mode = 'in_person' then 'site ' || a.site_id else a.mode end $$;
create function message_notes_place() returns trigger
language plpgsql security definer set search_path from current as $$
begin
    if tg_op = 'INSERT' or new.state in ('sending', 'told') then
        select message_place(a) into new.place from appointment as a where a.id = new.appointment_id;
    end if;
    return new;
end $$;
create trigger message_notes_place before insert or update of state on message
for each row when (new.kind <> 'offer') execute function message_notes_place();
"""

# Confirmations and what else follows an event are for the day after it; later they would puzzle. Of a series that was
# booked at once the first session is confirmed; to who joins an appointment later, that one is.
WANTED = """
create function messages_wanted(at timestamptz) returns table (
    kind text, step text, appointment_id bigint, patient_id bigint, guardian_id bigint, language text,
    starts_at timestamptz, due_at timestamptz, lapses_at timestamptz, withheld text
)
language plpgsql stable security definer set search_path from current as $$
#variable_conflict use_column
begin
    return query
    with rule as materialized (
        select r.*, message_zone() as zone, (select max(s.hours) from unnest(r.steps) as s (hours))::integer as longest
        from message_rule as r
    ),
    said as materialized (
        select distinct on (m.appointment_id, m.patient_id, m.guardian_id)
            m.appointment_id, m.patient_id, m.guardian_id, m.kind, m.starts_at, m.place
        from appointment as a join message as m on m.appointment_id = a.id
        where a.starts_at > at and (m.state in ('sending', 'sent', 'told') or m.last_error = 'unknown_outcome')
            and m.kind <> 'offer'
        order by m.appointment_id, m.patient_id, m.guardian_id, coalesce(m.sent_at, m.settled_at, m.claimed_at) desc, m.id desc
    ),
    event as (
        select 'reminder' as kind, case when s.hours % 24 = 0 then s.hours / 24 || 'd' else s.hours || 'h' end as step,
            a.id, a.starts_at, a.starts_at - make_interval(hours => s.hours) as due_at, a.starts_at as lapses_at,
            null::bigint as patient_id, null::bigint as guardian_id
        from rule as r cross join unnest(r.steps) as s (hours)
        join appointment as a on a.state in ('booked', 'confirmed')
            and a.starts_at >= at + make_interval(hours => s.hours)
            and a.starts_at < at + make_interval(hours => r.longest, days => 7)
        union all
        select 'confirmation', '', a.id, a.starts_at, a.booked_at, a.booked_at + interval '24 hours', null, null
        from appointment as a
        where a.state in ('booked', 'confirmed') and a.starts_at > at and a.booked_at > at - interval '24 hours'
            and a.booked_at <= at and not a.is_imported and not exists (
                select from appointment as b where b.series_id = a.series_id and b.starts_at < a.starts_at
                    and b.state in ('booked', 'confirmed') and b.booked_at > at - interval '24 hours'
            )
            and not exists (select from said where said.appointment_id = a.id)
        union all
        select 'confirmation', '', a.id, a.starts_at, j.joined_at, j.joined_at + interval '24 hours', j.patient_id, g.id
        from appointment_patient as j join appointment as a on a.id = j.appointment_id
        join patient as p on p.id = j.patient_id
        left join guardian as g on g.patient_id = p.id and g.has_authority
            and p.birth_date + interval '18 years' > practice_today()
        where j.joined_at > at - interval '24 hours' and j.joined_at <= at
            and a.state in ('booked', 'confirmed') and a.starts_at > at
        union all
        select 'change', a.version::text, a.id, a.starts_at, at, at + interval '24 hours', s.patient_id, s.guardian_id
        from said as s join appointment as a on a.id = s.appointment_id
        where a.state in ('booked', 'confirmed') and (
                s.starts_at <> a.starts_at or s.kind = 'cancellation' or s.place <> message_place(a)
            )
            and not exists (
                select from message as m where m.appointment_id = a.id and m.patient_id = s.patient_id
                    and m.guardian_id is not distinct from s.guardian_id and m.kind = 'change'
                    and m.starts_at = a.starts_at and m.state in ('planned', 'withheld', 'failed', 'cancelled')
            )
        union all
        select 'cancellation', extract(epoch from a.cancelled_at)::bigint::text, a.id, a.starts_at, a.cancelled_at,
            a.cancelled_at + interval '24 hours', null, null
        from appointment as a
        where a.state in ('cancelled', 'late_cancelled') and a.starts_at > at and a.moved_to_id is null
            and a.cancelled_at > at - interval '24 hours' and a.cancelled_at <= at and not a.is_imported
    ),
    addressed as (
        select e.kind, e.step, e.id, p.id as patient_id, g.id as guardian_id,
            case when left(p.preferred_language, 2) in ('es', 'ca', 'gl', 'eu') then 'es' else 'en' end as language,
            e.starts_at, message_hour(e.due_at, r.quiet_from, r.quiet_until, r.zone) as due_at,
            least(greatest(e.lapses_at, message_hour(e.due_at, r.quiet_from, r.quiet_until, r.zone) + interval '12 hours'),
                e.starts_at) as lapses_at
        from event as e cross join rule as r
        join appointment_patient as ap on ap.appointment_id = e.id and (e.patient_id is null or e.patient_id = ap.patient_id)
        join patient as p on p.id = ap.patient_id
        left join guardian as g on g.patient_id = p.id and g.has_authority
            and p.birth_date + interval '18 years' > practice_today()
        where e.patient_id is null or g.id is not distinct from e.guardian_id
    ),
    judged as (select d.*, message_obstacle(d.patient_id, d.guardian_id) as met from addressed as d where d.due_at < d.lapses_at)
    select j.kind, j.step, j.id, j.patient_id, j.guardian_id, j.language, j.starts_at, j.due_at, j.lapses_at, j.met
    from judged as j
    where j.met is distinct from 'closed' and not exists (
        select from message as m where m.appointment_id = j.id and m.kind = j.kind and m.step = j.step
            and m.starts_at = j.starts_at and m.patient_id = j.patient_id and m.guardian_id is not distinct from j.guardian_id
    );
end $$;
create function messages_judged(at timestamptz) returns table (id bigint, verdict text)
language plpgsql stable security definer set search_path from current as $$
begin
    return query select m.id, message_verdict(m.id, at) from message as m where m.state in ('planned', 'withheld');
end $$;
"""

# What a message says is handed to the worker for the one that it has claimed, and to the office for any, to look at.
CONTENT = """
create function message_content(about bigint) returns table (
    kind varchar, language varchar, address varchar, practice varchar, practice_locale varchar, site varchar, place text,
    telephone varchar, zone varchar, mode varchar, starts_at timestamptz, ends_at timestamptz, message_id varchar,
    uid text, sequence integer, answer_until timestamptz
)
language plpgsql stable security definer set search_path from current as $$
#variable_conflict use_column
begin
    return query
    select m.kind, m.language, case when m.guardian_id is null then p.email else g.email end,
        coalesce(h.name, s.name), coalesce(h.locale, 'es_ES'), s.name, concat_ws(', ', s.address_line, s.postal_code, s.city),
        s.telephone, s.time_zone, coalesce(o.mode, a.mode), m.starts_at,
        coalesce(o.ends_at, m.starts_at + (a.ends_at - a.starts_at)), m.message_id,
        'appointment-' || a.id || '-' || p.id || '@intersession', a.version, o.expires_at
    from message as m
    left join waiting_offer as o on o.id = m.offer_id
    join appointment as a on a.id = m.appointment_id
    join site as s on s.id = a.site_id
    join patient as p on p.id = m.patient_id
    left join guardian as g on g.id = m.guardian_id
    left join practice_profile as h on h.id = 1
    where m.id = about and (
        session_user = 'messenger' and m.state = 'sending' and message_verdict(m.id, now()) is null
        or session_role() in ('app_manager', 'app_front_desk')
    );
end $$;
"""
FUNCTIONS = {
    "message_hour(timestamptz, time, time, text)": "app_manager, app_front_desk, messenger",
    "message_zone()": "messenger",
    "message_obstacle(bigint, bigint)": "",
    "message_verdict(bigint, timestamptz)": "",
    "message_place(appointment)": "",
    "message_notes_place()": "",
    "messages_wanted(timestamptz)": "messenger",
    "messages_judged(timestamptz)": "messenger",
    "message_content(bigint)": "app_manager, app_front_desk, messenger",
}


def upgrade() -> None:
    """Apply this step."""
    _create_tables()
    for script in (HOUR, PLACE, OBSTACLE, WANTED, CONTENT):
        op.execute(script)
    for function, callers in FUNCTIONS.items():
        op.execute(f"revoke execute on function {function} from public")
        if callers:
            op.execute(f"grant execute on function {function} to {callers}")
    protect(
        "message",
        is_for_figures=False,
        manager=Right("ru", changes=DECIDES),
        front_desk=Right("ru", changes=DECIDES),
        therapist=Right("r", rows=OWN),
    )
    protect(
        "message_rule",
        is_for_figures=False,
        manager=Right("ru", changes=RULE),
        front_desk=Right("r"),
        therapist=Right("r"),
    )
    op.execute(f"grant usage on schema {settings().db_schema} to messenger")
    op.execute("create policy worker on message to messenger using (true) with check (true)")
    op.execute("create policy worker on message_rule to messenger using (true)")
    op.execute("grant select, insert, update on message to messenger")
    op.execute("grant usage on sequence message_id_seq to messenger")
    op.execute("grant select on message_rule to messenger")
    audit("message", "id")
    audit("message_rule", "id")


def _create_tables() -> None:
    op.add_column("appointment_patient", sa.Column("joined_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_appointment_patient_joined_at",
        "appointment_patient",
        ["joined_at"],
        postgresql_where=sa.text("joined_at is not null"),
    )
    op.create_table(
        "message",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("step", sa.String(length=12), server_default="", nullable=False),
        sa.Column("appointment_id", sa.BigInteger(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("guardian_id", sa.BigInteger(), nullable=True),
        sa.Column("offer_id", sa.BigInteger(), nullable=True),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.String(length=24), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lapses_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=10), server_default="planned", nullable=False),
        sa.Column("withheld_reason", sa.String(length=12), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message_id", sa.String(length=200), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(length=20), nullable=True),
        sa.Column("settled_by_id", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind in ('confirmation', 'reminder', 'change', 'cancellation', 'offer')",
            name=op.f("ck_message_kind_known"),
        ),
        sa.CheckConstraint("(kind = 'offer') = (offer_id is not null)", name=op.f("ck_message_offer_named")),
        sa.CheckConstraint(
            "state in ('planned', 'sending', 'sent', 'failed', 'withheld', 'lapsed', 'cancelled', 'told')",
            name=op.f("ck_message_state_known"),
        ),
        sa.CheckConstraint(
            "withheld_reason in ('no_consent', 'no_address', 'no_guardian')",
            name=op.f("ck_message_withheld_reason_known"),
        ),
        sa.CheckConstraint("language in ('es', 'en')", name=op.f("ck_message_language_known")),
        sa.CheckConstraint("(state = 'sent') = (sent_at is not null)", name=op.f("ck_message_sent_dated")),
        sa.CheckConstraint(
            "state <> 'withheld' or withheld_reason is not null", name=op.f("ck_message_withheld_explained")
        ),
        sa.CheckConstraint(
            "state not in ('sending', 'sent') or message_id is not null", name=op.f("ck_message_named_before_sent")
        ),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointment.id"], name=op.f("fk_message_appointment_id_appointment")
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_message_patient_id_patient")),
        sa.ForeignKeyConstraint(["settled_by_id"], ["app_user.id"], name=op.f("fk_message_settled_by_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint(
            *("appointment_id", "kind", "step", "starts_at", "patient_id", "guardian_id"),
            name="uq_message_once",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index("ix_message_patient_id", "message", ["patient_id"])
    op.create_index("ix_message_state_due_at", "message", ["state", "due_at"])
    rule = op.create_table(
        "message_rule",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("steps", sa.ARRAY(sa.SmallInteger()), server_default="{168,48,24}", nullable=False),
        sa.Column("quiet_from", sa.Time(), server_default="21:00", nullable=False),
        sa.Column("quiet_until", sa.Time(), server_default="08:00", nullable=False),
        sa.Column("is_on", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_message_rule_single_row")),
        sa.CheckConstraint(
            "1 <= all (steps) and 720 >= all (steps) and cardinality(steps) <= 6",
            name=op.f("ck_message_rule_steps_sane"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_rule")),
    )
    op.bulk_insert(rule, [{"id": 1}])


def downgrade() -> None:
    """Take this step back."""
    op.execute(f"revoke usage on schema {settings().db_schema} from messenger")
    op.execute("drop trigger message_notes_place on message")
    for function in reversed(FUNCTIONS):
        op.execute(f"drop function {function}")
    for table in ("message", "message_rule"):
        leave_unaudited(table)
        op.drop_table(table)
    op.drop_index("ix_appointment_patient_joined_at", "appointment_patient")
    op.drop_column("appointment_patient", "joined_at")
