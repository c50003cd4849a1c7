select
    id as site_id,
    name,
    country,
    time_zone,
    is_active
from {{ source('practice', 'site') }}
