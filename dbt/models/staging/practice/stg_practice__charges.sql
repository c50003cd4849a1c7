select
    id as charge_id,
    appointment_id,
    patient_id,
    payer_id,
    kind,
    charged_on,
    (amount_cents / 100.0)::numeric(12, 2) as amount,
    tax_rate_bp,
    reverses_id
from {{ source('practice', 'charge') }}
