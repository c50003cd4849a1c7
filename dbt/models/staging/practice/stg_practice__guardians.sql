select
    id as guardian_id,
    patient_id,
    relation,
    has_authority,
    custody,
    telephone,
    email
from {{ source('practice', 'guardian') }}
