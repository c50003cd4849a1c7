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
        (none, 'counts.charged'),
        ('attended', 'counts.attended'),
        ('late_cancelled', 'counts.late_cancelled_charged'),
        ('no_show', 'counts.no_show_charged'),
    ]) }} as items (item, sessions)
),

final as (
    {{ as_figure('figure') }}
)

select * from final
