with

freed as (
    select
        month,
        {{ grain() }} as grain,
        site_id,
        therapist_id,
        coalesce(sum(amount), 0) as amount,
        coalesce(sum(amount) filter (where is_filled_by_list), 0) as by_list
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
        (none, 'freed.amount, null::numeric'),
        ('by_list', 'freed.by_list, null::numeric'),
        ('otherwise', 'freed.amount - freed.by_list, null::numeric'),
    ]) }} as items (item, counted, compared)
),

final as (
    {{ as_figure('figure') }}
)

select * from final
