-- depends_on: {{ ref('int_money_balance') }}
with

figure as (
    select
        month,
        {{ grain() }} as grain,
        site_id,
        therapist_id,
        null as item,
        sum(amount) as numerator,
        null::numeric as denominator,
        null::numeric as unconfirmed,
        count(distinct patient_id) as patients
    from {{ ref('invoiced_lines') }}
    group by {{ grains('month') }}
),

final as (
    {{ as_figure('figure') }}
)

select * from final
