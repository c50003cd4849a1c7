/*
    The one definition of a valid consent. A signed consent holds from its last required signature until it runs out, is
    withdrawn or replaced. Who must sign depends on age, so a missing signature moves the ends: without every guardian
    who holds authority it cannot hold before the patient is 18, and without the patient's own it ends at the age of
    deciding (16 for treatment, 14 for data, 18 where the text asks guardians only).
    Without CTEs: only such a view does Postgres merge into the reader's query, so that a key reaches the tables.
*/
select
    signed.consent_id,
    signed.patient_id,
    signed.kind,
    signed.signed_on,
    case
        when signed.guardians_sign and {{ guardian_signature_missing('signed') }}
            then greatest(signed.signed_on, signed.adult_on)
        else signed.signed_on
    end as valid_from,
    case
        when exists (
            select 1 from {{ ref('stg_practice__consent_signatures') }} as own
            where own.consent_id = signed.consent_id and own.guardian_id is null
        ) then signed.last_on
        else least(signed.last_on, signed.own_signature_from - 1)
    end as valid_until
from (
    select
        consents.consent_id,
        consents.patient_id,
        templates.kind,
        consents.signed_on,
        least(consents.valid_until, consents.ended_on - 1, 'infinity'::date) as last_on,
        (patients.birth_date + interval '18 years')::date as adult_on,
        {{ own_signature_from('templates.signed_by', 'templates.kind', 'patients.birth_date') }} as own_signature_from,
        templates.signed_by in ('guardians', 'both')
        and patients.birth_date + interval '18 years' > consents.signed_on as guardians_sign
    from {{ ref('stg_practice__consents') }} as consents
    inner join {{ ref('stg_practice__consent_templates') }} as templates on consents.template_id = templates.template_id
    inner join {{ ref('stg_practice__patients') }} as patients on consents.patient_id = patients.patient_id
    where consents.signed_on is not null and not (consents.state = 'expired' and consents.valid_until is null)
) as signed
