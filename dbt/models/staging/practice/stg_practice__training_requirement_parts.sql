select
    id as requirement_part_id,
    requirement_code,
    rule,
    subject,
    amount
from {{ source('practice', 'training_requirement_part') }}
