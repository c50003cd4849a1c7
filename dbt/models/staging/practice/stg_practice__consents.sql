select
    id as consent_id,
    patient_id,
    template_id,
    state,
    requested_on,
    signed_on,
    valid_until,
    ended_on
from {{ source('practice', 'consent') }}
