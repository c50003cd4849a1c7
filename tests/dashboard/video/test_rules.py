"""What a session needs before it begins, for adults and for minors."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from dashboard.video import rules
from dashboard.video.rules import Consent, Participant, Session

STARTS = datetime(2026, 3, 30, 22, 30, tzinfo=UTC)  # half past midnight of the 31st in Madrid
ADULT = Participant(
    1, 1001, "Eva Vega", date(1980, 1, 1), is_in_care=True, address="Calle Mayor 1, Madrid", telephone="600 100 200",
    emergency_telephone="600 300 400", consent=Consent("valid", is_valid=True, valid_until=None), message="sent",
)  # fmt: skip
CHILD = replace(ADULT, birth_date=date(2015, 1, 1), guardian_telephone="600 500 600", ticked=("guardian",))


def session(*participants: Participant, link: str | None = "https://meet.example/1") -> Session:
    ends = STARTS + timedelta(hours=1)
    return Session(1, STARTS, ends, 1, "Ana Ruiz", 1, "Europe/Madrid", "Session", link, False, participants)


def lacks(who: Participant, link: str | None = "https://meet.example/1") -> tuple[str, ...]:
    return rules.missing(session(who, link=link))


def test_who_has_everything_is_ready_and_an_adult_needs_no_guardian() -> None:
    assert lacks(ADULT) == lacks(CHILD) == ()
    assert "guardian" not in rules.readiness(session(ADULT), ADULT)
    assert "guardian" not in rules.checklist(session(ADULT), ADULT)
    assert "guardian" in rules.checklist(session(CHILD), CHILD)


@pytest.mark.parametrize(
    ("lost", "need"),
    [
        ({"consent": None}, "consent"),
        ({"consent": Consent("requested", is_valid=False, valid_until=None)}, "consent"),
        ({"address": None}, "place"),
        ({"emergency_telephone": None}, "emergency"),
        ({"telephone": None}, "fallback"),
        ({"message": "planned"}, "sent"),
        ({"message": "failed"}, "sent"),
        ({"message": None}, "sent"),
    ],
)
def test_each_thing_that_is_not_known_is_missing(lost: dict[str, object], need: str) -> None:
    assert lacks(replace(ADULT, **lost)) == (need,)  # type: ignore[arg-type]


def test_what_was_told_for_the_session_takes_the_place_of_the_file() -> None:
    elsewhere = replace(ADULT, address=None, telephone=None, told_place="With my sister", told_telephone="600 700 800")
    assert lacks(elsewhere) == ()


def test_consent_has_to_hold_on_the_day_of_the_session_where_it_is_held() -> None:
    for ends_on, missing in ((date(2026, 3, 31), ()), (date(2026, 3, 30), ("consent",))):
        assert lacks(replace(ADULT, consent=Consent("valid", is_valid=True, valid_until=ends_on))) == missing


def test_a_minor_needs_an_adult_there_and_is_reached_through_a_guardian() -> None:
    assert lacks(replace(CHILD, ticked=())) == ("guardian",)
    assert lacks(replace(CHILD, guardian_telephone=None)) == ("fallback",)
    assert lacks(replace(CHILD, emergency_telephone=None)) == ()


def test_who_comes_of_age_on_the_day_is_no_minor() -> None:
    assert "guardian" not in rules.readiness(session(), replace(CHILD, birth_date=date(2008, 3, 31)))
    assert "guardian" in rules.readiness(session(), replace(CHILD, birth_date=date(2008, 4, 1)))


def test_without_a_link_nothing_was_sent_and_a_link_that_was_given_counts() -> None:
    assert lacks(replace(ADULT, ticked=("link_given",)), link=None) == ("link", "sent")
    assert lacks(replace(ADULT, message="withheld", ticked=("link_given",))) == ()
    assert lacks(replace(ADULT, message="told")) == ()


def test_what_a_therapist_may_not_see_is_unknown_and_not_missing() -> None:
    not_theirs = replace(CHILD, is_in_care=False, consent=None, guardian_telephone=None)
    states = rules.readiness(session(not_theirs), not_theirs)
    assert states["consent"] == states["fallback"] == "unknown"
    assert rules.is_ready(session(not_theirs))


def test_a_session_of_two_lacks_what_either_lacks() -> None:
    whole = session(replace(ADULT, address=None), replace(CHILD, consent=None))
    assert rules.missing(whole) == ("consent", "place")
