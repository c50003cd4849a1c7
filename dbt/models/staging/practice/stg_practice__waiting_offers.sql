select
    id as waiting_offer_id,
    freed_hour_id,
    appointment_id,
    turn,
    state,
    offered_at
from {{ source('practice', 'waiting_offer') }}
