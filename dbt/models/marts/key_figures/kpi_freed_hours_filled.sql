with

freed as (
    select
        month,
        {{ grain() }} as grain,
        site_id,
        therapist_id,
        sum(hours) as hours,
        coalesce(sum(hours) filter (where is_filled), 0) as filled,
        coalesce(sum(hours) filter (where is_filled_by_list), 0) as by_list
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
        (none, 'freed.filled, freed.hours'),
        ('by_list', 'freed.by_list, freed.hours'),
        ('otherwise', 'freed.filled - freed.by_list, freed.hours'),
    ]) }} as items (item, counted, compared)
),

final as (
    {{ as_figure('figure', is_rate=true) }}
)

select * from final
