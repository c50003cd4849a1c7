"""What visitors may ask of the database: functions of the owner, and no table.

A visitor proves nothing but that they know a link. A link is a random token, of which the database keeps the hash; what
one opens is told by its kind: an hour that is held, a request to confirm, one's own request.
"""

from __future__ import annotations

HOLD = "interval '10 minutes'"

OFFER = """
create function visitor_practice() returns table (
    name varchar, locale varchar, time_zone varchar, telephone varchar, is_on boolean, is_synthetic boolean,
    privacy_es text, privacy_en text
)
language sql stable security definer set search_path from current as $$
    select coalesce(h.name, 'Intersession'), coalesce(h.locale, 'es_ES'), coalesce(h.time_zone, 'Europe/Madrid'),
        (select s.telephone from site as s where s.is_active and s.telephone is not null order by s.id limit 1),
        o.is_on, coalesce(h.is_synthetic, false), o.privacy_es, o.privacy_en
    from online_booking as o left join practice_profile as h on h.id = 1
$$;
create function visitor_services() returns table (
    id bigint, name varchar, minutes smallint, price_cents bigint, currency varchar, admits varchar, modes varchar,
    notice_hours smallint, horizon_days smallint, change_hours smallint, is_approved_at_once boolean,
    asks_birth_date boolean, late_hours smallint, late_fee_percent smallint
)
language sql stable security definer set search_path from current as $$
    select s.id, s.name, s.minutes, s.price_cents, coalesce((select currency from practice_profile), 'EUR'), o.admits,
        o.modes, o.notice_hours, o.horizon_days, o.change_hours, o.is_approved_at_once, o.asks_birth_date,
        s.cancellation_window_hours, s.late_fee_percent
    from online_service as o join service as s on s.id = o.service_id and s.is_active
    where o.is_open and (select is_on from online_booking)
    order by s.name, s.id
$$;
create function visitor_therapists() returns table (id bigint, name text)
language sql stable security definer set search_path from current as $$
    select t.id, btrim(t.given_name || ' ' || t.surnames)
    from online_therapist as o join therapist as t on t.id = o.therapist_id and t.is_active
    where (select is_on from online_booking)
    order by t.search_name, t.id
$$;
"""

# The same function as inside, asked for all therapists at once: what is offered here cannot differ from the agenda.
FREE = """
create function online_free_hours(
    for_service bigint, of_therapist bigint, by_mode text, since timestamptz, until timestamptz
) returns table (
    therapist_id bigint, site_id bigint, room_id bigint, starts_at timestamptz, ends_at timestamptz
)
language plpgsql stable security definer set search_path from current as $$
declare
    rule record;
begin
    select o.minutes, o.notice_hours, o.horizon_days into rule from visitor_services() as o
    where o.id = for_service and (o.modes = by_mode or o.modes = 'both' and by_mode in ('in_person', 'online'));
    if not found then
        return;
    end if;
    return query
    select f.therapist_id, f.site_id, f.room_id, f.starts_at, f.ends_at
    from agenda_free_hours(
        array(select t.id from visitor_therapists() as t where of_therapist is null or t.id = of_therapist),
        null, for_service, '{}', by_mode, rule.minutes,
        greatest(since, now() + make_interval(hours => rule.notice_hours)),
        least(until, now() + make_interval(days => rule.horizon_days)), 30, null
    ) as f;
end $$;
create function visitor_free_hours(
    for_service bigint, of_therapist bigint, by_mode text, since timestamptz, until timestamptz, most integer
) returns table (
    starts_at timestamptz, ends_at timestamptz, therapist_id bigint, therapist text, site_id bigint, site varchar,
    place text, zone varchar
)
language sql stable security definer set search_path from current as $$
    with free as materialized (
        select distinct on (f.starts_at, f.site_id, case when of_therapist is not null then f.therapist_id end)
            f.starts_at, f.ends_at, f.therapist_id, f.site_id
        from online_free_hours(for_service, of_therapist, by_mode, since, until) as f
        order by f.starts_at, f.site_id, case when of_therapist is not null then f.therapist_id end, f.therapist_id
    )
    select f.starts_at, f.ends_at, f.therapist_id, btrim(t.given_name || ' ' || t.surnames), f.site_id, s.name,
        concat_ws(', ', s.address_line, s.postal_code, s.city), s.time_zone
    from free as f join therapist as t on t.id = f.therapist_id join site as s on s.id = f.site_id
    order by f.starts_at, s.name, f.therapist_id limit most
$$;
"""

HOLDING = """
create function visitor_hold(
    for_service bigint, of_therapist bigint, by_mode text, at_site bigint, wanted timestamptz, hold_sha256 bytea
) returns boolean
language plpgsql volatile security definer set search_path from current as $$
declare
    free record; made bigint; finish timestamptz; price bigint;
begin
    select wanted + make_interval(mins => s.minutes), s.price_cents into finish, price
    from visitor_services() as s where s.id = for_service;
    if not found then
        return false;
    end if;
    perform agenda_lock(array[wanted], array[finish]);
    select f.* into free
    from online_free_hours(for_service, of_therapist, by_mode, wanted, wanted + interval '1 microsecond') as f
    where f.site_id = at_site order by random() limit 1;
    if not found then
        return false;
    end if;
    insert into appointment (
        therapist_id, site_id, room_id, service_id, mode, starts_at, ends_at, state, held_until, fee_cents
    )
    values (
        free.therapist_id, free.site_id, free.room_id, for_service, by_mode, free.starts_at, free.ends_at, 'held',
        now() + @hold@, price
    ) returning id into made;
    insert into online_request (appointment_id, service_id, therapist_id, site_id, mode, starts_at, ends_at)
    values (made, for_service, free.therapist_id, free.site_id, by_mode, free.starts_at, free.ends_at)
    returning id into made;
    insert into online_link (request_id, kind, token_sha256) values (made, 'hold', hold_sha256);
    return true;
end $$;
create function online_opened(asked bytea, of_kind text) returns bigint
language sql volatile security definer set search_path from current as $$
    select r.id from online_link as l join online_request as r on r.id = l.request_id
    where l.token_sha256 = asked and l.kind = of_kind and l.used_at is null for update of r
$$;
create function visitor_leave(hold_sha256 bytea) returns void
language plpgsql volatile security definer set search_path from current as $$
declare
    left_id bigint := online_opened(hold_sha256, 'hold'); slot bigint;
begin
    delete from online_request where id = left_id and state = 'chosen' returning appointment_id into slot;
    delete from appointment where id = slot and state = 'held';
end $$;
""".replace("@hold@", HOLD)

# Whether a person is known is asked nowhere here, so that no answer can tell it: people do, when they approve. A fourth
# open request of one contact gets no letter, and the answer is the same: its hour lapses like any that nobody confirms.
DETAILS = """
create function visitor_details(
    hold_sha256 bytea, given varchar, last_names varchar, mail varchar, number varchar, born date,
    has_been_here boolean, speaks varchar, shown_sha256 bytea
) returns text
language plpgsql volatile security definer set search_path from current as $$
declare
    asked bigint := online_opened(hold_sha256, 'hold'); r online_request; waiting bigint; written bigint; key bigint;
begin
    select * into r from online_request where id = asked;
    if r.state <> 'chosen' then
        return 'taken';
    end if;
    update appointment set held_until = now() + @hold@, version = version + 1
    where id = r.appointment_id and state = 'held' and held_until > now();
    if not found then
        return 'late';
    end if;
    for key in select hashtext(w) from unnest(array[lower(mail), number]) as c (w) where w is not null order by 1 loop
        perform pg_advisory_xact_lock(7302, key::integer);
    end loop;
    select count(*) filter (where a.state = 'held' and a.held_until > now()),
        count(*) filter (where o.detailed_at > now() - interval '1 day')
    into waiting, written
    from online_request as o left join appointment as a on a.id = o.appointment_id
    where lower(o.email) = lower(mail) or o.telephone = number;
    update online_request set state = 'sent', given_name = given, surnames = last_names, email = mail,
        telephone = number, birth_date = born, is_known = has_been_here, language = speaks, detailed_at = now()
    where id = r.id;
    if waiting >= 3 or written >= 10 then
        return 'taken';
    end if;
    insert into online_letter (request_id, kind) values (r.id, 'confirm');
    -- A synthetic practice has nobody to write to: there the page itself shows what the letter would hold.
    if shown_sha256 is not null and (select is_synthetic from practice_profile) then
        insert into online_link (request_id, kind, token_sha256) values (r.id, 'confirm', shown_sha256);
        return 'shown';
    end if;
    return 'taken';
end $$;
""".replace("@hold@", HOLD)

CONFIRM = """
create function visitor_confirm(confirm_sha256 bytea, own_sha256 bytea) returns text
language plpgsql volatile security definer set search_path from current as $$
declare
    r online_request; at_once boolean;
begin
    perform agenda_lock(array[o.starts_at], array[o.ends_at]) from online_request as o
    join online_link as l on l.request_id = o.id and l.token_sha256 = confirm_sha256 and l.kind = 'confirm';
    select o.* into r from online_request as o
    join online_link as l on l.request_id = o.id and l.token_sha256 = confirm_sha256 and l.kind = 'confirm'
    for update of o;
    if r.state <> 'sent' then
        return 'before';
    end if;
    select coalesce(bool_or(s.is_approved_at_once), false) into at_once
    from visitor_services() as s where s.id = r.service_id;
    update appointment set state = case when at_once then 'booked' else 'held' end,
        held_until = case when at_once then null else starts_at end, version = version + 1
    where id = r.appointment_id and state = 'held' and held_until > now();
    if not found then
        return 'late';
    end if;
    update online_link set used_at = now() where request_id = r.id and kind = 'confirm';
    update online_request set state = case when at_once then 'booked' else 'asked' end, confirmed_at = now()
    where id = r.id;
    insert into online_letter (request_id, kind) values (r.id, case when at_once then 'booked' else 'received' end);
    insert into online_link (request_id, kind, token_sha256) values (r.id, 'own', own_sha256);
    return 'done';
end $$;
"""

# One page for every link; what a link does not open is told nowhere.
SEEING = """
create function visitor_request(asked bytea, of_kind text) returns table (
    state text, service_id bigint, service varchar, therapist_id bigint, therapist text, mode varchar, site varchar,
    place text, telephone varchar, zone varchar, starts_at timestamptz, ends_at timestamptz, held_until timestamptz,
    change_until timestamptz, late_from timestamptz, late_fee_cents bigint, currency varchar, admits varchar,
    asks_birth_date boolean
)
language sql stable security definer set search_path from current as $$
    select case
            when r.state in ('declined', 'withdrawn') then r.state
            when a.id is null or a.state = 'held' and a.held_until <= now() then 'lapsed'
            when a.state in ('cancelled', 'late_cancelled') then 'cancelled'
            when a.starts_at <= now() or a.state in ('attended', 'no_show') then 'past'
            when a.state = 'held' then r.state
            else 'booked'
        end,
        s.id, s.name, coalesce(a.therapist_id, r.therapist_id), btrim(t.given_name || ' ' || t.surnames), r.mode,
        p.name, concat_ws(', ', p.address_line, p.postal_code, p.city), p.telephone, p.time_zone,
        coalesce(a.starts_at, r.starts_at), coalesce(a.ends_at, r.ends_at), a.held_until,
        coalesce(a.starts_at, r.starts_at) - make_interval(hours => o.change_hours),
        coalesce(a.starts_at, r.starts_at) - make_interval(hours => s.cancellation_window_hours),
        s.price_cents * s.late_fee_percent / 100, coalesce((select h.currency from practice_profile as h), 'EUR'),
        o.admits, o.asks_birth_date
    from online_link as l
    join online_request as r on r.id = l.request_id
    join online_service as o on o.service_id = r.service_id
    join service as s on s.id = r.service_id
    left join appointment as a on a.id = r.appointment_id
    join therapist as t on t.id = coalesce(a.therapist_id, r.therapist_id)
    join site as p on p.id = coalesce(a.site_id, r.site_id)
    where l.token_sha256 = asked and l.kind = of_kind and l.used_at is null
$$;
"""

CHANGING = """
create function online_changeable(own_sha256 bytea, until timestamptz[]) returns appointment
language plpgsql volatile security definer set search_path from current as $$
declare
    a appointment;
begin
    select w.* into a from online_link as l
    join online_request as r on r.id = l.request_id join appointment as w on w.id = r.appointment_id
    where l.token_sha256 = own_sha256 and l.kind = 'own' and l.used_at is null;
    if a.id is null then
        return null;
    end if;
    perform agenda_lock(array[a.starts_at] || until[1:1], array[a.ends_at] || until[2:2]);
    select * into a from appointment where id = a.id and state in ('held', 'booked', 'confirmed')
        and (held_until is null or held_until > now()) for update;
    if a.starts_at - make_interval(hours => (
        select o.change_hours from online_service as o where o.service_id = a.service_id
    )) < now() then
        return null;
    end if;
    return a;
end $$;
create function visitor_cancel(own_sha256 bytea) returns boolean
language plpgsql volatile security definer set search_path from current as $$
declare
    a appointment := online_changeable(own_sha256, '{}'); is_late boolean;
begin
    if a.id is null then
        return false;
    end if;
    select a.state <> 'held' and now() > a.starts_at - make_interval(hours => s.cancellation_window_hours) into is_late
    from service as s where s.id = a.service_id;
    update appointment set state = case when is_late then 'late_cancelled' else 'cancelled' end, held_until = null,
        cancelled_at = now(), cancelled_by = 'patient', marked_at = now(), version = version + 1
    where id = a.id;
    update online_request set state = case when a.state = 'held' then 'withdrawn' else state end
    where appointment_id = a.id;
    insert into online_letter (request_id, kind) select id, 'cancelled' from online_request where appointment_id = a.id;
    return true;
end $$;
create function visitor_move(own_sha256 bytea, at_site bigint, wanted timestamptz) returns boolean
language plpgsql volatile security definer set search_path from current as $$
declare
    a appointment; free record; finish timestamptz;
begin
    select wanted + make_interval(mins => s.minutes) into finish
    from visitor_request(own_sha256, 'own') as q join service as s on s.id = q.service_id;
    if finish is null then
        return false;
    end if;
    a := online_changeable(own_sha256, array[wanted, finish]);
    select f.* into free
    from online_free_hours(a.service_id, a.therapist_id, a.mode, wanted, wanted + interval '1 microsecond') as f
    where f.site_id = at_site;
    if a.id is null or free.starts_at is null then
        return false;
    end if;
    update appointment set site_id = free.site_id, room_id = free.room_id, starts_at = free.starts_at,
        ends_at = free.ends_at, confirmed_at = null, overridden = null, version = version + 1,
        state = case when state = 'confirmed' then 'booked' else state end,
        held_until = case when state = 'held' then free.starts_at end
    where id = a.id;
    update online_request set site_id = free.site_id, starts_at = free.starts_at, ends_at = free.ends_at
    where appointment_id = a.id;
    insert into online_letter (request_id, kind) select id, 'changed' from online_request where appointment_id = a.id;
    return true;
end $$;
"""

SCRIPTS = (OFFER, FREE, HOLDING, DETAILS, CONFIRM, SEEING, CHANGING)
CALLERS = {
    "visitor_practice": "visitor",
    "visitor_services": "visitor",
    "visitor_therapists": "visitor",
    "visitor_free_hours": "visitor",
    "visitor_hold": "visitor",
    "visitor_leave": "visitor",
    "visitor_details": "visitor",
    "visitor_confirm": "visitor",
    "visitor_request": "visitor",
    "visitor_cancel": "visitor",
    "visitor_move": "visitor",
    "online_free_hours": "",
    "online_opened": "",
    "online_changeable": "",
}
"""Each function, and the login that may call it."""
