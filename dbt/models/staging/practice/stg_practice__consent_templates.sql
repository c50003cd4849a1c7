select
    id as template_id,
    kind,
    language,
    version,
    signed_by
from {{ source('practice', 'consent_template') }}
