-- Without CTEs: only such a view does Postgres merge into the reader's query, so that a key or a limit reaches tables.
select
    appointments.*,
    sites.time_zone,
    (extract(epoch from appointments.ends_at - appointments.starts_at) / 3600)::numeric(6, 2) as hours,
    (appointments.starts_at at time zone sites.time_zone)::date as session_on,
    date_trunc('month', appointments.starts_at at time zone sites.time_zone)::date as month,
    appointments.ends_at <= {{ as_of() }} as is_past,
    appointments.ends_at <= {{ as_of() }} and appointments.state in ('booked', 'confirmed') as is_unconfirmed,
    appointments.state = 'attended' as is_delivered,
    appointments.state = 'attended'
    or (appointments.state in ('late_cancelled', 'no_show') and appointments.is_fee_charged) as is_charged
from {{ ref('stg_practice__appointments') }} as appointments
inner join {{ ref('stg_practice__sites') }} as sites on appointments.site_id = sites.site_id
