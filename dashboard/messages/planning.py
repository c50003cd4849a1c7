"""What is to be sent: planned by the database in one statement each, and judged anew until it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from dashboard import db

PLAN = text("""
insert into message (
    kind, step, appointment_id, patient_id, guardian_id, language, starts_at, due_at, lapses_at, state, withheld_reason
)
select kind, step, appointment_id, patient_id, guardian_id, language, starts_at, due_at, lapses_at,
    case when withheld is null then 'planned' else 'withheld' end, withheld
from (select * from messages_wanted(:now) union all select * from video_messages_wanted(:now)) as wanted
on conflict do nothing
""")
# What waits may have lost its reason or its consent since, or found them.
JUDGE = text("""
update message as m set
    state = case when j.verdict is null then 'planned' when j.verdict = 'lapsed' then 'lapsed' else 'withheld' end,
    withheld_reason = case when j.verdict = 'lapsed' then m.withheld_reason else j.verdict end
from messages_judged(:now) as j
where j.id = m.id and m.state in ('planned', 'withheld') and (
    m.state = 'planned' and j.verdict is not null
    or m.state = 'withheld' and j.verdict is distinct from m.withheld_reason
)
""")


@dataclass(frozen=True)
class Planned:
    """How many messages were added, and how many changed their state."""

    added: int
    judged: int


def plan_due(now: datetime) -> Planned:
    """Plan what is to be sent, withhold what may not be, and let lapse what came too late; again, nothing changes.

    Raises:
        DatabaseRefusal: with ``not_built`` while the figures, which define a valid consent, are being built.
    """
    with db.transaction("messenger") as session:
        judged = session.connection().execute(JUDGE, {"now": now}).rowcount
        added = session.connection().execute(PLAN, {"now": now}).rowcount
    return Planned(added, judged)
