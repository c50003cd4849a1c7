with

rooms as (
    select
        month,
        site_id,
        case when grouping(site_id) = 0 then 'site' else 'practice' end as grain,
        sum(hours) as hours,
        sum(open_hours) as open_hours
    from {{ ref('int_room_hours') }}
    group by grouping sets ((month), (month, site_id))
),

figure as (
    select
        month,
        grain,
        site_id,
        null::bigint as therapist_id,
        null as item,
        hours as numerator,
        open_hours as denominator,
        null::numeric as unconfirmed,
        null::bigint as patients
    from rooms
),

final as (
    {{ as_figure('figure', is_rate=true) }}
)

select * from final
