"""What the worker of messages may do with letters to visitors, and how long anything of them is kept."""

from __future__ import annotations

# A letter holds a link that nobody else may know: who writes it makes the token, and only its hash comes here.
LETTERS = """
create function online_letter_claim(at timestamptz, token_sha256 bytea, named varchar) returns table (
    id bigint, kind varchar, attempts smallint, language varchar, address varchar, practice varchar,
    practice_locale varchar, site varchar, place text, telephone varchar, zone varchar, mode varchar,
    starts_at timestamptz, ends_at timestamptz, message_id varchar, has_link boolean
)
language plpgsql volatile security definer set search_path from current as $$
#variable_conflict use_column
declare
    l online_letter; r online_request; fits boolean; opens text;
begin
    loop
        select w.* into l from online_letter as w
        where w.state = 'planned' and coalesce(w.next_attempt_at, w.made_at) <= at
        order by w.id limit 1 for update skip locked;
        if not found then
            return;
        end if;
        select q.* into r from online_request as q where q.id = l.request_id;
        fits := r.email is not null and l.made_at > at - interval '2 days' and case l.kind
            when 'confirm' then r.state = 'sent' and exists (
                select from appointment as a where a.id = r.appointment_id and a.state = 'held' and a.held_until > at
            )
            when 'received' then r.state = 'asked'
            else true
        end;
        exit when fits;
        update online_letter set state = 'lapsed' where id = l.id;
    end loop;
    opens := case l.kind when 'confirm' then 'confirm' when 'received' then 'own' when 'booked' then 'own'
        when 'changed' then 'own' end;
    if opens is not null then
        insert into online_link (request_id, kind, token_sha256) values (r.id, opens, token_sha256);
    end if;
    update online_letter set state = 'sending', claimed_at = at, attempts = attempts + 1,
        message_id = coalesce(message_id, named)
    where id = l.id;
    return query
    select l.id, l.kind, (l.attempts + 1)::smallint, r.language, r.email, coalesce(h.name, s.name),
        coalesce(h.locale, 'es_ES')::varchar, s.name, concat_ws(', ', s.address_line, s.postal_code, s.city),
        s.telephone, s.time_zone, r.mode, coalesce(a.starts_at, r.starts_at), coalesce(a.ends_at, r.ends_at),
        coalesce(l.message_id, named), opens is not null
    from site as s left join practice_profile as h on h.id = 1 left join appointment as a on a.id = r.appointment_id
    where s.id = coalesce(a.site_id, r.site_id);
end $$;
create function online_letter_settle(about bigint, became varchar, code varchar, again timestamptz) returns void
language sql volatile security definer set search_path from current as $$
    update online_letter set state = became, last_error = code, next_attempt_at = again,
        sent_at = case when became = 'sent' then now() end
    where id = about and (state = 'sending' or state = 'failed' and last_error = 'unknown_outcome');
$$;
create function online_letters_abandon() returns bigint
language sql volatile security definer set search_path from current as $$
    with abandoned as (
        update online_letter set state = 'failed', last_error = 'unknown_outcome' where state = 'sending' returning id
    )
    select count(*) from abandoned
$$;
"""

# What came to nothing is gone after a day, or after a month when somebody decided it; a file keeps what became of it.
FORGETTING = """
create function online_forget() returns void
language sql volatile security definer set search_path from current as $$
    delete from online_request where patient_id is null and (
        state in ('chosen', 'sent') and made_at < now() - interval '1 day'
        or state in ('declined', 'withdrawn') and coalesce(decided_at, made_at) < now() - interval '30 days'
        or ends_at < now() - interval '30 days'
    );
    update online_request set given_name = null, surnames = null, email = null, telephone = null, birth_date = null
    where patient_id is not null and email is not null and ends_at < now() - interval '30 days';
    delete from online_link as l using online_request as r
    where r.id = l.request_id and r.ends_at < now() - interval '30 days';
$$;
create function online_request_forgotten() returns trigger
language plpgsql security definer set search_path from current as $$
begin
    update online_request set given_name = null, surnames = null, email = null, telephone = null, birth_date = null
    where new.kind = 'person' and patient_id = any(files_of_person(new.patient_id));
    return null;
end $$;
create trigger online_request_forgotten after insert on erasure
for each row execute function online_request_forgotten();
"""

SCRIPTS = (LETTERS, FORGETTING)
CALLERS = {
    "online_letter_claim": "messenger",
    "online_letter_settle": "messenger",
    "online_letters_abandon": "messenger",
    "online_forget": "messenger",
    "online_request_forgotten": "",
}
"""Each function, and the login that may call it."""
