{# A text without blanks around it, or null when nothing is left: a space typed into a field is no answer. #}
{% macro filled(column) -%}
    nullif(btrim({{ column }}), '')::varchar
{%- endmacro %}
