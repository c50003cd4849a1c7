"""An address of a calendar: what it shows, to whom it answers nothing, and what stays secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, timedelta

import pytest
import vobject
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from dashboard import db
from dashboard.access.actor import NotAllowedError, NotFoundError, RuleBrokenError
from dashboard.agenda.booking import Target, move
from dashboard.agenda.commands import confirm_appointment, mark_attendance
from dashboard.calendars import commands, fetching, queries
from dashboard.server import SafeHeaders
from dashboard.web import calendars as web
from dashboard.web.guard import Guard
from tests.dashboard.agenda.conftest import Week, now_of
from tests.dashboard.billing.conftest import owner, rows
from tests.dashboard.calendars.conftest import hour

TABLES = "select tablename from pg_tables where schemaname = current_schema()"
NAMES = ("Eva", "Vega", "Tom", "Soto", "Individual", "Ana", "Ruiz", "Norte", "http", "URL")


@pytest.fixture
def client(week: Week, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """Return a client without a cookie, of the routes behind the door."""
    monkeypatch.setattr(web, "pace", web.Pace())
    app = Starlette(routes=[web.ROUTE], middleware=[Middleware(SafeHeaders), Middleware(Guard)])
    with TestClient(app, follow_redirects=False) as opened:
        yield opened


def events(answer) -> dict[str, str]:
    """Return when the events of a calendar begin, and what they say, by what another program reads."""
    read = vobject.readOne(answer.content.decode())
    found = getattr(read, "vevent_list", [])
    return {
        f"{event.dtstart.value.astimezone(UTC):%d %H:%M}": (
            f"{event.summary.value} {event.status.value} {event.sequence.value}"
        )
        for event in found
    }


def place(token: str) -> str:
    return f"/calendar/{token}.ics"


def at(in_hours: float) -> str:
    return f"{hour(in_hours):%d %H:%M}"


def test_it_shows_when_and_nothing_of_whom(week: Week, client: TestClient) -> None:
    week.book(0, starts_at=hour(24))
    week.book(0, starts_at=hour(-48), state="attended")
    week.book(0, week.patient, week.partner, starts_at=hour(26), state="held", held_until=hour(3))
    week.book(0, starts_at=hour(28), state="held", held_until=hour(-1))  # nobody confirmed it in time
    week.book(0, starts_at=hour(30), therapist=week.colleague)
    week.book(0, starts_at=hour(-24 * 40), state="attended")
    week.book(0, starts_at=hour(24 * 370))
    answer = client.get(place(commands.create_feed(week.therapist)))
    assert answer.status_code == 200
    assert events(answer) == {
        at(-48): "Session CONFIRMED 1",
        at(24): "Session CONFIRMED 1",
        at(26): "Session TENTATIVE 1",
    }
    assert not [name for name in NAMES if name in answer.text]


def test_it_shows_initials_where_its_owner_wants_them_and_the_owner_s_language(week: Week, client: TestClient) -> None:
    week.book(0, week.patient, week.partner, starts_at=hour(24))
    initials = client.get(place(commands.create_feed(week.therapist, shows="initials", language="es")))
    nothing = client.get(place(commands.create_feed(week.therapist, language="es")))
    assert events(initials) == {at(24): "EV, TS CONFIRMED 1"}
    assert events(nothing) == {at(24): "Sesión CONFIRMED 1"}
    assert not [name for name in NAMES if name in initials.text + nothing.text]


def test_a_change_has_a_higher_sequence_and_what_was_cancelled_stays(week: Week, client: TestClient) -> None:
    moved, gone = week.book(0, starts_at=hour(24)), week.book(0, starts_at=hour(48))
    address = place(commands.create_feed(week.therapist))
    before = client.get(address)
    where = Target(hour(25), hour(26))
    obstacles = ("outside_hours", "too_close", "closed", "absent", "too_many")
    move(week.therapist, moved, where, version=now_of(moved).version, overriding=obstacles)
    asked = {"version": now_of(gone).version, "cancelled_by": "therapist", "reason": "illness"}
    mark_attendance(week.therapist, gone, "cancelled", **asked)
    after = client.get(address)
    assert events(after) == {
        at(25): f"Session CONFIRMED {now_of(moved).version}",
        at(48): f"Session CANCELLED {now_of(gone).version}",
    }
    assert now_of(moved).version > 1
    uids = [sorted(re.findall("UID:(.*)\r", each.text)) for each in (before, after)]
    assert uids[0] == uids[1]
    assert all(re.fullmatch(r"[0-9a-f]{32}@intersession", uid) for uid in uids[0])


def test_the_calendar_of_a_room_names_the_room_and_nobody(week: Week, client: TestClient) -> None:
    week.book(0, starts_at=hour(24), room_id=week.room)
    week.book(0, starts_at=hour(26), therapist=week.colleague, room_id=week.room)
    week.book(0, starts_at=hour(28))
    answer = client.get(place(commands.create_feed(week.manager, room_id=week.room, language="en")))
    assert events(answer) == {at(24): "Session CONFIRMED 1", at(26): "Session CONFIRMED 1"}
    assert "Sala 1" in answer.text
    assert not [name for name in NAMES if name in answer.text]
    with pytest.raises(RuleBrokenError):
        commands.create_feed(week.manager, shows="initials", room_id=week.room)


def test_its_headers_keep_it_private_and_an_unchanged_calendar_is_not_sent_again(
    week: Week, client: TestClient
) -> None:
    booked = week.book(0, starts_at=hour(24))
    address = place(commands.create_feed(week.therapist))
    answer = client.get(address)
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "set-cookie" not in answer.headers
    tag = answer.headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}'):
        again = client.get(address, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    head = client.head(address)
    assert (head.status_code, head.headers["etag"]) == (200, tag)
    assert client.get(address, headers={"If-None-Match": '"other"'}).content == answer.content
    confirm_appointment(week.therapist, booked, version=now_of(booked).version)
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 200


def test_unknown_revoked_and_malformed_addresses_answer_alike(week: Week, client: TestClient) -> None:
    live, revoked = commands.create_feed(week.therapist), commands.create_feed(week.therapist)
    commands.revoke_feed(week.therapist, max(feed.id for feed in queries.feeds(week.therapist)))
    other = live[:-1] + ("A" if live[-1] != "A" else "B")
    stored = rows("select encode(token_sha256, 'hex') from calendar_feed limit 1")[0][0]
    places = [place(token) for token in (revoked, other, live[:-1], live + "A", stored, "x" * 43, "", "..", "é" * 43)]
    places += [f"/calendar/{live}", f"/calendar/{live}.ics/", f"/calendar/{live}.ICS", f"/calendar/a/{live}.ics"]
    answers = [client.get(each) for each in [*places, "/calendar/", "/calendar/today"]]
    assert {(answer.status_code, answer.text) for answer in answers} == {(404, "Not Found")}
    assert len({str(sorted(answer.headers.items())) for answer in answers}) == 1
    assert client.get(place(live)).status_code == 200
    for method in ("POST", "PUT", "DELETE", "PROPFIND"):
        assert client.request(method, place(live)).status_code == 405
    assert client.get("/calendar").status_code == 303  # which is no address, and asks to sign in
    with pytest.raises(WebSocketDisconnect), client.websocket_connect(place(live)):
        pass


def test_it_ends_with_the_account_of_who_made_it(week: Week, client: TestClient) -> None:
    own = place(commands.create_feed(week.therapist))
    rooms = place(commands.create_feed(week.manager, room_id=week.room))
    assert [client.get(each).status_code for each in (own, rooms)] == [200, 200]
    with owner() as connection:
        connection.exec_driver_sql("update app_user set is_active = false where role in ('therapist', 'manager')")
    assert [client.get(each).status_code for each in (own, rooms)] == [404, 404]


def holding(token: str) -> set[str]:
    """Return the tables in whose rows a token stands as it is."""
    every = [table for (table,) in rows(TABLES)]
    return {table for table in every if token in str(rows(f"select t::text from {table} as t"))}


def test_of_a_token_only_its_hash_is_kept(week: Week, client: TestClient) -> None:
    token = commands.create_feed(week.therapist)
    client.get(place(token))
    assert holding(token) == set()
    with owner() as connection:  # without hashing it would be found
        connection.execute(text("alter table calendar_feed add column token text"))
        connection.execute(text("update calendar_feed set token = :token"), {"token": token})
    assert holding(token) == {"calendar_feed"}


def test_a_fetch_is_on_record_once_an_hour(week: Week, client: TestClient) -> None:
    address = place(commands.create_feed(week.therapist))
    noted = "select count(*) from audit_log where table_name = 'calendar_feed' and changed = '{last_fetched_at}'"
    for _ in range(3):
        client.get(address)
    assert rows(noted) == [(1,)]
    with owner() as connection:
        connection.exec_driver_sql("update calendar_feed set last_fetched_at = now() - interval '61 minutes'")
    client.get(address)
    assert rows(noted) == [(3,)]  # with the test's own
    assert queries.feeds(week.therapist)[0].last_fetched_at is not None


def test_one_address_is_fetched_so_often_and_no_other_waits_for_it(
    week: Week, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web, "pace", web.Pace(most=3))
    busy, other = (place(commands.create_feed(week.therapist)) for _ in range(2))
    assert [client.get(busy).status_code for _ in range(5)] == [200, 200, 200, 429, 429]
    assert int(client.get(busy).headers["retry-after"]) > 0
    assert client.get(other).status_code == 200
    assert {client.get(place("x" * 43)).status_code for _ in range(9)} == {404}
    assert len(web.pace.fetches) == 2
    for met in web.pace.fetches.values():
        met[0] -= timedelta(minutes=11).total_seconds()
    assert client.get(busy).status_code == 200


def test_without_a_database_it_says_to_come_later(week: Week, client: TestClient, monkeypatch) -> None:
    def gone(_token: str) -> None:
        raise db.DatabaseRefusal("not_saved", "0a1b2c3d")

    monkeypatch.setattr(fetching, "fetched", gone)
    answer = client.get(place("x" * 43))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")


def test_addresses_are_of_a_therapist_or_a_manager_and_revoked_by_them_alone(week: Week) -> None:
    commands.create_feed(week.therapist)
    commands.create_feed(week.manager, room_id=week.room)
    [own], [of_room] = queries.feeds(week.therapist), queries.feeds(week.manager)
    assert (own.room_id, of_room.room_name) == (None, "Sala 1")
    assert queries.feeds(week.colleague) == []
    for actor, feed in ((week.colleague, own), (week.manager, own), (week.therapist, of_room)):
        with pytest.raises(NotFoundError):
            commands.revoke_feed(actor, feed.id)
    for actor in (week.front_desk, week.auditor):
        for ask in (commands.create_feed, queries.feeds, lambda who: commands.revoke_feed(who, own.id)):
            with pytest.raises(NotAllowedError):
                ask(actor)
    for actor, room in ((week.manager, None), (week.manager, 999), (week.therapist, week.room)):
        with pytest.raises(NotFoundError):
            commands.create_feed(actor, room_id=room)
    commands.revoke_feed(week.therapist, own.id)
    assert queries.feeds(week.therapist) == []
    with pytest.raises(NotFoundError):
        commands.revoke_feed(week.therapist, own.id)


def test_there_are_ten_addresses(week: Week) -> None:
    for _ in range(10):
        commands.create_feed(week.therapist)
    with pytest.raises(RuleBrokenError, match="ten"):
        commands.create_feed(week.therapist)
