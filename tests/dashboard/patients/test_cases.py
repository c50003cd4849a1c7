"""Couples and families: files are treated together, taken out again, and shown to those alone who may see them."""

from __future__ import annotations

import pytest

from dashboard.access.actor import NotAllowedError, NotFoundError, RuleBrokenError
from dashboard.patients import cases, queries
from tests.dashboard.billing.conftest import rows


def number(people, patient: int) -> int:
    return queries.patient_file(people.manager, patient).number


def together(people, patient: int) -> list[int]:
    return sorted(cases.treated_together_with(people.front_desk, patient)["patient_id"])


def test_a_family_grows_and_ends_when_one_is_left(people) -> None:
    first, second, third = (people.open() for _ in range(3))
    cases.join(people.front_desk, first, number(people, second), "family")
    cases.join(people.front_desk, third, number(people, first), "family")
    assert together(people, first) == [second, third]
    [case] = set(cases.treated_together_with(people.front_desk, first)["case_id"])
    cases.leave(people.front_desk, second, case)
    assert (together(people, first), together(people, second)) == ([third], [])
    cases.leave(people.manager, third, case)
    assert together(people, first) == []
    assert rows("select closed_on is not null from patient_case") == [(True,)]
    with pytest.raises(NotFoundError):
        cases.leave(people.manager, third, case)


def test_what_is_no_case_is_refused_and_nothing_is_written(people) -> None:
    first, second, third = (people.open() for _ in range(3))
    cases.join(people.front_desk, first, number(people, second), "couple")
    for patient, other, kind in (
        (first, number(people, first), "family"),
        (first, number(people, second), "couple"),
        (first, number(people, third), "couple"),
        (first, number(people, third), "band"),
    ):
        with pytest.raises(RuleBrokenError):
            cases.join(people.front_desk, patient, other, kind)
    with pytest.raises(NotFoundError):
        cases.join(people.front_desk, first, 987_654, "family")
    with pytest.raises(NotAllowedError):
        cases.join(people.therapist, first, number(people, third), "family")
    assert rows("select count(*) from case_member") == [(2,)]


def test_a_therapist_is_told_of_their_own_files_only(people) -> None:
    mine, theirs = people.open(actor=people.therapist), people.open(actor=people.colleague)
    cases.join(people.front_desk, mine, number(people, theirs), "couple")
    assert cases.treated_together_with(people.therapist, mine).empty
    assert len(cases.treated_together_with(people.manager, mine)) == 1
