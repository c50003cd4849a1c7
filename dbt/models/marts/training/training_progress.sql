with

bindings as (
    select * from {{ ref('stg_practice__therapist_requirements') }}
),

requirements as (
    select * from {{ ref('stg_practice__training_requirements') }}
),

practice as (
    select {{ today('time_zone') }} as today
    from {{ ref('stg_practice__practice_profiles') }}
),

bound as (
    select
        bindings.therapist_id,
        requirements.*,
        practice.today,
        bindings.first_cycle_starts_on,
        greatest(
            {{ months_between('bindings.first_cycle_starts_on', 'practice.today') }} / requirements.cycle_months, 0
        ) as cycle_number
    from bindings
    inner join requirements on bindings.requirement_code = requirements.requirement_code
    cross join practice
),

cycles as (
    select
        bound.*,
        (first_cycle_starts_on + cycle_number * cycle_months * interval '1 month')::date as cycle_starts_on,
        (first_cycle_starts_on + (cycle_number + 1) * cycle_months * interval '1 month')::date - 1 as cycle_ends_on
    from bound
),

summed as (
    select
        cycles.*,
        entries.logged_hours,
        entries.counting_hours,
        cycles.hours_per_cycle
        * least(
            greatest(cycles.today - cycles.cycle_starts_on + 1, 0), cycles.cycle_ends_on - cycles.cycle_starts_on + 1
        )
        / (cycles.cycle_ends_on - cycles.cycle_starts_on + 1) as expected_hours,
        lacking.topics_missing
    from cycles
    cross join
        lateral (
            select
                coalesce(sum(counted.hours) filter (where counted.status <> 'rejected'), 0) as logged_hours,
                coalesce(sum(counted.counting_hours), 0) as counting_hours
            from {{ ref('training_entries_counted') }} as counted
            where
                counted.therapist_id = cycles.therapist_id
                and counted.requirement_code = cycles.requirement_code
                and counted.cycle_starts_on = cycles.cycle_starts_on
        ) as entries
    cross join lateral (
        select string_agg(parts.subject, ';' order by parts.subject) as topics_missing
        from {{ ref('stg_practice__training_requirement_parts') }} as parts
        where
            parts.requirement_code = cycles.requirement_code
            and parts.rule = 'topic_minimum_hours'
            and parts.amount > (
                select coalesce(sum(counted.counting_hours), 0)
                from {{ ref('training_entries_counted') }} as counted
                where
                    counted.therapist_id = cycles.therapist_id
                    and counted.requirement_code = cycles.requirement_code
                    and counted.cycle_starts_on = cycles.cycle_starts_on
                    and counted.topic = parts.subject
            )
    ) as lacking
),

final as (
    select
        therapist_id,
        requirement_code,
        body,
        name as requirement_name,
        cycle_starts_on,
        cycle_ends_on,
        hours_per_cycle as required_hours,
        logged_hours::numeric(8, 2) as logged_hours,
        counting_hours::numeric(8, 2) as counting_hours,
        expected_hours::numeric(8, 2) as expected_hours,
        greatest(hours_per_cycle - counting_hours, 0)::numeric(8, 2) as remaining_hours,
        cycle_ends_on - today as days_left,
        counting_hours >= round(expected_hours, 2) as is_on_pace,
        topics_missing
    from summed
)

select * from final
