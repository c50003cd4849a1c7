"""Online sessions have links: random, one at a time, made wherever a session is booked from, and renewed when asked."""

from __future__ import annotations

import re

import psycopg
import pytest
from sqlalchemy.exc import IntegrityError

from dashboard.access.actor import Actor, NotAllowedError, NotFoundError, RuleBrokenError
from dashboard.video import commands, queries
from tests.dashboard.billing.conftest import rows
from tests.dashboard.messages.conftest import House, run
from tests.dashboard.video.conftest import BASE, link_of, links

ROOM = re.compile(rf"{re.escape(BASE)}/[0-9a-f]{{40}}")


def test_each_online_session_ahead_has_a_random_room_of_its_own(calls: House) -> None:
    first, second = (calls.old(hours, mode="online") for hours in (30, 60))
    assert ROOM.fullmatch(link_of(first) or "")
    assert ROOM.fullmatch(link_of(second) or "")
    assert link_of(first) != link_of(second)
    others = (calls.old(90), calls.old(-30, mode="online"), calls.old(120, mode="online", state="cancelled"))
    assert [link_of(other) for other in others] == [None] * 3


def test_without_a_choice_there_is_no_link_and_a_choice_gives_them_to_all_that_wait(house: House) -> None:
    waiting = [house.old(hours, mode="online") for hours in (30, 60, 90)]
    assert [link_of(each) for each in waiting] == [None] * 3
    with pytest.raises(RuleBrokenError, match="Nobody chose"):
        commands.renew_link(house.week.front_desk, waiting[0])
    assert commands.hold_calls(house.week.manager, None, "jitsi", f"{BASE}/") == 3
    found = [link_of(each) or "" for each in waiting]
    assert all(ROOM.fullmatch(each) for each in found)
    assert len(set(found)) == 3
    assert commands.hold_calls(house.week.manager, None, "jitsi", "https://other.example") == 0
    assert [link_of(each) for each in waiting] == found
    assert commands.hold_calls(house.week.manager, None, "jitsi", "https://other.example", is_renewed=True) == 3
    assert all((link_of(each) or "").startswith("https://other.example/") for each in waiting)


def test_a_therapist_may_hold_calls_elsewhere(calls: House) -> None:
    manager, own, colleague = calls.week.manager, calls.week.therapist, calls.week.colleague
    commands.hold_calls(manager, own.therapist_id, "template", "https://calls.example/join?room={room}&lang=es")
    commands.hold_calls(manager, colleague.therapist_id, "personal", "https://rooms.example/luis")
    session, others = calls.old(30, mode="online"), calls.old(60, mode="online", therapist=colleague)
    assert re.fullmatch(r"https://calls\.example/join\?room=[0-9a-f]{40}&lang=es", link_of(session) or "")
    assert link_of(others) == "https://rooms.example/luis"
    with pytest.raises(RuleBrokenError, match="same room"):
        commands.renew_link(colleague, others)
    assert [one.address for one in queries.providers(own)] == [BASE, "https://calls.example/join?room={room}&lang=es"]
    assert len(queries.providers(calls.week.front_desk)) == 3
    commands.hold_no_calls(manager, colleague.therapist_id)
    commands.renew_link(colleague, others)
    assert ROOM.fullmatch(link_of(others) or "")


def test_another_link_is_made_when_asked_and_the_old_one_ends(calls: House) -> None:
    session = calls.old(30, mode="online")
    before = link_of(session)
    for number, actor in enumerate((calls.week.therapist, calls.week.front_desk, calls.week.manager), start=2):
        commands.renew_link(actor, session)
        assert link_of(session) not in {None, before}
        assert len(links(session)) == number
        assert links(session)[-1].made_by_id == actor.user_id
    shown = queries.session_ahead(calls.week.therapist, session)
    assert shown.link == link_of(session)


def test_nobody_renews_what_is_not_theirs_or_over(calls: House) -> None:
    session, past, in_person = calls.old(30, mode="online"), calls.old(-30, mode="online"), calls.old(60)
    for number in (session, 999):
        with pytest.raises(NotFoundError):
            commands.renew_link(calls.week.colleague, number)
    with pytest.raises(NotAllowedError):
        commands.renew_link(calls.week.auditor, session)
    for number in (past, in_person):
        with pytest.raises(RuleBrokenError, match="still to come"):
            commands.renew_link(calls.week.therapist, number)
    assert len(links(session)) == 1


def test_the_link_follows_the_session(calls: House) -> None:
    session = calls.old(30, mode="online")
    first = link_of(session)
    run("update appointment set starts_at = starts_at + interval '1 day', ends_at = ends_at + interval '1 day'")
    assert link_of(session) == first
    run("update appointment set mode = 'in_person'")
    assert link_of(session) is None
    run("update appointment set mode = 'online'")
    second = link_of(session)
    assert second not in {None, first}
    run("update appointment set therapist_id = :id", id=calls.week.colleague.therapist_id)
    assert link_of(session) not in {None, second}


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("jitsi", "http://meet.example"),
        ("jitsi", "https://meet.example/?room="),
        ("jitsi", "https://meet.example/{room}"),
        ("jitsi", "javascript:alert(1)"),
        ("jitsi", "https://meet.example/a b"),
        ("jitsi", 'https://meet.example/"onclick='),
        ("jitsi", "https://"),
        ("template", "https://meet.example/room"),
        ("template", "https://meet.example/{room}/{patient}"),
        ("telepathy", "https://meet.example"),
    ],
)
def test_no_call_is_held_at_an_address_that_is_none(house: House, kind: str, address: str) -> None:
    with pytest.raises(RuleBrokenError):
        commands.hold_calls(house.week.manager, None, kind, address)
    with pytest.raises(IntegrityError) as refused:
        run("insert into video_provider (kind, address) values (:kind, :address)", kind=kind, address=address)
    assert isinstance(refused.value.orig, psycopg.errors.CheckViolation)


def test_a_room_of_ones_own_is_not_everybodys_and_only_the_manager_chooses(house: House) -> None:
    with pytest.raises(RuleBrokenError, match="one therapist"):
        commands.hold_calls(house.week.manager, None, "personal", "https://rooms.example/ana")
    refused: tuple[Actor, ...] = (house.week.front_desk, house.week.therapist, house.week.auditor)
    for actor in refused:
        with pytest.raises(NotAllowedError):
            commands.hold_calls(actor, None, "jitsi", BASE)
    assert rows("select from video_provider") == []
