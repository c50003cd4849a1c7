select
    id as working_hours_id,
    therapist_id,
    site_id,
    weekday,
    starts_at,
    ends_at,
    valid_from,
    valid_until
from {{ source('practice', 'working_hours') }}
