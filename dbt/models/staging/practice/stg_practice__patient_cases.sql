select
    id as case_id,
    kind,
    opened_on,
    closed_on
from {{ source('practice', 'patient_case') }}
