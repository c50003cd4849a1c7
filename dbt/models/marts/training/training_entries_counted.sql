-- Hours count in the order in which the training ended, until the cap on their kind is reached.
with

entries as (
    select * from {{ ref('stg_practice__training_entries') }}
),

bindings as (
    select * from {{ ref('stg_practice__therapist_requirements') }}
),

requirements as (
    select * from {{ ref('stg_practice__training_requirements') }}
),

parts as (
    select * from {{ ref('stg_practice__training_requirement_parts') }}
),

placed as (
    select
        entries.*,
        bindings.requirement_code,
        bindings.first_cycle_starts_on,
        requirements.cycle_months,
        requirements.hours_per_cycle,
        case
            when entries.ended_on >= bindings.first_cycle_starts_on
                then
                    {{ months_between('bindings.first_cycle_starts_on', 'entries.ended_on') }}
                    / requirements.cycle_months
        end as cycle_number
    from entries
    inner join bindings on entries.therapist_id = bindings.therapist_id
    inner join requirements on bindings.requirement_code = requirements.requirement_code
),

capped as (
    select
        placed.*,
        cap.hours as cap_hours,
        coalesce(sum(placed.hours) filter (where placed.status = 'approved') over (
            partition by placed.therapist_id, placed.requirement_code, placed.cycle_number, placed.kind
            order by placed.ended_on, placed.training_entry_id
            rows between unbounded preceding and 1 preceding
        ), 0) as hours_before
    from placed
    left join lateral (
        select
            min(
                case parts.rule
                    when 'kind_cap_hours' then parts.amount
                    else placed.hours_per_cycle * parts.amount / 100
                end
            ) as hours
        from parts
        where
            parts.requirement_code = placed.requirement_code
            and parts.rule in ('kind_cap_hours', 'kind_cap_percent')
            and parts.subject = placed.kind
    ) as cap on true
),

counted as (
    select
        capped.*,
        case
            when status <> 'approved' or cycle_number is null then 0
            else least(hours, greatest(coalesce(cap_hours, 'infinity'::numeric) - hours_before, 0))
        end as counting_hours
    from capped
),

final as (
    select
        training_entry_id,
        therapist_id,
        requirement_code,
        (first_cycle_starts_on + cycle_number * cycle_months * interval '1 month')::date as cycle_starts_on,
        (first_cycle_starts_on + (cycle_number + 1) * cycle_months * interval '1 month')::date - 1 as cycle_ends_on,
        hours,
        counting_hours::numeric(8, 2) as counting_hours,
        case
            when status = 'rejected' then 'rejected'
            when cycle_number is null then 'outside_cycle'
            when status = 'logged' then 'not_approved'
            when counting_hours < hours then 'over_cap'
            else 'counts'
        end as reason,
        kind,
        topic,
        ended_on,
        status
    from counted
)

select * from final
