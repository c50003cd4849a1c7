"""Add the functions that know which hours are free: what stands in the way of a booking, and the next free hours.

They ask as the person who calls them, within what that person may see; the exclusion constraints know of everybody.
Times are compared as numbers (``starts_at <``) and not as ranges: under row security an index answers only operators
that tell nothing of the rows they meet, and those of ranges are not such.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

# Everybody who writes into a day waits for the same lock, and takes those of several days in their order: the
# exclusion constraints alone let many writers wait for each other in a circle. Whoever has a day frees the hours of
# requests that lapsed in it: to the constraints they are taken.
LOCK = """
create function agenda_lock(begins timestamptz[], finishes timestamptz[]) returns void
language plpgsql volatile set search_path from current set enable_seqscan = off as $$
declare
    day_number integer;
begin
    perform set_config('lock_timeout', '3s', true);
    day_number := floor(extract(epoch from begins[1]) / 86400);
    if cardinality(begins) = 1 and ceil(extract(epoch from finishes[1]) / 86400) = day_number + 1 then
        perform pg_advisory_xact_lock(7301, day_number);
    else
        for day_number in
            select distinct extract(epoch from d.day)::bigint / 86400
            from unnest(begins, finishes) as w (begins, finishes)
            cross join generate_series(
                date_trunc('day', w.begins, 'UTC'), w.finishes - interval '1 microsecond', interval '1 day'
            ) as d (day)
            order by 1
        loop
            perform pg_advisory_xact_lock(7301, day_number);
        end loop;
    end if;
    if exists (
        select from unnest(begins, finishes) as w (begins, finishes) join appointment as a on a.state = 'held'
            and a.held_until <= now() and a.starts_at < w.finishes and a.starts_at > w.begins - interval '12 hours'
    ) then
        perform release_lapsed(begins, finishes);
    end if;
end $$;
"""

# Open appointments last 12 hours at most, and a gap two: nothing that begins earlier or later can be met.
# Planning a dozen questions takes five times as long as asking them: they are planned once a connection, with the first
# and the last hour as numbers of their own, so that an index is read between them whatever the hours are.
# A connection may have planned them while the practice was empty and keeps the plan while it fills: no table is read
# whole, and the states stand in a variable, so that the indexes which hold only open hours, and tell neither therapist
# nor room to who asks under row security, are not read whole either.
OBSTACLES = """
create function agenda_obstacles(
    of_therapist bigint, at_site bigint, in_room bigint, for_service bigint, of_patients bigint[], by_mode text,
    begins timestamptz[], finishes timestamptz[], besides bigint[]
) returns table (
    place integer, kind text, may_override boolean, subject_id bigint, busy_from timestamptz, busy_until timestamptz
)
language plpgsql stable set search_path from current set plan_cache_mode = force_generic_plan
set enable_seqscan = off as $$
#variable_conflict use_column
declare
    open_states text[] := '{held,booked,confirmed}';
    since timestamptz := (select min(b.at) from unnest(begins) as b (at)) - interval '14 hours';
    until timestamptz := (select max(f.at) from unnest(finishes) as f (at)) + interval '2 hours';
begin
    return query
    with wanted as materialized (
        select w.place::integer as place, w.begins, w.finishes,
            w.begins at time zone s.time_zone as local_begin, w.finishes at time zone s.time_zone as local_end
        from unnest(begins, finishes) with ordinality as w (begins, finishes, place)
        cross join (select time_zone from site where id = at_site) as s
    ),
    chosen as materialized (
        select minutes, buffer_minutes, most_patients, is_active from service where id = for_service
    ),
    near as (
        select w.place, w.begins, w.finishes, a.therapist_id, a.starts_at, a.ends_at,
            make_interval(mins => greatest(c.buffer_minutes, s.buffer_minutes)) as gap
        from wanted as w
        cross join chosen as c
        join appointment as a on a.therapist_id = of_therapist and a.state = any(open_states)
            and a.starts_at < until and a.starts_at > since
            and a.starts_at < w.finishes + interval '2 hours' and a.starts_at > w.begins - interval '14 hours'
            and (a.held_until is null or a.held_until > now()) and not a.id = any(besides)
        join service as s on s.id = a.service_id
    )
    select n.place, case when n.starts_at < n.finishes and n.ends_at > n.begins then 'therapist_busy' else 'too_close' end,
        not (n.starts_at < n.finishes and n.ends_at > n.begins), n.therapist_id, n.starts_at, n.ends_at
    from near as n where n.starts_at < n.finishes + n.gap and n.ends_at > n.begins - n.gap
    union all
    select w.place, 'room_busy', false, a.room_id, a.starts_at, a.ends_at
    from wanted as w join appointment as a on a.room_id = in_room and a.state = any(open_states)
        and a.starts_at < until and a.starts_at > since
        and a.starts_at < w.finishes and a.starts_at > w.begins - interval '12 hours' and a.ends_at > w.begins
        and (a.held_until is null or a.held_until > now()) and not a.id = any(besides)
    union all
    select w.place, 'patient_busy', false, p.patient_id, p.starts_at, p.ends_at
    from wanted as w join appointment_patient as p on p.patient_id = any(of_patients)
        and p.state = any(open_states) and p.starts_at < until and p.starts_at > since
        and p.starts_at < w.finishes
        and p.starts_at > w.begins - interval '12 hours' and p.ends_at > w.begins
        and not p.appointment_id = any(besides) and (p.state <> 'held' or exists (
            select from appointment as a where a.id = p.appointment_id and a.held_until > now()
        ))
    union all
    select w.place, 'absent', true, b.therapist_id, b.starts_at, b.ends_at
    from wanted as w join absence as b on b.therapist_id = of_therapist
        and b.starts_at < w.finishes and b.ends_at > w.begins
    union all
    select w.place, 'busy_elsewhere', true, of_therapist, b.starts_at, b.ends_at
    from wanted as w cross join lateral busy_elsewhere(array[of_therapist], w.begins, w.finishes) as b
    union all
    select w.place, 'closed', true, c.id, null, null
    from wanted as w join site_closure as c on c.site_id = at_site
        and c.closed_on between w.local_begin::date and (w.local_end - interval '1 microsecond')::date
    union all
    select w.place, 'outside_hours', true, of_therapist, null, null
    from wanted as w
    where exists (select from working_hours where therapist_id = of_therapist) and not coalesce((
        select range_agg(tsrange(w.local_begin::date + h.starts_at, w.local_begin::date + h.ends_at, '[]'))
        from working_hours as h
        where h.therapist_id = of_therapist and h.weekday = extract(isodow from w.local_begin) - 1
            and w.local_begin::date between h.valid_from and coalesce(h.valid_until, 'infinity')
            and (by_mode <> 'in_person' or h.site_id = at_site)
    ) @> tsrange(w.local_begin, w.local_end), false)
    union all
    select w.place, f.kind, f.may_override, f.subject_id, null, null
    from wanted as w
    cross join chosen as c
    cross join therapist as t
    cross join lateral (values
        ('past', true, of_therapist, w.begins < now() and w.begins >= now() - interval '31 days'),
        ('long_past', false, of_therapist, w.begins < now() - interval '31 days'),
        ('too_far', true, of_therapist,
            w.begins > now() + interval '25 months' and w.begins <= now() + interval '5 years'),
        ('much_too_far', false, of_therapist, w.begins > now() + interval '5 years'),
        ('bad_length', false, for_service,
            w.finishes - w.begins not between interval '5 minutes' and interval '12 hours'),
        ('too_many', true, for_service, cardinality(of_patients) > c.most_patients),
        ('service_ended', false, for_service, not c.is_active),
        ('therapist_gone', false, of_therapist, not t.is_active or w.local_begin::date
            not between coalesce(t.started_on, '-infinity') and coalesce(t.ended_on, 'infinity'))
    ) as f (kind, may_override, subject_id, is_met)
    where t.id = of_therapist and f.is_met
    union all
    select w.place, f.kind, true, r.id, null, null
    from wanted as w
    join room as r on r.id = in_room
    cross join lateral (values
        ('room_out_of_service', not r.is_in_service), ('room_too_small', cardinality(of_patients) + 1 > r.capacity)
    ) as f (kind, is_met)
    where f.is_met;
end $$;
"""

# A request that was never confirmed is no appointment: its hour is free, and so is the row.
RELEASE = """
create function release_lapsed(begins timestamptz[], finishes timestamptz[]) returns void
language plpgsql volatile security definer set search_path from current as $$
begin
    delete from appointment_patient as p using appointment as a, unnest(begins, finishes) as w (begins, finishes)
    where a.id = p.appointment_id and a.state = 'held' and a.held_until <= now()
        and a.starts_at < w.finishes and a.starts_at > w.begins - interval '12 hours';
    delete from appointment as a using unnest(begins, finishes) as w (begins, finishes)
    where a.state = 'held' and a.held_until <= now()
        and a.starts_at < w.finishes and a.starts_at > w.begins - interval '12 hours';
end $$;
"""

# All of it or nothing: when something stands in the way of one hour, it is told and nothing is written.
BOOK = """
create function agenda_book(
    of_therapist bigint, at_site bigint, in_room bigint, for_service bigint, of_patients bigint[], by_mode text,
    begins timestamptz[], finishes timestamptz[], of_case bigint, of_series bigint, with_key uuid, overriding text[]
) returns table (
    appointment_id bigint, place integer, kind text, may_override boolean, subject_id bigint,
    busy_from timestamptz, busy_until timestamptz
)
language plpgsql volatile set search_path from current set plan_cache_mode = force_generic_plan
set enable_seqscan = off as $$
#variable_conflict use_column
declare
    made bigint[];
begin
    perform agenda_lock(begins, finishes);
    return query
        select a.id, null::integer, null::text, null::boolean, null::bigint, null::timestamptz, null::timestamptz
        from appointment as a where a.request_key = with_key and a.therapist_id = of_therapist
            and a.starts_at = begins[1] and a.ends_at = finishes[1] and a.service_id = for_service;
    if found then
        return;
    end if;
    return query
        select null::bigint, o.place, o.kind, o.may_override, o.subject_id, o.busy_from, o.busy_until
        from agenda_obstacles(
            of_therapist, at_site, in_room, for_service, of_patients, by_mode, begins, finishes, '{}'
        ) as o
        where not (o.may_override and o.kind = any(overriding)) order by o.place, o.kind;
    if found then
        return;
    end if;
    with overridden as materialized (
        select o.place, array_agg(distinct o.kind) as kinds
        from agenda_obstacles(
            of_therapist, at_site, in_room, for_service, of_patients, by_mode, begins, finishes, '{}'
        ) as o
        where overriding <> '{}' group by o.place
    ),
    written as (
        insert into appointment (
            therapist_id, site_id, room_id, service_id, case_id, series_id, mode, starts_at, ends_at, fee_cents,
            booked_by_id, request_key, overridden
        )
        select of_therapist, at_site, in_room, for_service, of_case, of_series, by_mode, w.begins, w.finishes,
            (select price_cents from service where id = for_service), (select uid()),
            case when w.place = 1 then with_key end, o.kinds
        from unnest(begins, finishes) with ordinality as w (begins, finishes, place)
        left join overridden as o on o.place = w.place
        returning id
    )
    select array_agg(id) into made from written;
    insert into appointment_patient (appointment_id, patient_id, therapist_id, position)
    select m.id, p.id, of_therapist, p.position
    from unnest(made) as m (id) cross join unnest(of_patients) with ordinality as p (id, position);
    return query
        select m.id, null::integer, null::text, null::boolean, null::bigint, null::timestamptz, null::timestamptz
        from unnest(made) as m (id);
end $$;
"""

# What is free is the hours of work less everything that takes them: sets of ranges, one a therapist and one a room,
# so that a month of a whole team is a subtraction and not a question an hour. The last hour that begins before ``until``
# lasts beyond it. Rooms come in their order, so that the first that is free ends the search.
FREE = """
create function agenda_free_hours(
    of_therapists bigint[], at_site bigint, for_service bigint, of_patients bigint[], by_mode text, minutes integer,
    since timestamptz, until timestamptz, step integer, most integer
) returns table (
    therapist_id bigint, site_id bigint, room_id bigint, starts_at timestamptz, ends_at timestamptz
)
language plpgsql stable set search_path from current as $$
#variable_conflict use_column
declare
    long interval := make_interval(mins => minutes);
    own_gap integer := (select buffer_minutes from service where id = for_service);
begin
    return query
    with work as materialized (
        select h.therapist_id, h.site_id,
            tstzrange((d.day::date + h.starts_at) at time zone s.time_zone,
                (d.day::date + h.ends_at) at time zone s.time_zone) as during
        from working_hours as h
        join site as s on s.id = h.site_id and s.is_active
        join therapist as t on t.id = h.therapist_id and t.is_active
        cross join lateral generate_series(
            date_trunc('day', since at time zone s.time_zone), until at time zone s.time_zone, interval '1 day'
        ) as d (day)
        where h.therapist_id = any(of_therapists) and (at_site is null or h.site_id = at_site)
            and h.weekday = extract(isodow from d.day) - 1
            and d.day::date between h.valid_from and coalesce(h.valid_until, 'infinity')
            and d.day::date between coalesce(t.started_on, '-infinity') and coalesce(t.ended_on, 'infinity')
            and not exists (select from site_closure as c where c.site_id = h.site_id and c.closed_on = d.day::date)
    ),
    taken as materialized (
        select b.therapist_id, range_agg(b.during) as during from (
            select a.therapist_id, tstzrange(
                a.starts_at - make_interval(mins => greatest(own_gap, s.buffer_minutes)),
                a.ends_at + make_interval(mins => greatest(own_gap, s.buffer_minutes))
            ) as during
            from appointment as a join service as s on s.id = a.service_id
            where a.therapist_id = any(of_therapists) and a.state in ('held', 'booked', 'confirmed')
                and a.starts_at > since - interval '14 hours' and a.starts_at < until + long + interval '2 hours'
                and (a.held_until is null or a.held_until > now())
            union all
            select b.therapist_id, tstzrange(b.starts_at, b.ends_at) from absence as b
            where b.therapist_id = any(of_therapists) and b.starts_at < until + long and b.ends_at > since
            union all
            select b.therapist_id, tstzrange(b.starts_at, b.ends_at)
            from busy_elsewhere(of_therapists, since, until + long) as b
        ) as b group by b.therapist_id
    ),
    meant as materialized (
        select coalesce(range_agg(tstzrange(p.starts_at, p.ends_at)), '{}') as during from appointment_patient as p
        where p.patient_id = any(of_patients) and p.state in ('held', 'booked', 'confirmed')
            and p.starts_at > since - interval '12 hours' and p.starts_at < until + long
            and (p.state <> 'held' or exists (
                select from appointment as a where a.id = p.appointment_id and a.held_until > now()
            ))
    ),
    rooms as materialized (
        select r.id, r.site_id, coalesce(
            range_agg(tstzrange(a.starts_at, a.ends_at)) filter (where a.id is not null), '{}'
        ) as taken
        from room as r
        left join appointment as a on a.room_id = r.id and a.state in ('held', 'booked', 'confirmed')
            and a.starts_at > since - interval '12 hours' and a.starts_at < until + long
            and (a.held_until is null or a.held_until > now())
        where by_mode = 'in_person' and r.is_in_service and r.capacity > greatest(cardinality(of_patients), 1)
            and r.site_id in (select w.site_id from work as w)
        group by r.id, r.site_id order by r.id
    ),
    begins as (
        select w.therapist_id, w.site_id, g.at, g.at + long as finish, coalesce(t.during, '{}') as taken
        from work as w
        left join taken as t on t.therapist_id = w.therapist_id
        cross join lateral generate_series(
            lower(w.during), upper(w.during) - long, make_interval(mins => step)
        ) as g (at)
        where g.at >= since and g.at < until
    )
    select b.therapist_id, b.site_id, r.id, b.at, b.finish
    from begins as b
    cross join meant as m
    left join lateral (
        select r.id from rooms as r where r.site_id = b.site_id and not r.taken && tstzrange(b.at, b.finish) limit 1
    ) as r on true
    where not b.taken && tstzrange(b.at, b.finish) and not m.during && tstzrange(b.at, b.finish)
        and (by_mode <> 'in_person' or r.id is not null)
    order by b.at, b.therapist_id limit most;
end $$;
"""

FUNCTIONS = ("agenda_lock", "release_lapsed", "agenda_obstacles", "agenda_book", "agenda_free_hours")


def upgrade() -> None:
    """Apply this step."""
    held = sa.text("state = 'held'")  # few at any time, and asked for before every booking
    op.create_index("ix_appointment_held_starts_at", "appointment", ["starts_at"], postgresql_where=held)
    for script in (LOCK, RELEASE, OBSTACLES, BOOK, FREE):
        op.execute(script)
    for function in FUNCTIONS:
        op.execute(f"revoke execute on function {function} from public")
        op.execute(f"grant execute on function {function} to app_staff")


def downgrade() -> None:
    """Take this step back."""
    for function in reversed(FUNCTIONS):
        op.execute(f"drop function {function}")
    op.drop_index("ix_appointment_held_starts_at", table_name="appointment")
