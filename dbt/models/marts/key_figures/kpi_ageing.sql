-- depends_on: {{ ref('stg_practice__invoice_lines') }}
-- depends_on: {{ ref('stg_practice__payments') }}
with

figure as (
    select
        month,
        grain,
        site_id,
        therapist_id,
        item,
        coalesce(amount, 0) as numerator,
        null::numeric as denominator,
        null::numeric as unconfirmed,
        patients
    from {{ ref('int_ageing') }}
),

final as (
    {{ as_figure('figure') }}
)

select * from final
