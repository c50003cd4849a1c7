select
    charge_id,
    (amount_cents / 100.0)::numeric(12, 2) as amount,
    written_off_on
from {{ source('practice', 'charge_write_off') }}
