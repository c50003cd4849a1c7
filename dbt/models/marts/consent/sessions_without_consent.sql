-- Anti-joins, so that the planner may hash all sessions for the figure and look up one patient for the page.
with

appointments as (
    select * from {{ ref('int_appointments') }}
),

attendees as (
    select * from {{ ref('stg_practice__attendees') }}
),

attended as (
    select
        appointments.appointment_id,
        attendees.patient_id,
        appointments.therapist_id,
        appointments.site_id,
        appointments.session_on,
        appointments.month,
        required.kind
    from attendees
    inner join appointments on attendees.appointment_id = appointments.appointment_id
    inner join (values ('treatment'), ('data_protection'), ('telehealth')) as required (kind)
        on required.kind <> 'telehealth' or appointments.mode = 'online'
    where attendees.state = 'attended'
),

final as (
    select * from attended
    where not {{ has_consent('attended.patient_id', 'attended.kind', 'attended.session_on') }}
)

select * from final
