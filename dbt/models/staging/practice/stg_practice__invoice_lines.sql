select
    id as invoice_line_id,
    invoice_id,
    charge_id,
    (amount_cents / 100.0)::numeric(12, 2) as amount,
    (tax_cents / 100.0)::numeric(12, 2) as tax_amount,
    amount_cents < 0 as is_credit
from {{ source('practice', 'invoice_line') }}
