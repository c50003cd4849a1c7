select
    id as appointment_id,
    therapist_id,
    site_id,
    room_id,
    service_id,
    mode,
    starts_at,
    ends_at,
    state,
    booked_at,
    cancelled_at,
    cancelled_by,
    moved_to_id,
    (fee_cents / 100.0)::numeric(12, 2) as fee_amount,
    is_fee_charged,
    is_imported
from {{ source('practice', 'appointment') }}
