select
    id as absence_id,
    therapist_id,
    starts_at,
    ends_at
from {{ source('practice', 'absence') }}
