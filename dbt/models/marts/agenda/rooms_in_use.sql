select
    rooms.room_id,
    room_hours.site_id,
    rooms.name as room,
    room_hours.month,
    room_hours.open_hours,
    room_hours.hours,
    (100 * room_hours.hours / nullif(room_hours.open_hours, 0))::numeric(6, 1) as percent_in_use
from {{ ref('int_room_hours') }} as room_hours
inner join {{ ref('stg_practice__rooms') }} as rooms on room_hours.room_id = rooms.room_id
