with

counts as (
    select * from {{ ref('int_session_counts') }}
),

-- The months before the first reminder would say nothing but that there was none.
figure as (
    select
        counts.month,
        counts.grain,
        counts.site_id,
        counts.therapist_id,
        items.item,
        items.no_show as numerator,
        items.scheduled as denominator,
        case when items.item is null then counts.unconfirmed end as unconfirmed,
        counts.patients
    from counts
    cross join lateral {{ items([
        (none, 'counts.reminded_no_show, counts.reminded'),
        ('reminded', 'counts.reminded_no_show, counts.reminded'),
        ('not_reminded', 'counts.no_show - counts.reminded_no_show, counts.scheduled - counts.reminded'),
    ]) }} as items (item, no_show, scheduled)
    where counts.reminded > 0
),

final as (
    {{ as_figure('figure', is_rate=true) }}
)

select * from final
