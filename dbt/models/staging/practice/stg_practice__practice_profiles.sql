select
    id as practice_profile_id,
    name,
    country,
    currency,
    time_zone
from {{ source('practice', 'practice_profile') }}
