"""Who changed a file is told to those who may see it, without what they wrote."""

from __future__ import annotations

from dashboard import clock
from dashboard.access.actor import transaction
from dashboard.patients import commands, history
from dashboard.patients.models import Patient
from tests.dashboard.patients.conftest import People


def test_the_latest_change_names_the_person_and_the_fields(people: People) -> None:
    patient = people.open(actor=people.colleague)
    assert history.last_change(people.front_desk, patient) is None
    commands.change_file(people.manager, patient, 1, {"profession": "Carpenter"})
    commands.change_file(people.colleague, patient, 2, {"gender": "woman"})
    last = history.last_change(people.front_desk, patient)
    assert last is not None
    assert (last.person, set(last.fields)) == (people.colleague.display_name, {"gender", "version"})
    assert abs((clock.now() - last.at).total_seconds()) < 60
    assert [change.person for change in history.changes(people.manager, patient)] == [
        people.colleague.display_name,
        people.manager.display_name,
    ]


def test_of_a_file_that_one_may_not_see_nothing_is_told(people: People) -> None:
    patient = people.open(actor=people.colleague)
    commands.change_file(people.manager, patient, 1, {"profession": "Carpenter"})
    assert history.changes(people.therapist, patient) == []
    assert len(history.changes(people.colleague, patient)) == 1


def test_a_change_by_no_person_signed_in_names_nobody(people: People) -> None:
    from dashboard.access.actor import Administrator

    patient = people.open()
    with transaction(Administrator()) as session:
        session.get_one(Patient, patient).profession = "Sailor"
    last = history.last_change(people.front_desk, patient)
    assert last is not None
    assert last.person is None
