select
    id as consent_signature_id,
    consent_id,
    guardian_id,
    signed_at
from {{ source('practice', 'consent_signature') }}
