select
    id as message_id,
    appointment_id,
    kind,
    state
from {{ source('practice', 'message') }}
