-- The hours of work of each day up to today, since the first appointment; stored, for two figures and a list ask it.
with

sites as (
    select
        site_id,
        time_zone,
        {{ as_of() }} at time zone time_zone as local_now
    from {{ ref('stg_practice__sites') }}
),

beginnings as (
    select min(month) as first_month from {{ ref('int_session_counts') }}
),

days as (
    select
        sites.site_id,
        sites.time_zone,
        sites.local_now,
        listed.day::date as day
    from sites
    cross join beginnings
    cross join lateral generate_series(beginnings.first_month, sites.local_now::date, interval '1 day') as listed (day)
    where not exists (
        select 1
        from {{ ref('stg_practice__site_closures') }} as closures
        where closures.site_id = sites.site_id and closures.closed_on = listed.day::date
    )
),

work as (
    select
        hours.therapist_id,
        hours.site_id,
        days.day,
        days.time_zone,
        range_agg(
            tsrange(days.day + hours.starts_at, least(days.day + hours.ends_at, days.local_now))
        ) as during
    from {{ ref('stg_practice__working_hours') }} as hours
    inner join {{ ref('stg_practice__therapists') }} as therapists on hours.therapist_id = therapists.therapist_id
    inner join days
        on hours.site_id = days.site_id
        and hours.weekday = extract(isodow from days.day) - 1
        and days.day between hours.valid_from and coalesce(hours.valid_until, 'infinity')
        and days.day between coalesce(therapists.started_on, '-infinity') and coalesce(therapists.ended_on, 'infinity')
        and days.day + hours.starts_at < days.local_now
    group by hours.therapist_id, hours.site_id, days.day, days.time_zone
),

left_over as (
    select
        work.therapist_id,
        work.site_id,
        work.day,
        work.during - coalesce((
            select
                range_agg(
                    tsrange(
                        absences.starts_at at time zone work.time_zone, absences.ends_at at time zone work.time_zone
                    )
                )
            from {{ ref('stg_practice__absences') }} as absences
            where
                absences.therapist_id = work.therapist_id
                and absences.starts_at < (work.day + 1) at time zone work.time_zone
                and absences.ends_at > work.day at time zone work.time_zone
        ), '{}') as during
    from work
),

final as (
    select
        therapist_id,
        site_id,
        date_trunc('month', day)::date as month,
        day as worked_on,
        (
            select sum(extract(epoch from upper(parts.part) - lower(parts.part)) / 3600)
            from unnest(during) as parts (part)
        )::numeric(6, 2) as hours,
        lower(during) as begins,
        upper(during) as finishes
    from left_over
    where not isempty(during)
)

select * from final
