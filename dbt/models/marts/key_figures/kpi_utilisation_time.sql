with

available as (
    select
        month,
        site_id,
        therapist_id,
        {{ grain() }} as grain,
        sum(hours) as hours
    from {{ ref('int_working_days') }}
    group by {{ grains('month') }}
),

counts as (
    select * from {{ ref('int_session_counts') }}
),

figure as (
    select
        available.month,
        available.grain,
        available.site_id,
        available.therapist_id,
        null as item,
        coalesce(counts.hours_taken, 0) as numerator,
        available.hours as denominator,
        counts.unconfirmed,
        counts.patients
    from available
    left join counts
        on available.month = counts.month
        and available.grain = counts.grain
        and available.site_id is not distinct from counts.site_id
        and available.therapist_id is not distinct from counts.therapist_id
),

final as (
    {{ as_figure('figure', is_rate=true) }}
)

select * from final
