with

progress as (
    select * from {{ ref('training_progress') }}
),

therapists as (
    select * from {{ ref('stg_practice__therapists') }}
    where is_active
),

by_therapist as (
    select
        therapists.therapist_id,
        therapists.site_id,
        null as requirement_code,
        bool_and(progress.is_on_pace) as is_on_pace
    from progress
    inner join therapists on progress.therapist_id = therapists.therapist_id
    group by therapists.therapist_id, therapists.site_id
    union all
    select
        therapists.therapist_id,
        therapists.site_id,
        progress.requirement_code,
        progress.is_on_pace
    from progress
    inner join therapists on progress.therapist_id = therapists.therapist_id
),

figure as (
    select
        {{ current_month() }} as month,
        {{ grain() }} as grain,
        site_id,
        therapist_id,
        requirement_code as item,
        count(*) filter (where is_on_pace) as numerator,
        count(*) as denominator,
        null::numeric as unconfirmed,
        null::bigint as patients
    from by_therapist
    group by {{ grains('requirement_code') }}
),

final as (
    {{ as_figure('figure', is_rate=true) }}
)

select * from final
