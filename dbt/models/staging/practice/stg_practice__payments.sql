select
    id as payment_id,
    patient_id,
    payer_id,
    method,
    (amount_cents / 100.0)::numeric(12, 2) as amount,
    received_on,
    reverses_id
from {{ source('practice', 'payment') }}
