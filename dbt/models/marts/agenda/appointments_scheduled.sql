with

appointments as (
    select * from {{ ref('int_appointments') }}
),

final as (
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
        is_charged
    from appointments
    where is_past and moved_to_id is null and state <> 'held'
)

select * from final
