"""Care ends on a day with a reason, and can be taken up again; every stretch of it stays known."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dashboard import clock
from dashboard.access.actor import ChangedSinceError, NotFoundError, RuleBrokenError
from dashboard.patients import commands, episodes, queries
from tests.dashboard.patients.conftest import People


def test_care_ends_is_taken_up_again_and_both_episodes_stay(people: People) -> None:
    patient, today = people.open(), clock.today()
    [open_one] = episodes.episodes(people.front_desk, patient)
    assert (open_one.opened_on, open_one.discharged_on) == (today, None)
    episodes.discharge(people.front_desk, patient, 1, today, "completed")
    file = queries.patient_file(people.front_desk, patient)
    assert (file.status, file.discharged_on) == ("discharged", today)
    [ended] = episodes.episodes(people.manager, patient)
    assert (ended.discharged_on, ended.reason) == (today, "completed")
    episodes.archive(people.front_desk, patient, file.version)
    episodes.reopen(people.front_desk, patient, file.version + 1)
    again = queries.patient_file(people.front_desk, patient)
    assert (again.status, again.discharged_on) == ("active", None)
    assert [each.discharged_on for each in episodes.episodes(people.manager, patient)] == [None, today]
    episodes.discharge(people.front_desk, patient, again.version, today, "referred")
    assert {each.reason for each in episodes.episodes(people.manager, patient)} == {"completed", "referred"}


def test_what_does_not_fit_the_files_state_is_refused(people: People) -> None:
    patient, today = people.open(), clock.today()
    for on in (today + timedelta(days=1), today - timedelta(days=1)):
        with pytest.raises(RuleBrokenError):
            episodes.discharge(people.front_desk, patient, 1, on, "completed")
    with pytest.raises(RuleBrokenError):
        episodes.discharge(people.front_desk, patient, 1, today, "bored")
    with pytest.raises(RuleBrokenError):
        episodes.archive(people.front_desk, patient, 1)
    with pytest.raises(RuleBrokenError):
        episodes.reopen(people.front_desk, patient, 1)
    with pytest.raises(ChangedSinceError):
        episodes.discharge(people.front_desk, patient, 9, today, "completed")
    episodes.discharge(people.front_desk, patient, 1, today, "completed")
    with pytest.raises(RuleBrokenError):
        episodes.discharge(people.front_desk, patient, 2, today, "completed")
    with pytest.raises(RuleBrokenError):
        commands.change_file(people.front_desk, patient, 2, {"status": "waiting"})


def test_a_colleagues_file_is_neither_closed_nor_told_of(people: People) -> None:
    patient = people.open(actor=people.colleague)
    with pytest.raises(NotFoundError):
        episodes.discharge(people.therapist, patient, 1, clock.today(), "completed")
    assert episodes.episodes(people.therapist, patient) == []
    episodes.discharge(people.colleague, patient, 1, clock.today(), "dropped_out")
