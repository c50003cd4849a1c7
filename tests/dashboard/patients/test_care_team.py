"""Who is let into a file: for as long as it says, and in an emergency only with a reason that others read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from dashboard import clock, db
from dashboard.access.actor import ChangedSinceError, NotAllowedError, NotFoundError, RuleBrokenError
from dashboard.patients import care_team, queries, search
from dashboard.patients.care_team import EMERGENCY
from tests.dashboard.patients.conftest import People

REASON = "She called in a crisis and Luis is away."


SEEN = (
    "insert into site (id, name) values (1, 'Centre')",
    "insert into service (id, name, kind, minutes, price_cents) values (1, 'Session', 'individual', 50, 6000)",
    """insert into appointment (id, therapist_id, site_id, service_id, starts_at, ends_at, state)
    values (1, :me, 1, 1, '2026-01-05 10:00+00', '2026-01-05 11:00+00', 'attended')""",
    "insert into appointment_patient (appointment_id, patient_id) values (1, :patient)",
)


def has_file(people: People, patient: int) -> bool:
    """Return whether the first therapist can open a file and finds it in their list."""
    listed = search.pages_matching(people.therapist).total
    try:
        queries.patient_file(people.therapist, patient)
    except NotFoundError:
        assert listed == 0
        return False
    assert listed == 1
    return True


def therapist_id(people: People) -> int:
    """Return the first therapist's number in the team."""
    assert people.therapist.therapist_id is not None
    return people.therapist.therapist_id


def test_a_substitute_has_the_file_from_the_first_day_to_the_last(people: People) -> None:
    patient, today = people.open(actor=people.colleague), clock.today("Europe/Madrid")
    assert not has_file(people, patient)
    tomorrow, week = today + timedelta(days=1), today + timedelta(days=7)
    early = care_team.add(people.manager, patient, therapist_id(people), "substitute", tomorrow, week)
    assert not has_file(people, patient)
    care_team.end(people.manager, early)
    care_team.add(people.manager, patient, therapist_id(people), "substitute", today, tomorrow)
    assert has_file(people, patient)
    with db.administration() as session:
        session.execute(text("update care_team set valid_from = current_date - 7, valid_until = current_date"))
    assert not has_file(people, patient)


def test_who_only_sees_a_patient_in_the_agenda_does_not_have_the_file(people: People) -> None:
    patient = people.open(actor=people.colleague)
    with db.administration() as session:
        for statement in SEEN:
            session.execute(text(statement), {"patient": patient, "me": therapist_id(people)})
    assert not has_file(people, patient)


def test_a_membership_ends_at_once_and_stays_in_the_list(people: People) -> None:
    patient = people.open(actor=people.colleague)
    member = care_team.add(
        people.manager, patient, therapist_id(people), "supervisor", clock.today("Europe/Madrid"), None
    )
    assert has_file(people, patient)
    care_team.end(people.manager, member)
    assert not has_file(people, patient)
    [shown] = care_team.members(people.front_desk, patient)
    assert (shown.id, shown.name, shown.added_by) == (member, "Ana Ruiz", "manager")
    assert shown.is_over(clock.today("Europe/Madrid"))
    with pytest.raises(NotFoundError):
        care_team.end(people.manager, member)


def test_what_makes_no_sense_is_refused(people: People) -> None:
    patient, today, me = people.open(actor=people.therapist), clock.today("Europe/Madrid"), therapist_id(people)
    colleague = people.colleague.therapist_id
    assert colleague is not None
    with pytest.raises(RuleBrokenError):
        care_team.add(people.manager, patient, me, "co_therapist", today, None)
    with pytest.raises(RuleBrokenError):
        care_team.add(people.manager, patient, colleague, "substitute", today, None)
    with pytest.raises(RuleBrokenError):
        care_team.add(people.manager, patient, colleague, "co_therapist", today, today)
    care_team.add(people.manager, patient, colleague, "co_therapist", today, None)
    with pytest.raises(RuleBrokenError):
        care_team.add(people.manager, patient, colleague, "supervisor", today, None)
    with pytest.raises(RuleBrokenError):
        care_team.add(people.manager, patient, colleague, EMERGENCY, today, None)  # type: ignore[arg-type]
    with pytest.raises(NotFoundError):
        care_team.add(people.manager, patient + 99, colleague, "supervisor", today, None)


@pytest.mark.parametrize("who", ["front_desk", "therapist", "auditor"])
def test_only_the_manager_decides(people: People, who: str) -> None:
    patient = people.open(actor=people.therapist)
    with pytest.raises(NotAllowedError):
        care_team.add(
            getattr(people, who), patient, therapist_id(people), "supervisor", clock.today("Europe/Madrid"), None
        )
    with pytest.raises(NotAllowedError):
        care_team.hand_over(getattr(people, who), patient, 1, therapist_id(people), None)
    with pytest.raises(NotAllowedError):
        care_team.emergencies(getattr(people, who))


@pytest.mark.parametrize("keeps", [True, False])
def test_a_file_is_handed_over_and_the_old_therapist_keeps_it_for_a_while(people: People, keeps: bool) -> None:
    patient = people.open(actor=people.therapist)
    until = clock.today("Europe/Madrid") + timedelta(days=30) if keeps else None
    colleague = people.colleague.therapist_id
    assert colleague is not None
    with pytest.raises(ChangedSinceError):
        care_team.hand_over(people.manager, patient, 99, colleague, until)
    with pytest.raises(RuleBrokenError):
        care_team.hand_over(people.manager, patient, 1, therapist_id(people), until)
    care_team.hand_over(people.manager, patient, 1, colleague, until)
    assert queries.patient_file(people.colleague, patient).main_therapist_id == colleague
    assert has_file(people, patient) is keeps
    with pytest.raises(NotFoundError):
        care_team.hand_over(people.manager, patient + 99, 1, colleague, until)


def test_in_an_emergency_a_therapist_gets_in_with_a_reason_that_the_manager_reads(people: People) -> None:
    patient = people.open(actor=people.colleague)
    number = queries.patient_file(people.manager, patient).number
    for reason in ("", "because", " " * 50):
        with pytest.raises(RuleBrokenError):
            care_team.open_in_emergency(people.therapist, number, reason, 1)
    assert not has_file(people, patient)
    assert care_team.open_in_emergency(people.therapist, number, REASON, 99) == patient
    assert has_file(people, patient)
    [row] = care_team.emergencies(people.manager).to_dict("records")
    assert (row["patient_id"], row["therapist_name"], row["reason"]) == (patient, "Ana Ruiz", REASON)
    assert row["until"] == clock.today("Europe/Madrid") + timedelta(days=3)
    assert care_team.emergencies_number(people.manager) == 1
    [member] = care_team.members(people.colleague, patient)
    assert (member.kind, member.reason) == (EMERGENCY, REASON)


def test_an_emergency_is_for_files_that_exist_and_are_not_open_already(people: People) -> None:
    patient = people.open(actor=people.therapist)
    number = queries.patient_file(people.manager, patient).number
    assert care_team.open_in_emergency(people.therapist, number, REASON, 1) == patient
    assert care_team.emergencies(people.manager).empty
    with pytest.raises(NotFoundError):
        care_team.open_in_emergency(people.therapist, number + 99, REASON, 1)
    with pytest.raises(NotAllowedError):
        care_team.open_in_emergency(people.front_desk, number, REASON, 1)
