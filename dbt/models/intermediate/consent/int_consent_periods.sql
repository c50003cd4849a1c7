/*
    The one definition of a valid consent. A signed consent holds from its last required signature until it runs out, is
    withdrawn or replaced. Who must sign depends on age, so a missing signature moves the ends: without every guardian with
    authority it cannot hold before the patient is 18, and without the patient's own it ends at the age of deciding (16 for
    treatment, 14 for data, 18 where the text asks guardians only).
*/
with

consents as (
    select * from {{ ref('stg_practice__consents') }}
),

templates as (
    select * from {{ ref('stg_practice__consent_templates') }}
),

patients as (
    select * from {{ ref('stg_practice__patients') }}
),

signed as (
    select
        consents.consent_id,
        consents.patient_id,
        templates.kind,
        consents.signed_on,
        least(consents.valid_until, consents.ended_on - 1, 'infinity'::date) as last_on,
        (patients.birth_date + interval '18 years')::date as adult_on,
        {{ own_signature_from('templates.signed_by', 'templates.kind', 'patients.birth_date') }} as own_signature_from,
        templates.signed_by in ('guardians', 'both')
        and patients.birth_date + interval '18 years' > consents.signed_on as guardians_sign,
        exists (
            select 1 from {{ ref('stg_practice__consent_signatures') }} as signatures
            where signatures.consent_id = consents.consent_id and signatures.guardian_id is null
        ) as has_own_signature
    from consents
    inner join templates on consents.template_id = templates.template_id
    inner join patients on consents.patient_id = patients.patient_id
    where consents.signed_on is not null and not (consents.state = 'expired' and consents.valid_until is null)
),

final as (
    select
        consent_id,
        patient_id,
        kind,
        signed_on,
        case when guardians_sign and {{ guardian_signature_missing('signed') }} then greatest(signed_on, adult_on)
            else signed_on
        end as valid_from,
        case when has_own_signature then last_on else least(last_on, own_signature_from - 1) end as valid_until
    from signed
)

select * from final
