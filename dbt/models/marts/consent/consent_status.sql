with

patients as (
    select * from {{ ref('int_patients') }}
    where status in ('waiting', 'active')
),

required as (
    select
        patients.*,
        kinds.kind
    from patients
    cross join lateral (
        select unnest(array['treatment', 'data_protection']) as kind
        union all
        select 'telehealth'
        where {{ has_online_session_ahead('patients.patient_id', since='60 days') }}
    ) as kinds
),

latest as (
    select
        required.*,
        consent.consent_id,
        consent.template_id,
        coalesce(consent.signed_by, 'both') as signed_by,
        consent.state,
        consent.signed_on,
        consent.valid_until,
        coalesce(consent.is_valid, false) as is_valid
    from required
    left join lateral (
        select
            consents.consent_id,
            consents.template_id,
            templates.signed_by,
            consents.state,
            consents.signed_on,
            consents.valid_until,
            exists(
                select 1
                from {{ ref('int_consent_periods') }} as periods
                where
                    periods.consent_id = consents.consent_id
                    and required.today between periods.valid_from and periods.valid_until
            ) as is_valid
        from {{ ref('stg_practice__consents') }} as consents
        inner join {{ ref('stg_practice__consent_templates') }} as templates
            on consents.template_id = templates.template_id
        where consents.patient_id = required.patient_id and templates.kind = required.kind
        order by is_valid desc, consents.state = 'superseded', consents.requested_on desc, consents.consent_id desc
        limit 1
    ) as consent on true
),

counted as (
    select
        latest.*,
        signers.required_signers,
        signers.signed_count,
        signers.guardians_required,
        signers.missing_signers
    from latest
    cross join lateral (
        select
            count(*)::integer as required_signers,
            count(*) filter (where signer.has_signed)::integer as signed_count,
            count(*) filter (where signer.code <> 'patient')::integer as guardians_required,
            string_agg(signer.code, ';' order by signer.code) filter (where not signer.has_signed) as missing_signers
        from (
            select
                'patient' as code,
                exists(
                    select 1 from {{ ref('stg_practice__consent_signatures') }} as signatures
                    where signatures.consent_id = latest.consent_id and signatures.guardian_id is null
                ) as has_signed
            where {{ own_signature_from('latest.signed_by', 'latest.kind', 'latest.birth_date') }} <= latest.today
            union all
            select
                'guardian:' || guardians.guardian_id as code,
                exists(
                    select 1 from {{ ref('stg_practice__consent_signatures') }} as signatures
                    where
                        signatures.consent_id = latest.consent_id
                        and signatures.guardian_id = guardians.guardian_id
                )
            from {{ ref('stg_practice__guardians') }} as guardians
            where
                guardians.patient_id = latest.patient_id
                and guardians.has_authority
                and latest.is_minor
                and latest.signed_by <> 'patient'
            union all
            -- Nobody is known to hold authority: some guardian still has to sign.
            select
                'guardian' as code,
                exists(
                    select 1 from {{ ref('stg_practice__consent_signatures') }} as signatures
                    where signatures.consent_id = latest.consent_id and signatures.guardian_id is not null
                )
            where
                latest.is_minor
                and latest.signed_by <> 'patient'
                and not exists (
                    select 1 from {{ ref('stg_practice__guardians') }} as guardians
                    where guardians.patient_id = latest.patient_id and guardians.has_authority
                )
        ) as signer
    ) as signers
),

final as (
    select
        patient_id,
        kind,
        site_id,
        therapist_id,
        is_minor,
        case
            when is_valid then 'valid'
            when consent_id is null or state = 'superseded' then 'missing'
            when state in ('declined', 'withdrawn', 'expired') then state
            when signed_on is not null and valid_until < today then 'expired'
            when signed_count = 0 then case when state = 'viewed' then 'viewed' else 'requested' end
            when guardians_required > 1 and missing_signers like '%guardian%' then 'conflict'
            else 'partly_signed'
        end as status,
        consent_id,
        template_id,
        signed_on,
        valid_until,
        required_signers,
        signed_count,
        missing_signers,
        {{ next_session_at('counted.patient_id') }} as next_session_at,
        is_valid
    from counted
)

select * from final
