{# The day from which the patient's own signature is required: at once where the text asks the patient. #}
{% macro own_signature_from(signed_by, kind, birth_date) -%}
    case
        when {{ birth_date }} is null or {{ signed_by }} = 'patient' then '-infinity'::date
        else ({{ birth_date }} + case
            when {{ signed_by }} = 'guardians' then interval '18 years'
            when {{ kind }} = 'data_protection' then interval '14 years'
            else interval '16 years'
        end)::date
    end
{%- endmacro %}

{# Whether no guardian, or not every guardian with authority, signed the consent of this row. #}
{% macro guardian_signature_missing(consent) -%}
    (
        not exists (
            select 1 from {{ ref('stg_practice__consent_signatures') }} as signatures
            where signatures.consent_id = {{ consent }}.consent_id and signatures.guardian_id is not null
        )
        or exists (
            select 1 from {{ ref('stg_practice__guardians') }} as guardians
            where guardians.patient_id = {{ consent }}.patient_id
                and guardians.has_authority
                and not exists (
                    select 1 from {{ ref('stg_practice__consent_signatures') }} as signatures
                    where signatures.consent_id = {{ consent }}.consent_id
                        and signatures.guardian_id = guardians.guardian_id
                )
        )
    )
{%- endmacro %}

{# Whether a consent of a kind holds on a day. #}
{% macro has_consent(patient_id, kind, day) -%}
    exists (
        select 1 from {{ ref('int_consent_periods') }} as periods
        where periods.patient_id = {{ patient_id }}
            and periods.kind = {{ kind }}
            and periods.valid_from <= {{ day }}
            and periods.valid_until >= {{ day }}
    )
{%- endmacro %}
