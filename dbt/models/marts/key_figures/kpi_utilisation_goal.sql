-- The goal of a calendar day is the weekly goal / 7; only days worked in the practice and already gone by count.
with

counts as (
    select * from {{ ref('int_session_counts') }}
),

therapists as (
    select * from {{ ref('stg_practice__therapists') }}
    where weekly_session_goal > 0
),

practice as (
    select {{ today('time_zone') }} as today
    from {{ ref('stg_practice__practice_profiles') }}
),

first_months as (
    select
        therapist_id,
        min(month) as first_month
    from counts
    where grain = 'therapist'
    group by therapist_id
),

months as (
    select month from counts
    where grain = 'practice'
),

goals as (
    select
        months.month,
        therapists.therapist_id,
        therapists.site_id,
        therapists.weekly_session_goal / 7 * (
            least((months.month + interval '1 month')::date - 1, practice.today, therapists.ended_on)
            - greatest(months.month, therapists.started_on, first_months.first_month) + 1
        ) as goal
    from therapists
    inner join first_months on therapists.therapist_id = first_months.therapist_id
    cross join practice
    inner join months
        on months.month >= first_months.first_month
        and months.month <= practice.today
        and (therapists.ended_on is null or therapists.ended_on >= months.month)
        and (therapists.started_on is null or therapists.started_on < months.month + interval '1 month')
),

compared as (
    select
        goals.month,
        goals.therapist_id,
        goals.site_id,
        greatest(goals.goal, 0) as goal,
        coalesce(counts.charged, 0) as charged,
        coalesce(counts.unconfirmed, 0) as unconfirmed,
        coalesce(counts.patients, 0) as patients
    from goals
    left join counts
        on goals.month = counts.month
        and goals.therapist_id = counts.therapist_id
        and counts.grain = 'therapist'
),

figure as (
    select
        month,
        {{ grain() }} as grain,
        site_id,
        therapist_id,
        null as item,
        sum(charged) as numerator,
        sum(goal) as denominator,
        sum(unconfirmed) as unconfirmed,
        null::bigint as patients
    from compared
    group by {{ grains('month') }}
),

final as (
    {{ as_figure('figure', is_rate=true) }}
)

select * from final
