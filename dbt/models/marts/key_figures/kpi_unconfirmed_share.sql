with

figure as (
    select
        month,
        grain,
        site_id,
        therapist_id,
        null as item,
        unconfirmed as numerator,
        scheduled as denominator,
        unconfirmed,
        patients
    from {{ ref('int_session_counts') }}
),

final as (
    {{ as_figure('figure', is_rate=true) }}
)

select * from final
