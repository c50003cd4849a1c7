-- Without CTEs: only such a view does Postgres merge into the reader's query, so that a key or a limit reaches tables.
-- The anti-join lets the planner hash all sessions for the figure and look up one patient for a page.
select
    appointments.appointment_id,
    attendees.patient_id,
    appointments.therapist_id,
    appointments.site_id,
    appointments.session_on,
    appointments.month,
    required.kind
from {{ ref('stg_practice__attendees') }} as attendees
inner join {{ ref('int_appointments') }} as appointments on attendees.appointment_id = appointments.appointment_id
inner join (values ('treatment'), ('data_protection'), ('telehealth')) as required (kind)
    on required.kind <> 'telehealth' or appointments.mode = 'online'
where
    attendees.state = 'attended'
    and not {{ has_consent('attendees.patient_id', 'required.kind', 'appointments.session_on') }}
