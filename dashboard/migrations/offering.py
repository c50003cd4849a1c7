"""The functions of the waiting list, as its migration writes them: who fits an hour, and offering it in turn."""

from __future__ import annotations

# A room of the site for that hour, the one that was freed when it still is.
ROOM = """
create function waiting_room(at_site bigint, wished bigint, begins timestamptz, finishes timestamptz) returns bigint
language plpgsql stable set search_path from current as $$
begin
    return (
        select r.id from room as r
        where r.site_id = at_site and r.is_in_service and r.capacity >= 2 and not exists (
            select from appointment as a where a.room_id = r.id and a.state in ('held', 'booked', 'confirmed')
                and a.starts_at < finishes and a.starts_at > begins - interval '12 hours' and a.ends_at > begins
                and (a.held_until is null or a.held_until > now())
        )
        order by r.id is distinct from wished, r.capacity, r.id limit 1
    );
end $$;
"""

# The best first: the most urgent, then who has waited longest, then whose wishes the hour meets most.
FITS = """
create function waiting_fits(
    of_therapist bigint, at_site bigint, in_room bigint, in_mode text, begins timestamptz, finishes timestamptz,
    besides bigint[]
) returns table (
    entry_id bigint, patient_id bigint, service_id bigint, mode text, ends_at timestamptz, place integer, wishes integer
)
language plpgsql stable set search_path from current as $$
#variable_conflict use_column
begin
    return query
    with hour as materialized (
        select begins at time zone s.time_zone as local_begin from site as s where s.id = at_site
    ),
    wanted as (
        select e.*, coalesce(e.mode, in_mode) as as_mode, begins + make_interval(mins => v.minutes) as finish,
            h.local_begin, h.local_begin + make_interval(mins => v.minutes) as local_end,
            (of_therapist = any(e.therapist_ids))::integer + (at_site = any(e.site_ids))::integer
            + (e.weekdays <> '{}')::integer + (e.not_before is not null or e.not_after is not null)::integer
            + (e.mode is not null)::integer as wishes
        from waiting_entry as e
        join service as v on v.id = e.service_id and v.is_active
        join patient as p on p.id = e.patient_id and p.status not in ('archived', 'merged') and p.died_on is null
        cross join hour as h
        where e.state = 'waiting' and not e.patient_id = any(besides)
            and not exists (
                select from processing_restriction as r where r.patient_id = e.patient_id and r.lifted_at is null
            )
    )
    select w.id, w.patient_id, w.service_id, w.as_mode::text, w.finish,
        row_number() over (order by w.urgency desc, w.since_on, w.wishes desc, w.id)::integer, w.wishes
    from wanted as w
    where w.finish <= finishes
        and w.local_begin::date between w.since_on and coalesce(w.until_on, 'infinity')
        and (w.therapist_ids = '{}' or of_therapist = any(w.therapist_ids))
        and (w.weekdays = '{}' or extract(isodow from w.local_begin)::integer - 1 = any(w.weekdays))
        and (w.not_before is null or w.local_begin::time >= w.not_before)
        and (w.not_after is null or w.local_end <= w.local_begin::date + w.not_after)
        and (w.as_mode <> 'in_person' or in_mode = 'in_person' and in_room is not null and (
            w.site_ids = '{}' or at_site = any(w.site_ids)
        ))
        and not exists (
            select from appointment_patient as a where a.patient_id = w.patient_id
                and a.state in ('held', 'booked', 'confirmed') and a.starts_at < w.finish
                and a.starts_at > begins - interval '12 hours' and a.ends_at > begins
        )
        and not exists (select from waiting_offer as o where o.entry_id = w.id and o.state = 'offered')
    order by 6;
end $$;
"""

# Hours that a cancellation freed and that can still be given to somebody; of an hour cancelled twice the last time.
HOURS = """
create function waiting_hours(since timestamptz, until timestamptz) returns table (
    appointment_id bigint, therapist_id bigint, site_id bigint, room_id bigint, service_id bigint, mode text,
    starts_at timestamptz, ends_at timestamptz, cancelled_at timestamptz, outcome text, fitting integer
)
language plpgsql stable set search_path from current as $$
#variable_conflict use_column
begin
    return query
    with freed as (
        select distinct on (a.therapist_id, a.starts_at) a.*
        from appointment as a
        where a.state in ('cancelled', 'late_cancelled') and a.starts_at > since and a.starts_at < until
            and a.cancelled_by is distinct from 'therapist'
        order by a.therapist_id, a.starts_at, a.cancelled_at desc, a.id desc
    ),
    usable as (
        select f.*, w.room, h.state as outcome
        from freed as f
        left join freed_hour as h on h.appointment_id = f.id
        cross join lateral (select case when f.mode = 'in_person'
            then waiting_room(f.site_id, f.room_id, f.starts_at, f.ends_at) end as room) as w
        where h.state is distinct from 'open' and h.state is distinct from 'filled'
            and waiting_obstacle(f.therapist_id, f.site_id, w.room, f.service_id, '{}', f.mode, f.starts_at, f.ends_at)
                is null
    )
    select u.id, u.therapist_id, u.site_id, u.room, u.service_id, u.mode::text, u.starts_at, u.ends_at, u.cancelled_at,
        u.outcome::text, (
            select count(*)::integer from waiting_fits(
                u.therapist_id, u.site_id, u.room, u.mode, u.starts_at, u.ends_at,
                array(select p.patient_id from appointment_patient as p where p.appointment_id = u.id)
            )
        )
    from usable as u order by u.starts_at, u.therapist_id;
end $$;
create function waiting_obstacle(
    of_therapist bigint, at_site bigint, in_room bigint, for_service bigint, of_patients bigint[], by_mode text,
    begins timestamptz, finishes timestamptz
) returns text
language plpgsql stable set search_path from current as $$
begin
    -- That the hour lies outside the hours of work was so when it was booked the first time.
    return (
        select min(o.kind) from agenda_obstacles(
            of_therapist, at_site, in_room, for_service, of_patients, by_mode, array[begins], array[finishes], '{}'
        ) as o where o.kind not in ('outside_hours', 'room_too_small', 'too_far')
    );
end $$;
"""

# One letter to each who decides, or a reason why the office has to telephone; without the figures, which define a
# consent, nothing is sent.
LETTER = """
create function waiting_letter(offer bigint) returns void
language plpgsql volatile set search_path from current as $$
declare
    o record; to_whom record; met text;
begin
    select w.*, e.patient_id, h.appointment_id as freed_id, h.starts_at,
        message_hour(now(), r.quiet_from, r.quiet_until, message_zone()) as due_at
    into o
    from waiting_offer as w join waiting_entry as e on e.id = w.entry_id
    join freed_hour as h on h.id = w.freed_hour_id cross join message_rule as r
    where w.id = offer;
    for to_whom in
        select g.id as guardian_id,
            case when left(p.preferred_language, 2) in ('es', 'ca', 'gl', 'eu') then 'es' else 'en' end as language
        from patient as p left join guardian as g on g.patient_id = p.id and g.has_authority
            and p.birth_date + interval '18 years' > practice_today()
        where p.id = o.patient_id
    loop
        begin
            met := message_obstacle(o.patient_id, to_whom.guardian_id);
        exception when undefined_table or invalid_schema_name then
            met := 'no_consent';
        end;
        insert into message (
            kind, step, appointment_id, patient_id, guardian_id, offer_id, language, starts_at, due_at, lapses_at,
            state, withheld_reason
        ) values (
            'offer', o.turn, o.freed_id, o.patient_id, to_whom.guardian_id, o.id, to_whom.language, o.starts_at,
            o.due_at, o.expires_at,
            case when met is null then 'planned' else 'withheld' end,
            case when met = 'closed' then 'no_consent' else met end
        );
    end loop;
end $$;
"""

# Whoever calls has the lock of the day. The hold outlives the offer by minutes, in which the next in turn is asked.
NEXT = """
create function waiting_next(hour bigint, rather bigint) returns bigint
language plpgsql volatile set search_path from current as $$
declare
    h freed_hour; r waiting_rule; f record; asked_at timestamptz; room bigint; hold bigint; made bigint;
begin
    select * into h from freed_hour where id = hour for update;
    select * into r from waiting_rule;
    select message_hour(now(), m.quiet_from, m.quiet_until, message_zone()) into asked_at from message_rule as m;
    if h.state <> 'open' then return null; end if;
    if h.starts_at >= asked_at + make_interval(hours => r.notice_hours) and (
        select count(*) from waiting_offer as o where o.freed_hour_id = h.id and o.offered_at >= h.opened_at
    ) < r.turns then
        room := case when h.mode = 'in_person' then waiting_room(h.site_id, h.room_id, h.starts_at, h.ends_at) end;
        for f in
            select * from waiting_fits(
                h.therapist_id, h.site_id, room, h.mode, h.starts_at, h.ends_at, array(
                    select p.patient_id from appointment_patient as p where p.appointment_id = h.appointment_id
                    union select e.patient_id from waiting_offer as o join waiting_entry as e on e.id = o.entry_id
                    where o.freed_hour_id = h.id
                )
            ) as each order by each.entry_id = rather desc nulls last, each.place
        loop
            continue when waiting_obstacle(
                h.therapist_id, h.site_id, case when f.mode = 'in_person' then room end, f.service_id,
                array[f.patient_id], f.mode, h.starts_at, f.ends_at
            ) is not null;
            insert into appointment (
                therapist_id, site_id, room_id, service_id, mode, starts_at, ends_at, state, held_until, fee_cents,
                booked_by_id
            )
            select h.therapist_id, h.site_id, case when f.mode = 'in_person' then room end, s.id, f.mode, h.starts_at,
                f.ends_at, 'held', asked_at + make_interval(hours => r.answer_hours, mins => 10), s.price_cents, uid()
            from service as s where s.id = f.service_id returning id into hold;
            insert into appointment_patient (appointment_id, patient_id, therapist_id)
            values (hold, f.patient_id, h.therapist_id);
            insert into waiting_offer (
                freed_hour_id, entry_id, turn, appointment_id, mode, ends_at, expires_at, offered_by_id
            )
            select h.id, f.entry_id, 1 + count(*), hold, f.mode, f.ends_at,
                asked_at + make_interval(hours => r.answer_hours), uid()
            from waiting_offer as o where o.freed_hour_id = h.id returning id into made;
            perform waiting_letter(made);
            return made;
        end loop;
    end if;
    update freed_hour set state = 'unfilled', ended_at = now() where id = h.id;
    return null;
end $$;
"""

# The first offer of a freed hour, to the one named when they fit. Nothing when nobody fits.
OFFER = """
create function waiting_offer_hour(freed bigint, rather bigint default null) returns bigint
language plpgsql volatile security definer set search_path from current as $$
declare
    a appointment; hour bigint;
begin
    if session_user <> 'messenger' and coalesce(session_role() not in ('app_manager', 'app_front_desk'), true) then
        raise exception using errcode = '42501', message = 'this is not for everybody';
    end if;
    select * into a from appointment where id = freed;
    if a.id is null or a.state not in ('cancelled', 'late_cancelled') or a.starts_at <= now() then
        raise exception using errcode = '23514', constraint = 'hour_is_freed', message = 'this hour was not freed';
    end if;
    perform agenda_lock(array[a.starts_at], array[a.ends_at]);
    insert into freed_hour as h (
        appointment_id, therapist_id, site_id, room_id, mode, starts_at, ends_at, opened_by_id
    )
    values (a.id, a.therapist_id, a.site_id, a.room_id, a.mode, a.starts_at, a.ends_at, uid())
    on conflict (appointment_id) do update set state = 'open', opened_at = now(), ended_at = null, opened_by_id = uid()
    where h.state in ('unfilled', 'stopped') returning h.id into hour;
    if hour is null then
        raise exception using errcode = '23514', constraint = 'hour_is_offered', message = 'this hour is offered';
    end if;
    return waiting_next(hour, rather);
end $$;
"""

# What is answered twice is done once. The days are locked first, then the rows, as everywhere in the agenda.
SETTLE = """
create function waiting_settle(offer bigint, answer text, way text) returns text
language plpgsql volatile set search_path from current as $$
declare
    o waiting_offer; h freed_hour; outcome text := answer;
begin
    select f.* into h from freed_hour as f join waiting_offer as w on w.freed_hour_id = f.id where w.id = offer;
    if h.id is null then return 'gone'; end if;
    perform agenda_lock(array[h.starts_at], array[h.ends_at]);
    select * into o from waiting_offer where id = offer for update;
    if o.state <> 'offered' then
        return case when o.state = answer then answer else 'gone' end;
    end if;
    if answer = 'accepted' then
        if o.expires_at <= now() then
            outcome := 'expired';
        else
            perform waiting_close(o.id, answer, way);
            update appointment set state = 'booked', held_until = null, booked_at = now(), version = version + 1
            where id = o.appointment_id and state = 'held';
            if found then return answer; end if;
            raise exception using errcode = '23514', constraint = 'hour_is_held', message = 'the hour was not kept';
        end if;
    end if;
    perform waiting_close(o.id, outcome, way);
    delete from appointment_patient where appointment_id = o.appointment_id and state = 'held';
    delete from appointment where id = o.appointment_id and state = 'held';
    if outcome <> 'withdrawn' then perform waiting_next(h.id, null); end if;
    return case when outcome = answer then answer else 'gone' end;
end $$;
create function waiting_close(offer bigint, outcome text, way text) returns void
language plpgsql volatile set search_path from current as $$
declare
    o waiting_offer;
begin
    update waiting_offer set state = outcome, answered_at = now(), answered_how = way, answered_by_id = uid()
    where id = offer returning * into o;
    if outcome = 'accepted' then
        update waiting_entry set state = 'served', closed_at = now(), version = version + 1 where id = o.entry_id;
        update freed_hour set state = 'filled', ended_at = now() where id = o.freed_hour_id;
    elsif outcome = 'withdrawn' then
        update freed_hour set state = 'stopped', ended_at = now() where id = o.freed_hour_id;
    end if;
end $$;
"""

# The office, by a button; whoever has the link; and the clock.
ANSWERS = """
create function waiting_answer(offer bigint, answer text) returns text
language plpgsql volatile security definer set search_path from current as $$
begin
    if coalesce(session_role() not in ('app_manager', 'app_front_desk'), true) then
        raise exception using errcode = '42501', message = 'this is not for everybody';
    end if;
    if answer not in ('accepted', 'declined', 'withdrawn') then return 'gone'; end if;
    return waiting_settle(offer, answer, 'desk');
end $$;
create function offer_answer(token text, answer text) returns text
language plpgsql volatile security definer set search_path from current as $$
declare
    found_id bigint := (select o.id from waiting_offer as o where o.token_sha256 = sha256(convert_to(token, 'UTF8')));
begin
    if found_id is null or coalesce(answer not in ('accepted', 'declined'), true) then return 'gone'; end if;
    return waiting_settle(found_id, answer, 'link');
end $$;
create function offer_shown(token text) returns table (
    outcome text, practice varchar, practice_locale varchar, site varchar, place text, telephone varchar, zone varchar,
    mode varchar, starts_at timestamptz, ends_at timestamptz, expires_at timestamptz, language varchar
)
language plpgsql stable security definer set search_path from current as $$
#variable_conflict use_column
begin
    return query
    select case when o.state = 'offered' and o.expires_at <= now() then 'gone' when o.state in ('expired', 'withdrawn')
        then 'gone' else o.state end::text,
        coalesce(h.name, s.name), coalesce(h.locale, 'es_ES'), s.name,
        concat_ws(', ', s.address_line, s.postal_code, s.city), s.telephone, s.time_zone, o.mode, f.starts_at,
        o.ends_at, o.expires_at,
        coalesce((select min(m.language) from message as m where m.offer_id = o.id), 'es')::varchar
    from waiting_offer as o join freed_hour as f on f.id = o.freed_hour_id join site as s on s.id = f.site_id
    left join practice_profile as h on h.id = 1
    where o.token_sha256 = sha256(convert_to(token, 'UTF8'));
end $$;
create function offer_link(about bigint, hash bytea) returns void
language plpgsql volatile security definer set search_path from current as $$
begin
    update waiting_offer as o set token_sha256 = hash from message as m
    where m.id = about and m.state = 'sending' and o.id = m.offer_id and o.state = 'offered';
end $$;
create function offers_expired() returns setof bigint
language plpgsql stable security definer set search_path from current as $$
begin
    return query select o.id from waiting_offer as o where o.state = 'offered' and o.expires_at <= now() order by o.id;
end $$;
create function offer_expire(offer bigint) returns void
language plpgsql volatile security definer set search_path from current as $$
begin
    if exists (select from waiting_offer as o where o.id = offer and o.state = 'offered' and o.expires_at <= now()) then
        perform waiting_settle(offer, 'expired', 'clock');
    end if;
end $$;
create function hours_to_offer() returns setof bigint
language plpgsql stable security definer set search_path from current as $$
begin
    return query
    select w.appointment_id from waiting_rule as r
    cross join lateral waiting_hours(
        now() + make_interval(hours => r.notice_hours), now() + make_interval(days => r.days_ahead)
    ) as w
    where r.is_automatic and w.outcome is null and w.fitting > 0 and w.cancelled_at >= r.automatic_since;
end $$;
"""

SCRIPTS = (ROOM, FITS, HOURS, LETTER, NEXT, OFFER, SETTLE, ANSWERS)

OFFICE = "app_manager, app_front_desk"
FUNCTIONS = {
    "waiting_room(bigint, bigint, timestamptz, timestamptz)": OFFICE,
    "waiting_obstacle(bigint, bigint, bigint, bigint, bigint[], text, timestamptz, timestamptz)": OFFICE,
    "waiting_fits(bigint, bigint, bigint, text, timestamptz, timestamptz, bigint[])": OFFICE,
    "waiting_hours(timestamptz, timestamptz)": OFFICE,
    "waiting_letter(bigint)": "",
    "waiting_close(bigint, text, text)": "",
    "waiting_next(bigint, bigint)": "",
    "waiting_settle(bigint, text, text)": "",
    "waiting_offer_hour(bigint, bigint)": f"{OFFICE}, messenger",
    "waiting_answer(bigint, text)": OFFICE,
    "offer_shown(text)": "visitor",
    "offer_answer(text, text)": "visitor",
    "offer_link(bigint, bytea)": "messenger",
    "offers_expired()": "messenger",
    "offer_expire(bigint)": "messenger",
    "hours_to_offer()": "messenger",
}
