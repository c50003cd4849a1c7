-- Without CTEs: only such a view does Postgres merge into the reader's query, so that a key or a limit reaches tables.
select
    appointment_id,
    therapist_id,
    site_id,
    service_id,
    mode,
    session_on,
    month,
    state,
    is_unconfirmed,
    is_delivered,
    is_charged,
    state = 'cancelled' as is_cancelled,
    state = 'late_cancelled' as is_late_cancelled,
    state = 'no_show' as is_no_show,
    state not in ('cancelled', 'late_cancelled') as is_hour_taken,
    hours,
    room_id,
    case
        when not is_imported and booked_at < starts_at
            then (extract(epoch from starts_at - booked_at) / 86400)::numeric(8, 2)
    end as lead_days,
    case
        when state in ('cancelled', 'late_cancelled') and cancelled_at <= starts_at
            then (extract(epoch from starts_at - cancelled_at) / 3600)::numeric(10, 2)
    end as notice_hours,
    state in ('cancelled', 'late_cancelled') as is_any_cancelled,
    exists(
        select 1
        from {{ ref('stg_practice__messages') }} as messages
        where
            messages.appointment_id = int_appointments.appointment_id
            and messages.kind = 'reminder'
            and messages.state in ('sent', 'told')
    ) as was_reminded
from {{ ref('int_appointments') }} as int_appointments
where is_past and moved_to_id is null and state <> 'held'
