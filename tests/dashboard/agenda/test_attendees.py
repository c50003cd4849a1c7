"""Who comes to an appointment is changed by the office, within what was booked."""

from __future__ import annotations

from datetime import time

import pytest

from dashboard.access.actor import ChangedSinceError, NotAllowedError, RuleBrokenError
from dashboard.agenda import commands
from dashboard.agenda.attendees import change_attendees, obstacles
from dashboard.agenda.free_hours import NotFreeError
from tests.dashboard.agenda.conftest import Week, now_of
from tests.dashboard.agenda.test_booking import next_monday, working
from tests.dashboard.billing.conftest import rows
from tests.dashboard.messages.conftest import run

COMING = "select patient_id, position, state, therapist_id from appointment_patient order by position"
LEFT = "select count(*) from audit_log where table_name = 'appointment_patient' and operation = 'delete'"


def test_somebody_joins_and_somebody_leaves(week: Week) -> None:
    made = week.book(0, starts_at=next_monday())
    run("update service set most_patients = 2")
    change_attendees(week.front_desk, made, [week.patient, week.partner, week.partner], version=1)
    therapist = week.therapist.therapist_id
    assert rows(COMING) == [(week.patient, 1, "booked", therapist), (week.partner, 2, "booked", therapist)]
    change_attendees(week.manager, made, [week.partner], version=2)
    assert rows(COMING) == [(week.partner, 2, "booked", therapist)]
    assert rows(LEFT) == [(1,)]


def test_who_has_another_appointment_does_not_join(week: Week) -> None:
    made = week.book(0, starts_at=next_monday())
    run("update service set most_patients = 2")
    week.book(0, week.partner, starts_at=next_monday(), therapist=week.colleague)
    with pytest.raises(NotFreeError) as refused:
        change_attendees(week.front_desk, made, [week.patient, week.partner], version=1, overriding=["patient_busy"])
    assert [(each.kind, each.subject_id) for each in refused.value.obstacles] == [("patient_busy", week.partner)]
    assert [each.kind for each in obstacles(week.front_desk, made, [week.partner])] == ["patient_busy"]
    assert sorted(row[0] for row in rows(COMING)) == sorted([week.patient, week.partner])  # one each
    assert now_of(made).version == 1


def test_more_than_meant_come_when_somebody_says_so_and_no_rule_of_the_hour_is_asked_again(week: Week) -> None:
    working(week)
    made = week.book(0, starts_at=next_monday(time(21)), overridden=["outside_hours"])
    both = [week.patient, week.partner]
    with pytest.raises(NotFreeError) as refused:
        change_attendees(week.front_desk, made, both, version=1)
    assert [(each.kind, each.may_override) for each in refused.value.obstacles] == [("too_many", True)]
    change_attendees(week.front_desk, made, both, version=1, overriding=["too_many"])
    assert now_of(made).overridden == ["outside_hours", "too_many"]
    change_attendees(week.front_desk, made, [week.patient], version=2)
    assert now_of(made).overridden == ["outside_hours"]


def test_somebody_comes_and_what_is_over_stays(week: Week) -> None:
    made = week.book(0, starts_at=next_monday())
    with pytest.raises(RuleBrokenError, match="who comes"):
        change_attendees(week.front_desk, made, [], version=1)
    with pytest.raises(NotAllowedError):
        change_attendees(week.therapist, made, [week.partner], version=1)
    commands.mark_attendance(week.front_desk, made, "cancelled", version=1, cancelled_by="practice")
    with pytest.raises(ChangedSinceError):
        change_attendees(week.front_desk, made, [week.partner], version=1)
    with pytest.raises(RuleBrokenError, match="recorded already"):
        change_attendees(week.front_desk, made, [week.partner], version=2)
    assert [row[0] for row in rows(COMING)] == [week.patient]
