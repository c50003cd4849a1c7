-- A room is open from the first to the last work of anybody at its site on that day.
with

days as (
    select
        site_id,
        month,
        worked_on,
        extract(epoch from max(finishes) - min(begins)) / 3600 as hours
    from {{ ref('int_working_days') }}
    group by site_id, month, worked_on
),

months as (
    select
        site_id,
        month,
        sum(hours) as hours
    from days
    group by site_id, month
),

taken as (
    select
        room_id,
        month,
        sum(hours) as hours
    from {{ ref('appointments_scheduled') }}
    where is_hour_taken and room_id is not null
    group by room_id, month
),

final as (
    select
        rooms.room_id,
        rooms.site_id,
        months.month,
        months.hours::numeric(10, 2) as open_hours,
        coalesce(taken.hours, 0)::numeric(10, 2) as hours
    from {{ ref('stg_practice__rooms') }} as rooms
    inner join months on rooms.site_id = months.site_id
    left join taken on rooms.room_id = taken.room_id and months.month = taken.month
    where rooms.is_in_service or taken.hours is not null
)

select * from final
