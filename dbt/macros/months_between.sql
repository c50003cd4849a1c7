{# Whole months from one date to a later one. #}
{% macro months_between(earlier, later) -%}
    (
        extract(year from age({{ later }}, {{ earlier }})) * 12 + extract(month from age({{ later }}, {{ earlier }}))
    )::integer
{%- endmacro %}
