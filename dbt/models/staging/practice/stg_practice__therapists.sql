select
    id as therapist_id,
    site_id,
    weekly_session_goal,
    started_on,
    ended_on,
    is_active
from {{ source('practice', 'therapist') }}
