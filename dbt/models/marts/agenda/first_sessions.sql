-- Without CTEs: only such a view does Postgres merge into the reader's query, so that a key or a limit reaches tables.
select
    patients.patient_id,
    appointments.appointment_id,
    appointments.therapist_id,
    appointments.site_id,
    appointments.session_on,
    appointments.month
from {{ ref('stg_practice__patients') }} as patients
cross join
    lateral (
        select attendees.appointment_id
        from {{ ref('stg_practice__attendees') }} as attendees
        where attendees.patient_id = patients.patient_id and attendees.state = 'attended'
        order by attendees.starts_at, attendees.appointment_id
        limit 1
    ) as earliest
inner join {{ ref('int_appointments') }} as appointments on earliest.appointment_id = appointments.appointment_id
