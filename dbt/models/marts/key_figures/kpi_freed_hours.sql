with

freed as (
    select
        month,
        {{ grain() }} as grain,
        site_id,
        therapist_id,
        sum(hours) as hours,
        coalesce(sum(hours) filter (where is_filled_by_list), 0) as by_list,
        coalesce(sum(hours) filter (where is_filled and not is_filled_by_list), 0) as otherwise
    from {{ ref('cancelled_hours') }}
    group by {{ grains('month') }}
),

figure as (
    select
        freed.month,
        freed.grain,
        freed.site_id,
        freed.therapist_id,
        items.item,
        items.counted as numerator,
        items.compared as denominator,
        null::numeric as unconfirmed,
        null::bigint as patients
    from freed
    cross join lateral {{ items([
        (none, 'freed.hours, null::numeric'),
        ('by_list', 'freed.by_list, null::numeric'),
        ('otherwise', 'freed.otherwise, null::numeric'),
        ('empty', 'freed.hours - freed.by_list - freed.otherwise, null::numeric'),
    ]) }} as items (item, counted, compared)
),

final as (
    {{ as_figure('figure') }}
)

select * from final
