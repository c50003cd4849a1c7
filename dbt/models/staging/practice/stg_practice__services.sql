select
    id as service_id,
    kind
from {{ source('practice', 'service') }}
