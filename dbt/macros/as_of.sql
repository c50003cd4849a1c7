{# The moment that figures are computed for: the variable as_of, or now, which a view asks whenever it is read. #}
{% macro as_of() -%}
    {%- if var('as_of', '') -%} '{{ var("as_of") }}'::timestamptz {%- else -%} now() {%- endif -%}
{%- endmacro %}

{# The calendar day of that moment at a time zone (an SQL expression). #}
{% macro today(time_zone) -%}
    ({{ as_of() }} at time zone {{ time_zone }})::date
{%- endmacro %}

{# The first day of that month, on the practice's own calendar. #}
{% macro current_month() -%}
    date_trunc('month', {{ as_of() }} at time zone coalesce(
        (select practice_profiles.time_zone from {{ ref('stg_practice__practice_profiles') }} as practice_profiles), 'UTC'
    ))::date
{%- endmacro %}
