select
    code as requirement_code,
    body,
    name,
    cycle_months,
    hours_per_cycle
from {{ source('practice', 'training_requirement') }}
