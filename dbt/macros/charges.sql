{# An amount of the charge at hand with its tax, rounded to the cent. #}
{% macro with_tax(amount) -%}
    round(({{ amount }}) * (1 + charges.tax_rate_bp / 10000.0), 2)
{%- endmacro %}

{# Whether a couple's or family's session, which has one price, is charged to another of them. #}
{% macro is_charged_to_another() -%}
    exists (
        select 1
        from {{ ref('stg_practice__charges') }} as shared
        inner join {{ ref('stg_practice__services') }} as services
            on services.service_id = appointments.service_id and services.kind in ('couple', 'family')
        where shared.appointment_id = appointments.appointment_id
            and shared.kind in ('session', 'late_cancellation', 'no_show')
            and shared.reverses_id is null
            and not exists (
                select 1 from {{ ref('stg_practice__charges') }} as reversals
                where reversals.reverses_id = shared.charge_id
            )
    )
{%- endmacro %}
