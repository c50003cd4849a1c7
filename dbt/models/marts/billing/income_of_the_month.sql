with

payments as (
    select * from {{ ref('payments_received') }}
),

appointments as (
    select * from {{ ref('int_appointments') }}
),

collected as (
    select
        'collected' as source,
        payment_id,
        null::bigint as appointment_id,
        therapist_id,
        site_id,
        received_on as session_on,
        month,
        amount
    from payments
    where received_on >= {{ current_month() }} and received_on < {{ current_month() }} + interval '1 month'
),

-- The bounds on starts_at, a day wider than any time zone, let the index find the month.
booked as (
    select
        'booked' as source,
        null::bigint as payment_id,
        appointment_id,
        therapist_id,
        site_id,
        session_on,
        month,
        fee_amount as amount
    from appointments
    where
        state in ('booked', 'confirmed')
        and moved_to_id is null
        and starts_at > {{ as_of() }}
        and starts_at < {{ current_month() }} + interval '1 month 1 day'
        and month = {{ current_month() }}
),

final as (
    select * from collected
    union all
    select * from booked
)

select * from final
