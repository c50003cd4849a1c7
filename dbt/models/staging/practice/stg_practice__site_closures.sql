select
    id as site_closure_id,
    site_id,
    closed_on
from {{ source('practice', 'site_closure') }}
