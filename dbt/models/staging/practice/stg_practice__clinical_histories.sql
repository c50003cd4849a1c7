select
    patient_id,
    opened_on
from {{ source('practice', 'clinical_history') }}
