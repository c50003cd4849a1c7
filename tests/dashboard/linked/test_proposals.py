"""What is changed in the calendar elsewhere is proposed, not obeyed; the agenda's rules decide what is accepted."""

from __future__ import annotations

import pytest

from dashboard.access.actor import ChangedSinceError, NotAllowedError, NotFoundError, RuleBrokenError
from dashboard.agenda.free_hours import NotFreeError
from dashboard.linked import commands, queries
from tests.calendars import calendar, event
from tests.dashboard.agenda.conftest import now_of
from tests.dashboard.billing.conftest import rows
from tests.dashboard.calendars.conftest import hour, stamp
from tests.dashboard.linked.conftest import Link, starts
from tests.dashboard.messages.conftest import run

RULES_ASIDE = ("outside_hours", "closed", "busy_elsewhere", "too_close")
STATES = "select state from linked_proposal order by id"


@pytest.fixture
def out(link: Link) -> int:
    """Return a session that stands in the calendar."""
    number = link.book(24)
    link.exchange()
    return number


def test_a_session_moved_there_is_proposed_and_nothing_is_changed_here_or_there(link: Link, out: int) -> None:
    link.move(3)
    there = link.events()
    for _turn in range(2):
        link.exchange()
    [found] = link.proposals()
    assert (found.kind, found.appointment_id, found.starts_at) == ("move", out, hour(27))
    assert (found.present_from, found.patients, found.calendar) == (hour(24), "Eva Vega", "Práctica")
    assert not found.is_changed_here
    assert starts(out) == hour(24)
    assert link.events() == there
    assert rows(STATES) == [("open",)]


def test_accepted_the_session_moves_here_and_what_was_written_to_it_there_stays(link: Link, out: int) -> None:
    link.move(3, "LOCATION:Bring the keys")
    link.exchange()
    [found] = link.proposals()
    commands.accept(link.week.therapist, found.id, version=found.version, overriding=RULES_ASIDE)
    assert starts(out) == hour(27)
    there = link.events()
    for _turn in range(2):
        link.exchange()
    assert link.events() == there
    assert "Bring the keys" in link.only()[1]
    assert rows(STATES) == [("agreed",)]
    with pytest.raises(NotFoundError):
        commands.reject(link.week.therapist, found.id)


def test_rejected_the_session_stands_there_again_as_it_is_here_and_a_further_move_is_another_proposal(
    link: Link, out: int
) -> None:
    link.move(3)
    link.exchange()
    commands.reject(link.week.therapist, link.proposals()[0].id)
    link.exchange()
    assert f"DTSTART:{stamp(hour(24))}" in link.only()[1]
    assert (rows(STATES), starts(out)) == ([("returned",)], hour(24))
    link.move(3)
    link.exchange()
    assert [each.starts_at for each in link.proposals()] == [hour(27)]


def test_the_agenda_refuses_what_it_would_refuse_on_its_own_screen(link: Link, out: int) -> None:
    link.week.book(0, link.week.partner, starts_at=hour(27))
    link.move(3)
    link.exchange()
    [found] = link.proposals()
    with pytest.raises(NotFreeError) as refused:
        commands.accept(link.week.therapist, found.id, version=found.version, overriding=RULES_ASIDE)
    assert "therapist_busy" in {each.kind for each in refused.value.obstacles}
    assert (starts(out), rows(STATES)) == (hour(24), [("open",)])
    with pytest.raises(ChangedSinceError):
        commands.accept(link.week.therapist, found.id, version=found.version - 1, overriding=RULES_ASIDE)


def test_a_session_deleted_there_is_proposed_to_be_cancelled_and_cancelled_when_accepted(link: Link, out: int) -> None:
    name, _text = link.only()
    link.server.ask("DELETE", f"work/{name}")
    for _turn in range(2):
        link.exchange()
    [found] = link.proposals()
    assert (found.kind, now_of(out).state, link.events()) == ("cancel", "booked", {})
    commands.accept(link.week.therapist, found.id, version=found.version)
    assert (now_of(out).state, now_of(out).cancelled_by) == ("cancelled", "therapist")
    link.exchange()
    assert (link.events(), link.kept()) == ({}, [])


def test_a_deletion_rejected_is_written_again_and_a_second_one_is_proposed_again(link: Link, out: int) -> None:
    name, _text = link.only()
    for _turn in range(2):
        link.server.ask("DELETE", f"work/{name}")
        link.exchange()
        commands.reject(link.week.therapist, *(each.id for each in link.proposals()))
        link.exchange()
        assert list(link.events()) == [name]
    assert (rows(STATES), now_of(out).state) == ([("returned",), ("returned",)], "booked")


def test_moved_there_and_here_it_is_a_conflict_and_neither_overwrites_the_other(link: Link, out: int) -> None:
    link.move(3)
    run("update appointment set starts_at = starts_at + interval '1 hour', ends_at = ends_at + interval '1 hour'")
    there = link.events()
    for _turn in range(2):
        link.exchange()
    [found] = link.proposals()
    assert (found.starts_at, found.present_from, found.is_changed_here) == (hour(27), hour(25), True)
    assert link.events() == there
    run("update appointment set starts_at = starts_at + interval '2 hours', ends_at = ends_at + interval '2 hours'")
    link.exchange()  # both agree now
    assert (link.proposals(), rows(STATES), link.events()) == ([], [("lapsed",)], there)


def test_moved_back_there_the_proposal_lapses_and_cancelled_here_the_event_goes(link: Link, out: int) -> None:
    link.move(3)
    link.exchange()
    link.move(-3)
    link.exchange()
    assert (link.proposals(), rows(STATES)) == ([], [("lapsed",)])
    link.move(3)
    link.exchange()
    run("update appointment set state = 'cancelled', cancelled_at = now(), cancelled_by = 'patient'")
    link.exchange()
    assert (link.proposals(), link.events()) == ([], {})


def test_words_and_alarms_written_there_are_left_alone(link: Link, out: int) -> None:
    link.move(0, "LOCATION:Bring the keys")
    there = link.events()
    for _turn in range(2):
        link.exchange()
    assert (link.events(), link.proposals()) == (there, [])


@pytest.mark.parametrize(
    "lines",
    [
        ("RRULE:FREQ=DAILY",),
        ("STATUS:TENTATIVE", "TRANSP:TRANSPARENT"),
        ("DTSTART;VALUE=DATE:20300101",),
    ],
)
def test_an_event_that_is_no_longer_one_session_can_only_be_put_back(
    link: Link, out: int, lines: tuple[str, ...]
) -> None:
    name, _text = link.only()
    begins = () if lines[0].startswith("DTSTART") else (f"DTSTART:{stamp(hour(24))}", f"DTEND:{stamp(hour(25))}")
    changed = calendar(event(*begins, *lines, uid=name.replace(".ics", "@intersession")))
    link.server.put_bytes(f"work/{name}", changed)
    link.exchange()
    [found] = link.proposals()
    assert found.kind == "unclear"
    with pytest.raises(RuleBrokenError):
        commands.accept(link.week.therapist, found.id, version=found.version)
    commands.reject(link.week.therapist, found.id)
    link.exchange()
    assert f"DTSTART:{stamp(hour(24))}" in link.only()[1]
    assert starts(out) == hour(24)


def test_nobody_else_sees_or_decides_a_proposal(link: Link, out: int) -> None:
    link.move(3)
    link.exchange()
    [found] = link.proposals()
    assert queries.proposals(link.week.colleague) == []
    with pytest.raises(NotFoundError):
        commands.accept(link.week.colleague, found.id, version=found.version)
    with pytest.raises(NotFoundError):
        commands.reject(link.week.colleague, found.id)
    with pytest.raises(NotAllowedError):
        queries.proposals(link.week.manager)
