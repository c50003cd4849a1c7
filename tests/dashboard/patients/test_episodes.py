"""Care ends on a day with a reason, and can be taken up again; every stretch of it stays known."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from dashboard import clock, db
from dashboard.access.actor import ChangedSinceError, NotFoundError, RuleBrokenError
from dashboard.patients import commands, episodes, queries
from tests.dashboard.patients.conftest import People


def test_care_ends_is_taken_up_again_and_both_episodes_stay(people: People) -> None:
    patient, today = people.open(), clock.today("Europe/Madrid")
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
    with pytest.raises(RuleBrokenError):
        episodes.discharge(people.front_desk, patient, again.version, today - timedelta(days=1), "referred")
    episodes.discharge(people.front_desk, patient, again.version, today, "referred")
    assert [each.reason for each in episodes.episodes(people.manager, patient)] == ["referred", "completed"]


def test_a_closed_file_of_an_import_has_an_end_of_care_and_can_be_taken_up_again(people: People) -> None:
    with db.administration() as session:
        statement = (
            "insert into patient (given_name, status, opened_on, died_on) values ('Eva', 'archived', :since, :died)"
        )
        since = clock.today("Europe/Madrid") - timedelta(days=9)
        died = clock.today("Europe/Madrid") - timedelta(days=2)
        session.execute(text(statement), {"since": since, "died": died})
        patient: int = session.execute(text("select id from patient")).scalar_one()
    assert [each.discharged_on for each in episodes.episodes(people.manager, patient)] == [died]
    with pytest.raises(RuleBrokenError):
        commands.change_file(people.front_desk, patient, 1, {"status": "active"})
    episodes.reopen(people.front_desk, patient, 1)
    assert [each.discharged_on for each in episodes.episodes(people.manager, patient)] == [None, died]


def test_what_does_not_fit_the_files_state_is_refused(people: People) -> None:
    patient, today = people.open(), clock.today("Europe/Madrid")
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
        episodes.discharge(people.therapist, patient, 1, clock.today("Europe/Madrid"), "completed")
    assert episodes.episodes(people.therapist, patient) == []
    episodes.discharge(people.colleague, patient, 1, clock.today("Europe/Madrid"), "dropped_out")
