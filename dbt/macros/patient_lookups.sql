{# Look-ups by the patient of the row at hand; the rows looked up are called "rows". #}
{% macro count_of(model, condition='true') -%}
    (select count(*) from {{ ref(model) }} as rows where rows.patient_id = patients.patient_id and {{ condition }})
{%- endmacro %}

{% macro exists_in(model, condition='true') -%}
    exists (select 1 from {{ ref(model) }} as rows where rows.patient_id = patients.patient_id and {{ condition }})
{%- endmacro %}

{# The last day of a coverage is the day before valid_until. #}
{% macro covers_today() -%}
    rows.valid_from <= patients.today and coalesce(rows.valid_until > patients.today, true)
{%- endmacro %}

{% macro next_session_at(patient_id) -%}
    (
        select min(ahead.starts_at)
        from {{ ref('stg_practice__attendees') }} as ahead
        where ahead.patient_id = {{ patient_id }}
            and ahead.state in ('booked', 'confirmed')
            and ahead.starts_at > {{ as_of() }}
    )
{%- endmacro %}

{% macro has_online_session_ahead(patient_id, since=none) -%}
    exists (
        select 1
        from {{ ref('stg_practice__attendees') }} as ahead
        inner join {{ ref('stg_practice__appointments') }} as appointments
            on ahead.appointment_id = appointments.appointment_id
        where ahead.patient_id = {{ patient_id }}
            and appointments.mode = 'online'
            and appointments.moved_to_id is null
    {%- if since %}
            and ahead.starts_at > {{ as_of() }} - interval '{{ since }}'
            and (
                ahead.state = 'attended'
                or (ahead.state in ('booked', 'confirmed') and ahead.starts_at > {{ as_of() }})
            )
            {%- else %}
            and ahead.starts_at > {{ as_of() }}
            and ahead.state in ('booked', 'confirmed')
    {%- endif %}
    )
{%- endmacro %}
