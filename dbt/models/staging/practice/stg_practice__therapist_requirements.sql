select
    therapist_id,
    requirement_code,
    first_cycle_starts_on
from {{ source('practice', 'therapist_requirement') }}
