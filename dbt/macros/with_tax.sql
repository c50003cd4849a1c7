{# An amount of the charge at hand with its tax, rounded to the cent. #}
{% macro with_tax(amount) -%}
    round(({{ amount }}) * (1 + charges.tax_rate_bp / 10000.0), 2)
{%- endmacro %}
