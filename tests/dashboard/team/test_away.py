"""When a therapist is away, and which days are closed, as the agenda asks for what it shows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dashboard import clock
from dashboard.access.actor import NotAllowedError
from dashboard.team import closures
from dashboard.team.models import Absence
from dashboard.team.queries import away_between
from tests.dashboard.agenda.conftest import AN_HOUR, Week
from tests.dashboard.agenda.conftest import week as week  # noqa: PLC0414 - a fixture
from tests.dashboard.billing.conftest import add


def test_absences_that_touch_the_time_shown_are_told_without_their_reason(week: Week) -> None:
    noon = clock.now().replace(microsecond=0)
    own, other = week.therapist.therapist_id, week.colleague.therapist_id
    for whose, begins in ((own, 0), (own, 5), (other, 0)):
        starts = noon + begins * AN_HOUR
        add(Absence, therapist_id=whose, kind="illness", starts_at=starts, ends_at=starts + 2 * AN_HOUR)
    assert own is not None
    for actor in (week.manager, week.front_desk, week.colleague):
        [away] = away_between(actor, noon + AN_HOUR, noon + 5 * AN_HOUR, own)
        assert (away.starts_at, away.ends_at) == (noon, noon + 2 * AN_HOUR)
        assert "illness" not in repr(away)
    assert away_between(week.manager, noon + 2 * AN_HOUR, noon + 5 * AN_HOUR, own) == []
    with pytest.raises(NotAllowedError):
        away_between(week.auditor, noon, noon + AN_HOUR, own)


def test_closed_days_are_those_from_the_first_to_before_the_end(week: Week) -> None:
    first = clock.today("Europe/Madrid")
    for days in range(3):
        closures.close_day(week.manager, week.site, first + timedelta(days=days), f"Feast {days}")
    shown = closures.closures(week.front_desk, first + timedelta(days=1), first + timedelta(days=2))
    assert shown["name"].tolist() == ["Feast 1"]
    assert shown["site_id"].tolist() == [week.site]
