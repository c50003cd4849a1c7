select
    id as training_entry_id,
    therapist_id,
    kind,
    topic,
    hours,
    started_on,
    ended_on,
    status
from {{ source('practice', 'training_entry') }}
