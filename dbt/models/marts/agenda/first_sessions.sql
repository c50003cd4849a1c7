-- One look-up by patient each (not one aggregate over all sessions), so that a single patient costs a millisecond.
with

patients as (
    select * from {{ ref('stg_practice__patients') }}
),

appointments as (
    select * from {{ ref('int_appointments') }}
),

first_attended as (
    select
        patients.patient_id,
        earliest.appointment_id
    from patients
    cross join lateral (
        select attendees.appointment_id
        from {{ ref('stg_practice__attendees') }} as attendees
        where attendees.patient_id = patients.patient_id and attendees.state = 'attended'
        order by attendees.starts_at, attendees.appointment_id
        limit 1
    ) as earliest
),

final as (
    select
        first_attended.patient_id,
        first_attended.appointment_id,
        appointments.therapist_id,
        appointments.site_id,
        appointments.session_on,
        appointments.month
    from first_attended
    inner join appointments on first_attended.appointment_id = appointments.appointment_id
)

select * from final
