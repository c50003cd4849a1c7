-- Months in which sessions were attended and none lacked a consent are told as zero.
with

counts as (
    select * from {{ ref('int_session_counts') }}
    where attended > 0
),

sessions as (
    select * from {{ ref('sessions_without_consent') }}
),

-- A session that lacks two kinds counts once in the total.
listed as (
    select distinct
        month,
        site_id,
        therapist_id,
        appointment_id,
        patient_id,
        null as kind
    from sessions
    union all
    select
        month,
        site_id,
        therapist_id,
        appointment_id,
        patient_id,
        kind
    from sessions
),

lacking as (
    select
        month,
        {{ grain() }} as grain,
        site_id,
        therapist_id,
        kind,
        count(*) as sessions,
        count(distinct patient_id) as patients
    from listed
    group by {{ grains('month, kind') }}
),

figure as (
    select
        counts.month,
        counts.grain,
        counts.site_id,
        counts.therapist_id,
        lacking.kind as item,
        coalesce(lacking.sessions, 0) as numerator,
        null::numeric as denominator,
        case when lacking.kind is null then counts.unconfirmed end as unconfirmed,
        coalesce(lacking.patients, 0) as patients
    from counts
    left join lacking
        on counts.month = lacking.month
        and counts.grain = lacking.grain
        and counts.site_id is not distinct from lacking.site_id
        and counts.therapist_id is not distinct from lacking.therapist_id
),

final as (
    {{ as_figure('figure', names_people=true) }}
)

select * from final
