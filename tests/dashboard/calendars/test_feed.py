"""The feed: what other programs read from it, that it keeps to RFC 5545, and that no title breaks out of its line."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
import vobject

from dashboard.calendars.feed import PRODUCT, FeedEvent, feed
from tests.calendars import MADRID, codes, read

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
SESSION = FeedEvent(
    uid="4711@intersession",
    starts_at=NINE,
    ends_at=NINE + timedelta(minutes=50),
    title="Session",
    sequence=2,
    status="CONFIRMED",
    last_modified=datetime(2026, 2, 1, 12, 30, 15, 999, tzinfo=UTC),
    url="https://practice.example/agenda?appointment=4711&day=1,2;3",
)
CANCELLED = replace(SESSION, uid="4712@intersession", status="CANCELLED", sequence=3)


def lines(content: bytes) -> list[bytes]:
    assert content.endswith(b"\r\n")
    return content.removesuffix(b"\r\n").split(b"\r\n")


def opened(*events: FeedEvent, name: str = "Agenda") -> vobject.base.Component:
    return vobject.readOne(feed(events, name, MADRID).decode(), validate=True)


def test_another_library_reads_what_was_written():
    calendar = opened(SESSION, CANCELLED)
    first, second = calendar.vevent_list
    assert calendar.prodid.value == PRODUCT
    assert calendar.contents["x-wr-timezone"][0].value == MADRID
    assert (first.uid.value, first.summary.value, first.sequence.value) == ("4711@intersession", "Session", "2")
    assert (first.dtstart.value, first.dtend.value) == (SESSION.starts_at, SESSION.ends_at)
    assert first.dtstamp.value == first.last_modified.value == SESSION.last_modified.replace(microsecond=0)
    assert (first.status.value, first.url.value) == ("CONFIRMED", SESSION.url)
    assert (second.status.value, second.sequence.value, second.transp.value) == ("CANCELLED", "3", "TRANSPARENT")


def test_our_own_reading_takes_a_feed_for_what_it_is():
    found = read(feed([SESSION, CANCELLED, replace(SESSION, uid="3@x", status="TENTATIVE")], "Agenda", MADRID))
    assert [(busy.uid, busy.starts_at, busy.ends_at, busy.status, busy.sequence) for busy in found.busy] == [
        ("3@x", SESSION.starts_at, SESSION.ends_at, "TENTATIVE", 2),
        ("4711@intersession", SESSION.starts_at, SESSION.ends_at, "CONFIRMED", 2),
    ]
    assert codes(found) == ["CANCELLED"]


def test_a_feed_without_events_is_a_calendar():
    assert lines(feed([], "Agenda", MADRID))[0::8] == [b"BEGIN:VCALENDAR", b"END:VCALENDAR"]
    assert codes(read(feed([], "Agenda", MADRID))) == []


@pytest.mark.parametrize(
    "title",
    [
        "Señora Muñoz, sala 2; «luz» \\ y más",
        "ñ" * 200,
        "a" * 74 + "🙂" * 50,
        "two\nlines",
        "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:other",
        "tab\tand bell\x07 and nul\x00 and half \ud800",
        "",
        "%s {0} ${jndi:x} =1+1",
    ],
)
def test_a_title_stays_inside_its_line_and_comes_back(title):
    content = feed([replace(SESSION, title=title)], title, MADRID)
    (event,) = vobject.readOne(content.decode()).vevent_list
    kept = "".join(letter for letter in title if letter == "\n" or (letter >= " " and letter != "\ud800"))
    assert event.summary.value == kept
    assert event.uid.value == SESSION.uid
    assert len(read(content).busy) == 1


def test_lines_end_with_crlf_and_have_at_most_75_octets_each_whole_characters():
    content = feed([replace(SESSION, title="ñ" * 300)], "Ñ" * 100, MADRID)
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert b"\r" not in content.replace(b"\r\n", b"")
    assert all(len(line) <= 75 and line.decode() for line in lines(content))
    assert max(map(len, lines(content))) > 70


def test_times_are_in_utc_whatever_zone_they_came_in():
    madrid = SESSION.starts_at.astimezone(ZoneInfo(MADRID))
    written = feed([replace(SESSION, starts_at=madrid)], "Agenda", MADRID)
    assert b"DTSTART:20260302T090000Z" in lines(written)
    assert b"VTIMEZONE" not in written
    assert written == feed([SESSION], "Agenda", MADRID)


def test_the_same_events_give_the_same_bytes_at_any_time():
    assert feed([SESSION, CANCELLED], "Agenda", MADRID) == feed([SESSION, CANCELLED], "Agenda", MADRID)


def test_every_property_that_rfc_5545_asks_for_is_there_once():
    written = [line.split(b":")[0].split(b";")[0] for line in lines(feed([SESSION], "Agenda", MADRID))]
    for name in (b"PRODID", b"VERSION", b"UID", b"DTSTAMP", b"DTSTART", b"DTEND", b"SEQUENCE", b"STATUS", b"SUMMARY"):
        assert written.count(name) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"starts_at": NINE.replace(tzinfo=None)},
        {"last_modified": NINE.replace(tzinfo=None)},
        {"ends_at": NINE},
        {"uid": " "},
        {"sequence": -1},
        {"status": "confirmed"},
        {"url": "javascript:alert(1)"},
        {"url": "https://practice.example/\r\nSUMMARY:x"},
        {"url": "https:///agenda"},
        {"url": "https://practice.example/a b\n"},
    ],
)
def test_an_event_that_no_calendar_can_hold_is_refused(change):
    with pytest.raises(ValueError, match="event"):
        replace(SESSION, **change)


def test_a_zone_that_nobody_knows_is_refused():
    with pytest.raises(ZoneInfoNotFoundError):
        feed([], "Agenda", "Office")
