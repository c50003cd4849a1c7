-- One pass over all appointments serves every figure of the agenda.
with

appointments as (
    select * from {{ ref('appointments_scheduled') }}
),

attendees as (
    select * from {{ ref('stg_practice__attendees') }}
),

counted as (
    select
        month,
        site_id,
        therapist_id,
        {{ grain() }} as grain,
        count(*) as scheduled,
        count(*) filter (where is_delivered) as attended,
        count(*) filter (where is_charged) as charged,
        count(*) filter (where is_charged and is_late_cancelled) as late_cancelled_charged,
        count(*) filter (where is_charged and is_no_show) as no_show_charged,
        count(*) filter (where is_cancelled) as cancelled,
        count(*) filter (where is_late_cancelled) as late_cancelled,
        count(*) filter (where is_no_show) as no_show,
        count(*) filter (where is_unconfirmed) as unconfirmed,
        count(*) filter (where was_reminded) as reminded,
        count(*) filter (where was_reminded and is_no_show) as reminded_no_show,
        sum(lead_days) as lead_days,
        count(lead_days) as booked_ahead,
        coalesce(sum(hours) filter (where is_hour_taken), 0) as hours_taken,
        count(notice_hours) as told,
        count(*) filter (where notice_hours < 24) as told_within_day,
        count(*) filter (where notice_hours >= 24 and notice_hours < 48) as told_within_two_days,
        count(*) filter (where notice_hours >= 48 and notice_hours < 168) as told_within_week,
        count(*) filter (where notice_hours >= 168) as told_earlier
    from appointments
    group by {{ grains('month') }}
),

-- Persons first, then counted: far fewer rows to sort than sessions.
persons as (
    select distinct
        appointments.month,
        appointments.site_id,
        appointments.therapist_id,
        attendees.patient_id
    from appointments
    inner join attendees on appointments.appointment_id = attendees.appointment_id
),

people as (
    select
        month,
        site_id,
        therapist_id,
        {{ grain() }} as grain,
        count(distinct patient_id) as patients
    from persons
    group by {{ grains('month') }}
),

final as (
    select
        counted.*,
        coalesce(people.patients, 0) as patients
    from counted
    left join people
        on counted.month = people.month
        and counted.grain = people.grain
        and counted.site_id is not distinct from people.site_id
        and counted.therapist_id is not distinct from people.therapist_id
)

select * from final
