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
    state = 'no_show' as is_no_show
from {{ ref('int_appointments') }}
where is_past and moved_to_id is null and state <> 'held'
