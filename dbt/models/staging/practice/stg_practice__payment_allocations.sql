select
    id as payment_allocation_id,
    payment_id,
    invoice_id,
    (amount_cents / 100.0)::numeric(12, 2) as amount,
    allocated_on
from {{ source('practice', 'payment_allocation') }}
