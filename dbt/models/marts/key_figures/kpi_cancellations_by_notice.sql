with

counts as (
    select * from {{ ref('int_session_counts') }}
),

figure as (
    select
        counts.month,
        counts.grain,
        counts.site_id,
        counts.therapist_id,
        items.item,
        items.sessions as numerator,
        null::numeric as denominator,
        case when items.item is null then counts.unconfirmed end as unconfirmed,
        counts.patients
    from counts
    cross join lateral {{ items([
        (none, 'counts.told'),
        ('within_day', 'counts.told_within_day'),
        ('within_two_days', 'counts.told_within_two_days'),
        ('within_week', 'counts.told_within_week'),
        ('earlier', 'counts.told_earlier'),
    ]) }} as items (item, sessions)
),

final as (
    {{ as_figure('figure') }}
)

select * from final
