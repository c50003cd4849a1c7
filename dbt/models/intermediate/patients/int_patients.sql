-- Without CTEs: only such a view does Postgres merge into the reader's query, so that a key or a limit reaches tables.
select
    patients.*,
    place.time_zone,
    {{ today('place.time_zone') }} as today,
    extract(year from age({{ today('place.time_zone') }}, patients.birth_date))::integer as age_years,
    coalesce(patients.birth_date + interval '18 years' > {{ today('place.time_zone') }}, false) as is_minor
from {{ ref('stg_practice__patients') }} as patients
left join {{ ref('stg_practice__sites') }} as sites on patients.site_id = sites.site_id
cross join lateral (
    select
        coalesce(
            sites.time_zone,
            (select practice_profiles.time_zone from {{ ref('stg_practice__practice_profiles') }} as practice_profiles),
            'UTC'
        ) as time_zone
) as place
