with

results as (
    select * from {{ ref('stg_practice__check_results') }}
),

figure as (
    select
        {{ current_month() }} as month,
        {{ grain() }} as grain,
        site_id,
        therapist_id,
        rule_code as item,
        sum(applicable - failed) as numerator,
        sum(applicable) as denominator,
        null::numeric as unconfirmed,
        max(applicable) as patients
    from results
    group by
        grouping sets (
            (), (rule_code), (site_id), (site_id, rule_code), (therapist_id), (therapist_id, rule_code)
        )
    having count(*) > 0
),

final as (
    {{ as_figure('figure', is_rate=true, names_people=true) }}
)

select * from final
