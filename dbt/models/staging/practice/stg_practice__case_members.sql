select
    case_id,
    patient_id
from {{ source('practice', 'case_member') }}
