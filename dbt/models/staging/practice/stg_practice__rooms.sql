select
    id as room_id,
    site_id,
    name,
    is_in_service
from {{ source('practice', 'room') }}
