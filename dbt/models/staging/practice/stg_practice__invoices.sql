select
    id as invoice_id,
    series,
    number,
    patient_id,
    payer_id,
    issued_on,
    due_on,
    (total_cents / 100.0)::numeric(12, 2) as total_amount,
    corrects_id
from {{ source('practice', 'invoice') }}
