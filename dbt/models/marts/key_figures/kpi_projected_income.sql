with

figure as (
    select
        month,
        {{ grain() }} as grain,
        site_id,
        therapist_id,
        source as item,
        sum(amount) as numerator,
        null::numeric as denominator,
        null::numeric as unconfirmed,
        null::bigint as patients
    from {{ ref('income_of_the_month') }}
    group by {{ grains('month', item='source') }}
),

final as (
    {{ as_figure('figure') }}
)

select * from final
