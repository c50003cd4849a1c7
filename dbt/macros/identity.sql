{# Whether an identification number fits its kind; a Spanish one also by its check letter. Null when there is none. #}
{% macro identity_is_well_formed(kind, value) -%}
    case
        when {{ value }} is null or {{ value }} = '' then null
        when {{ kind }} = 'nif' and {{ value }} ~ '^[0-9]{8}[A-Z]$' then
            right({{ value }}, 1) = {{ check_letter("left(" ~ value ~ ", 8)") }}
        when {{ kind }} = 'nie' and {{ value }} ~ '^[XYZ][0-9]{7}[A-Z]$' then
            right({{ value }}, 1) = {{ check_letter("translate(left(" ~ value ~ ", 8), 'XYZ', '012')") }}
        when {{ kind }} in ('passport', 'ssn', 'other') then {{ value }} ~ '^[A-Z0-9]{4,30}$'
        else false
    end
{%- endmacro %}

{# The check letter of eight digits: the remainder of 23 picks it (Spain, Real Decreto 1553/2005, article 11). #}
{% macro check_letter(digits) -%}
    substr('TRWAGMYFPDXBNJZSQVHLCKE', ({{ digits }})::integer % 23 + 1, 1)
{%- endmacro %}
