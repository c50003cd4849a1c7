select
    id as check_result_id,
    rule_code,
    site_id,
    therapist_id,
    applicable,
    failed
from {{ source('practice', 'check_result') }}
