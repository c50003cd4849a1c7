"""The hours when a therapist cannot come, drawn behind their appointments: away, or busy by another calendar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from dashboard.access.actor import Actor
from dashboard.calendars import queries as calendars
from dashboard.team import queries as team
from dashboard.ui.agenda_calendar import wall_time
from dashboard.ui.agenda_filters import Period
from dashboard.ui.language import _

VIEWS = ("day", "week")


def shaded(actor: Actor, view: str, period: Period, therapist_id: int | None) -> Sequence[dict[str, Any]]:
    """Return background events of the therapist shown; of a whole team they would cover each other."""
    if therapist_id is None or view not in VIEWS:
        return ()
    away = team.away_between(actor, period.since, period.until, therapist_id)
    busy = calendars.busy_between(actor, period.since, period.until, therapist_id)
    return [
        *(_event(_("Away"), each.starts_at, each.ends_at) for each in away),
        *(_event(_("Busy elsewhere"), each.starts_at, each.ends_at) for each in busy),
    ]


def _event(words: str, begins: datetime, ends: datetime) -> dict[str, Any]:
    return {
        "title": words,
        "start": wall_time(begins),
        "end": wall_time(ends),
        "display": "background",
        "classNames": ["is-shaded"],
    }
