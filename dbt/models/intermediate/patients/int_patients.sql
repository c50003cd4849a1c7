with

patients as (
    select * from {{ ref('stg_practice__patients') }}
),

sites as (
    select * from {{ ref('stg_practice__sites') }}
),

located as (
    select
        patients.*,
        coalesce(
            sites.time_zone,
            (select practice_profiles.time_zone from {{ ref('stg_practice__practice_profiles') }} as practice_profiles),
            'UTC'
        ) as time_zone
    from patients
    left join sites on patients.site_id = sites.site_id
),

final as (
    select
        located.*,
        {{ today('time_zone') }} as today,
        extract(year from age({{ today('time_zone') }}, birth_date))::integer as age_years,
        coalesce(birth_date + interval '18 years' > {{ today('time_zone') }}, false) as is_minor
    from located
)

select * from final
