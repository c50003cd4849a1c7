select
    id as service_id,
    name,
    kind,
    minutes
from {{ source('practice', 'service') }}
