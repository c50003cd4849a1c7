-- Without CTEs: only such a view does Postgres merge into the reader's query, so that a key or a limit reaches tables.
-- Each derived column is a look-up by patient of its own: a reader pays only for the columns asked for.
select
    patients.patient_id,
    patients.number,
    patients.status,
    patients.site_id,
    patients.therapist_id,
    patients.opened_on,
    patients.today - patients.opened_on as days_since_opened,
    patients.age_years,
    patients.is_minor,
    patients.given_name,
    patients.surname_1,
    patients.surname_2,
    patients.birth_date,
    patients.sex,
    patients.profession,
    patients.marital_status,
    patients.address_line,
    patients.postal_code,
    patients.city,
    patients.country,
    patients.telephone,
    patients.email,
    patients.id_kind,
    patients.id_value,
    patients.emergency_name,
    patients.emergency_telephone,
    patients.referral_source,
    patients.pays,
    {{ count_of('stg_practice__guardians') }} as guardian_count,
    {{ count_of('stg_practice__guardians', 'rows.has_authority') }} as guardians_with_authority_count,
    {{ count_of('stg_practice__guardians', 'rows.has_authority is null') }} as guardians_authority_unknown_count,
    {{ count_of('stg_practice__guardians', 'rows.telephone is null and rows.email is null') }}
        as guardians_without_contact_count,
    {{ exists_in('stg_practice__guardians', "rows.custody <> 'unknown'") }} as custody_is_known,
    {{ count_of('stg_practice__coverages', covers_today()) }} as valid_coverage_count,
    {{ count_of('stg_practice__coverages', covers_today() ~ " and coalesce(btrim(rows.policy_number), '') = ''") }}
        as coverage_without_policy_count,
    {{ count_of('stg_practice__attendees', "rows.state = 'attended'") }} as delivered_session_count,
    (
        select (min(attended.starts_at) at time zone patients.time_zone)::date
        from {{ ref('stg_practice__attendees') }} as attended
        where attended.patient_id = patients.patient_id and attended.state = 'attended'
    ) as first_session_on,
    {{ next_session_at('patients.patient_id') }} as next_session_at,
    {{ has_online_session_ahead('patients.patient_id') }} as has_online_session_ahead,
    (
        select histories.opened_on
        from {{ ref('stg_practice__clinical_histories') }} as histories
        where histories.patient_id = patients.patient_id
    ) as history_opened_on,
    {{ has_consent('patients.patient_id', "'treatment'", 'patients.today') }} as has_treatment_consent,
    (
        select max(periods.signed_on)
        from {{ ref('int_consent_periods') }} as periods
        where
            periods.patient_id = patients.patient_id
            and periods.kind = 'treatment'
            and patients.today between periods.valid_from and periods.valid_until
    ) as treatment_consent_signed_on,
    {{ has_consent('patients.patient_id', "'data_protection'", 'patients.today') }}
        as has_data_protection_information,
    {{ has_consent('patients.patient_id', "'telehealth'", 'patients.today') }} as has_telehealth_consent,
    {{ has_consent('patients.patient_id', "'contact'", 'patients.today') }} as has_contact_consent,
    {{ identity_is_well_formed('patients.id_kind', 'patients.identity_key') }} as identity_is_well_formed,
    (
        select count(*)
        from {{ ref('stg_practice__patients') }} as others
        where
            others.identity_key = patients.identity_key
            and others.patient_id <> patients.patient_id
            and others.status not in ('archived', 'merged')
    ) as duplicate_identity_count,
    (
        select count(*)
        from {{ ref('stg_practice__case_members') }} as members
        inner join {{ ref('stg_practice__patient_cases') }} as cases on members.case_id = cases.case_id
        where
            members.patient_id = patients.patient_id
            and (cases.closed_on is null or cases.closed_on > patients.today)
    ) as active_case_count
from {{ ref('int_patients') }} as patients
where patients.status in ('waiting', 'active')
