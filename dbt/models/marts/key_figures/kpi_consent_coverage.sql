with

statuses as (
    select consent_status.*
    from {{ ref('consent_status') }} as consent_status
    inner join {{ ref('stg_practice__patients') }} as patients on consent_status.patient_id = patients.patient_id
    where patients.status = 'active'
),

by_patient as (
    select
        patient_id,
        site_id,
        therapist_id,
        null as kind,
        bool_and(is_valid) as is_valid
    from statuses
    group by patient_id, site_id, therapist_id
    union all
    select
        patient_id,
        site_id,
        therapist_id,
        kind,
        is_valid
    from statuses
),

figure as (
    select
        {{ current_month() }} as month,
        {{ grain() }} as grain,
        site_id,
        therapist_id,
        kind as item,
        count(*) filter (where is_valid) as numerator,
        count(*) as denominator,
        null::numeric as unconfirmed,
        count(*) as patients
    from by_patient
    group by {{ grains('kind') }}
),

final as (
    {{ as_figure('figure', is_rate=true, names_people=true) }}
)

select * from final
