select
    id as finding_id,
    patient_id,
    rule_code,
    since,
    closed_at
from {{ source('practice', 'finding') }}
