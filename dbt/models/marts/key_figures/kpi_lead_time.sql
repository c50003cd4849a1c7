with

figure as (
    select
        month,
        grain,
        site_id,
        therapist_id,
        null as item,
        lead_days as numerator,
        booked_ahead as denominator,
        unconfirmed,
        patients
    from {{ ref('int_session_counts') }}
),

final as (
    {{ as_figure('figure', is_mean=true) }}
)

select * from final
