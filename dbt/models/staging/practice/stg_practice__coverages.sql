select
    id as coverage_id,
    patient_id,
    payer_id,
    policy_number,
    valid_from,
    valid_until
from {{ source('practice', 'coverage') }}
