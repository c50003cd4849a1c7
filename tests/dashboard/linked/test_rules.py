"""What is to be done about a session, for every pair of what stands here and there; no database, no server."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dashboard.linked.rules import (
    GONE,
    Proposed,
    Step,
    Theirs,
    Wanted,
    Written,
    is_changed,
    name_of,
    says_now,
    step,
    uid_of,
)

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
AN_HOUR = timedelta(hours=1)
TEN, NOON = ((NOW + hours * AN_HOUR, NOW + (hours + 1) * AN_HOUR) for hours in (1, 3))
HERE = Wanted(1, *TEN, "Session", "CONFIRMED", 1, NOW)
THERE = Written(1, 1, TEN, "a", HERE.says)
MOVED = replace(HERE, starts_at=NOON[0], ends_at=NOON[1])


def about(state: str, tag: str = "b") -> Written:
    """Return a session that was moved to noon there, and what was decided."""
    return replace(THERE, proposed=Proposed(state, tag, NOON if tag else None))


@pytest.mark.parametrize(
    ("written", "wanted", "outside", "wise"),
    [
        (THERE, HERE, "a", Step.LEAVE),
        (THERE, MOVED, "a", Step.WRITE),
        (replace(THERE, tag=None, says=None), HERE, None, Step.WRITE),  # noted, and never written
        (replace(THERE, tag=None, says=None), HERE, "a", Step.LOOK),  # written, and never noted
        (THERE, HERE, "b", Step.LOOK),
        (THERE, MOVED, "b", Step.LOOK),  # changed here and there: never overwritten unseen
        (about("open"), HERE, "b", Step.LEAVE),
        (about("open"), HERE, "c", Step.LOOK),
        (about("open"), MOVED, "b", Step.LOOK),  # moved here to where it is there
        (about("open"), HERE, "a", Step.LOOK),  # moved back there
        (about("rejected"), HERE, "b", Step.WRITE),
        (about("rejected"), HERE, "c", Step.LOOK),
        (about("accepted"), MOVED, "b", Step.LOOK),
        (about("accepted"), HERE, "b", Step.WRITE),  # accepted, and moved once more here since
        (about("returned"), HERE, "b", Step.LOOK),
        (THERE, HERE, None, Step.PROPOSE),
        (about("open", GONE), HERE, None, Step.LEAVE),
        (about("rejected", GONE), HERE, None, Step.WRITE),
        (about("accepted", GONE), HERE, None, Step.WRITE),  # accepted, and restored here since
        (about("returned", GONE), HERE, None, Step.PROPOSE),
        (THERE, HERE, GONE, Step.LEAVE),  # a server without tags
        (THERE, None, "a", Step.REMOVE),
        (THERE, None, "b", Step.REMOVE),
        (THERE, None, None, Step.FORGET),
    ],
)
def test_each_state_here_and_there_has_one_step(
    written: Written, wanted: Wanted | None, outside: str | None, wise: Step
) -> None:
    assert step(written, wanted, outside, NOW) is wise


def test_a_session_that_has_begun_stays_there_whatever_became_of_it() -> None:
    assert step(THERE, None, "a", TEN[0]) is Step.LEAVE


def test_of_two_changes_only_another_time_is_one() -> None:
    for theirs, wanted, changed in ((TEN, HERE, False), (TEN, MOVED, False), (NOON, MOVED, False), (NOON, HERE, True)):
        assert is_changed(THERE, wanted, Theirs("times", theirs)) is changed
    assert is_changed(THERE, HERE, Theirs("cancelled"))
    assert says_now(THERE, MOVED, Theirs("times", NOON)) == MOVED.says
    assert says_now(THERE, MOVED, Theirs("times", TEN)) == HERE.says


def test_a_session_has_one_name_for_ever_in_each_therapists_calendars() -> None:
    assert uid_of(b"1" * 32, 7) == uid_of(b"1" * 32, 7)
    assert len({uid_of(b"1" * 32, 7), uid_of(b"1" * 32, 8), uid_of(b"2" * 32, 7)}) == 3
    assert name_of(uid_of(b"1" * 32, 7)).removesuffix(".ics").isalnum()
