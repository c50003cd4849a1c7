select
    appointment_id,
    patient_id,
    position,
    state,
    starts_at
from {{ source('practice', 'appointment_patient') }}
