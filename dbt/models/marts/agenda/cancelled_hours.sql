-- Without CTEs: only such a view does Postgres merge into the reader's query, so that a key or a limit reaches tables.
-- An hour that was cancelled twice is freed once, by the last cancellation.
select
    freed.appointment_id,
    freed.therapist_id,
    freed.site_id,
    freed.service_id,
    freed.session_on,
    freed.month,
    freed.state,
    freed.hours,
    taken.appointment_id as taken_by_id,
    taken.appointment_id is not null as is_filled,
    coalesce(taken.is_by_list, false) as is_filled_by_list,
    coalesce(taken.is_charged, false) as is_recovered,
    case when taken.is_charged then taken.fee_amount end as amount
from {{ ref('int_appointments') }} as freed
left join
    lateral (
        select
            later.appointment_id,
            later.fee_amount,
            later.is_charged,
            exists(
                select 1
                from {{ ref('stg_practice__waiting_offers') }} as offers
                where offers.appointment_id = later.appointment_id and offers.state = 'accepted'
            ) as is_by_list
        from {{ ref('int_appointments') }} as later
        where
            later.therapist_id = freed.therapist_id
            and later.state in ('booked', 'confirmed', 'attended', 'no_show')
            and later.starts_at < freed.ends_at
            and later.starts_at > freed.starts_at - interval '12 hours'
            and later.ends_at > freed.starts_at
        order by later.starts_at, later.appointment_id
        limit 1
    ) as taken
    on true
where
    freed.is_past
    and freed.state in ('cancelled', 'late_cancelled')
    and freed.cancelled_at < freed.starts_at
    and freed.cancelled_by is distinct from 'therapist'
    and not exists (
        select 1
        from {{ ref('stg_practice__appointments') }} as again
        where
            again.therapist_id = freed.therapist_id
            and again.starts_at = freed.starts_at
            and again.state in ('cancelled', 'late_cancelled')
            and again.cancelled_by is distinct from 'therapist'
            and (again.cancelled_at, again.appointment_id) > (freed.cancelled_at, freed.appointment_id)
    )
