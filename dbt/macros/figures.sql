{#
    Every figure is told for the practice, for each site and for each therapist. "grains" groups by the given columns at
    each of the three; "grain" names the one that a row is for; "item" is null in the row of the total.
#}
{% macro grains(columns, item=none) -%}
    grouping sets (
        ({{ columns }}), ({{ columns }}, site_id), ({{ columns }}, therapist_id)
    {%- if item -%}
        , ({{ columns }}, {{ item }}), ({{ columns }}, site_id, {{ item }}), ({{ columns }}, therapist_id, {{ item }})
    {%- endif %}
    )
{%- endmacro %}

{% macro grain() -%}
    case
        when grouping(therapist_id) = 0 then 'therapist'
        when grouping(site_id) = 0 then 'site'
        else 'practice'
    end
{%- endmacro %}

{#
    The shape of every figure, from a CTE with month, grain, site_id, therapist_id, item, numerator, denominator,
    unconfirmed and patients. A rate is in per cent, a mean in the unit of what is summed. Where a figure could name a person, the row of a therapist with fewer
    than five patients behind it is marked, and readers get no value.
#}
{% macro as_figure(cte, is_rate=false, is_mean=false, names_people=false) -%}
select
    concat_ws('|', month, grain, coalesce(site_id::text, therapist_id::text, 'none'), item) as figure_key,
    month::date as month,
    grain::text as grain,
    site_id::bigint as site_id,
    therapist_id::bigint as therapist_id,
    item::text as item,
    {% if is_rate -%}
    round(100.0 * numerator / nullif(denominator, 0), 4)::numeric(14, 4) as value,
    {%- elif is_mean -%}
    round(1.0 * numerator / nullif(denominator, 0), 4)::numeric(14, 4) as value,
    {%- else -%}
        numerator::numeric(14, 4) as value,
    {%- endif %}
    numerator::numeric(14, 2) as numerator,
    denominator::numeric(14, 2) as denominator,
    unconfirmed::numeric(14, 2) as unconfirmed,
    patients::bigint as patients,
    {% if names_people %}grain = 'therapist' and patients between 1 and 4{% else %}false{% endif %} as is_suppressed
from {{ cte }}
{%- endmacro %}

{# The total of a cell and its parts as rows: pairs of an item (none for the total) and a column. #}
{% macro items(pairs) -%}
    (
        values
    {%- for item, column in pairs %}
        ({{ "'" ~ item ~ "'" if item else 'null' }}, {{ column }}){{ "," if not loop.last }}
    {%- endfor %}
    )
{%- endmacro %}
