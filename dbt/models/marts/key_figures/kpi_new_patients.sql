with

figure as (
    select
        month,
        {{ grain() }} as grain,
        site_id,
        therapist_id,
        null as item,
        count(*) as numerator,
        null::numeric as denominator,
        null::numeric as unconfirmed,
        count(*) as patients
    from {{ ref('first_sessions') }}
    group by {{ grains('month') }}
),

final as (
    {{ as_figure('figure', names_people=true) }}
)

select * from final
