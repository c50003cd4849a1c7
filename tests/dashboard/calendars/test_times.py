"""Times as calendars write them: zones by name, days of a clock change, whole days, and what is no time at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.calendars.shapes import Window
from tests.calendars import calendar, codes, event, local, one, read

LYING = (
    "BEGIN:VTIMEZONE\r\nTZID:{name}\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0900\r\n"
    "TZOFFSETTO:+0900\r\nEND:STANDARD\r\nEND:VTIMEZONE"
)


def timed(start: str, end: str, zone: str = ";TZID=Europe/Madrid", *more: str) -> str:
    return event(f"DTSTART{zone}:{start}", f"DTEND{zone}:{end}", *more)


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        ("DTSTART:20260302T100000Z", "DTEND:20260302T090000Z"),
        ("DTSTART:20260302T100000Z", "DTEND:20260302T100000Z"),
        ("DTSTART:20260302T100000Z", "DURATION:-PT1H"),
        ("DTSTART:20260302T100000Z", "DURATION:PT0S"),
        ("DTSTART;VALUE=DATE:20260302", "DTEND;VALUE=DATE:20260302"),
        ("DTSTART;TZID=Europe/Madrid:20260302T100000", "DTEND;TZID=Europe/London:20260302T090000"),
    ],
)
def test_an_event_that_does_not_end_after_it_begins_is_refused(begins, ends):
    found = read(calendar(event(begins, ends), timed("20260302T100000", "20260302T110000")))
    assert codes(found) == ["BAD_INTERVAL"]
    assert len(found.busy) == 1


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (("DTEND:20260302T110000Z",), "NO_START"),
        (("DTSTART:20260302T100000Z",), "NO_END"),
        (("DTSTART:20260230T100000Z", "DURATION:PT1H"), "DATE"),
        (("DTSTART:20260302T250000Z", "DURATION:PT1H"), "DATE"),
        (("DTSTART:tomorrow", "DURATION:PT1H"), "DATE"),
        (("DTSTART:٢٠٢٦٠٣٠٢T100000Z", "DURATION:PT1H"), "DATE"),
        (("DTSTART:00000101T100000Z", "DURATION:PT1H"), "DATE"),
        (("DTSTART;TZID=America/New_York:99991231T235900", "DURATION:PT1H"), "DATE"),
        (("DTSTART:99991231T235900Z", "DURATION:P1D"), "DATE"),
        (("DTSTART:20260302T100000Z", "DURATION:P99999999999D"), "DATE"),
        (("DTSTART:20260302T100000Z", "DURATION:1 hour"), "DATE"),
        (("DTSTART;VALUE=DATE:20260302", "DTEND:20260303T100000Z"), "DATE"),
        (("DTSTART:20260302T100000Z", "DTSTART:20260303T100000Z", "DURATION:PT1H"), "BROKEN_EVENT"),
    ],
)
def test_what_is_no_time_is_set_aside_and_the_others_are_read(lines, code):
    found = read(calendar(event(*lines), timed("20260302T100000", "20260302T110000"), event(*lines, "SEQUENCE:1")))
    assert codes(found) == [code, code]
    assert (found.set_aside[0].line, found.set_aside[0].ordinal) == (4, 1)
    assert len(found.busy) == 1


def test_the_name_of_a_zone_counts_and_not_what_a_calendar_says_about_it():
    lies = LYING.format(name="Europe/Madrid")
    assert one(calendar(lies, timed("20260302T100000", "20260302T110000"))).starts_at == datetime(
        2026, 3, 2, 9, tzinfo=UTC
    )


@pytest.mark.parametrize("name", ["Office", "", "localtime", "posixrules", "../../etc/localtime", "EST/5", "x" * 500])
def test_a_zone_that_nobody_knows_is_refused_even_when_the_calendar_describes_it(name, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    described = LYING.format(name=name)
    found = read(calendar(described, timed("20260302T100000", "20260302T110000", f";TZID={name}"), event("DTSTART:x")))
    assert codes(found) == ["TIME_ZONE", "DATE"]


@pytest.mark.parametrize(
    "zone",
    [
        ";TZID=Romance Standard Time",
        ";TZID=/freeassociation.sourceforge.net/Europe/Madrid",
        ";TZID=/Europe/Madrid",
        ";TZID=europe/madrid",
        ';TZID="Europe/Madrid"',
        ';X-OTHER="a;b:c";TZID=Europe/Madrid',
        "; TZID = Europe/Madrid",
    ],
)
def test_other_ways_to_write_a_zone_are_understood(zone):
    assert local(one(calendar(timed("20260302T100000", "20260302T110000", zone)))) == "02/03 10:00 – 02/03 11:00"


def test_a_calendars_own_name_of_a_zone_counts_where_it_says_which_place_that_is():
    described = LYING.format(name="Office").replace("TZID:Office", "TZID:Office\r\nX-LIC-LOCATION:Atlantic/Canary")
    busy = one(calendar(described, timed("20260302T100000", "20260302T110000", ";TZID=Office")))
    assert local(busy) == "02/03 11:00 – 02/03 12:00"


def test_a_time_without_a_zone_is_in_that_of_its_calendar_or_else_of_the_practice():
    floating = timed("20260302T100000", "20260302T110000", "")
    assert local(one(calendar(floating))) == "02/03 10:00 – 02/03 11:00"
    assert local(one(calendar(floating, head=("X-WR-TIMEZONE:Atlantic/Canary",)))) == "02/03 11:00 – 02/03 12:00"


def test_a_calendar_in_a_zone_that_nobody_knows_loses_only_what_depends_on_it():
    found = read(
        calendar(
            timed("20260302T100000", "20260302T110000", ""),
            timed("20260303T100000", "20260303T110000"),
            head=("X-WR-TIMEZONE:Office",),
        )
    )
    assert codes(found) == ["TIME_ZONE"]
    assert len(found.busy) == 1


def test_an_hour_that_clocks_skip_is_moved_behind_the_change_and_keeps_its_length():
    found = read(calendar(timed("20260329T023000", "20260329T033000")))
    assert codes(found) == ["HOUR_SKIPPED"]
    assert [local(busy) for busy in found.busy] == ["29/03 03:30 – 29/03 04:30"]


def test_of_an_hour_that_clocks_show_twice_the_first_counts():
    found = read(calendar(timed("20261025T023000", "20261025T024500")))
    assert codes(found) == ["HOUR_TWICE"]
    assert found.busy[0].starts_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert found.busy[0].ends_at == datetime(2026, 10, 25, 0, 45, tzinfo=UTC)


def test_ten_stays_ten_through_both_changes_of_the_clock():
    found = read(calendar(timed("20260101T100000", "20260101T110000", ";TZID=Europe/Madrid", "RRULE:FREQ=DAILY")))
    assert codes(found) == []
    assert {(local(busy)[6:11], local(busy)[-5:]) for busy in found.busy} == {("10:00", "11:00")}
    assert len({busy.starts_at.hour for busy in found.busy}) == 2


def test_an_occurrence_on_the_day_of_a_change_is_reported_once_for_its_event():
    rule = timed("20260301T023000", "20260301T031500", ";TZID=Europe/Madrid", "RRULE:FREQ=DAILY")
    found = read(calendar(rule))
    assert codes(found) == ["HOUR_SKIPPED", "HOUR_TWICE"]
    moved = [local(busy) for busy in found.busy if busy.starts_at.date().isoformat() == "2026-03-29"]
    assert moved == ["29/03 03:30 – 29/03 04:15"]


def test_hours_are_hours_and_days_are_days_when_the_clock_changes():
    start = "DTSTART;TZID=Europe/Madrid:20260328T220000"
    assert local(one(calendar(event(start, "DURATION:PT8H")))) == "28/03 22:00 – 29/03 07:00"
    assert local(one(calendar(event(start, "DURATION:P1D")))) == "28/03 22:00 – 29/03 22:00"
    assert local(one(calendar(timed("20260328T220000", "20260329T060000")))) == "28/03 22:00 – 29/03 06:00"


def test_whole_days_are_those_of_the_practice():
    holiday = event("DTSTART;VALUE=DATE:20260501", "DTEND;VALUE=DATE:20260503")
    busy = one(calendar(holiday, head=("X-WR-TIMEZONE:America/New_York",)))
    assert busy.is_all_day
    assert local(busy) == "01/05 00:00 – 03/05 00:00"
    assert not one(calendar(timed("20260501T000000", "20260502T000000"))).is_all_day


def test_a_day_without_an_end_is_one_day_also_when_it_has_23_hours():
    busy = one(calendar(event("DTSTART;VALUE=DATE:20260329")))
    assert local(busy) == "29/03 00:00 – 30/03 00:00"
    assert busy.ends_at - busy.starts_at == timedelta(hours=23)


def test_half_a_day_from_a_day_on_blocks_the_day():
    assert local(one(calendar(event("DTSTART;VALUE=DATE:20260501", "DURATION:PT12H")))) == "01/05 00:00 – 02/05 00:00"


def test_an_event_of_days_is_busy_as_long_as_it_lasts():
    busy = one(calendar(timed("20260501T180000", "20260504T090000")))
    assert local(busy) == "01/05 18:00 – 04/05 09:00"


def test_the_end_may_be_in_another_zone():
    flight = event("DTSTART;TZID=Europe/Madrid:20260501T120000", "DTEND;TZID=America/New_York:20260501T140000")
    assert local(one(calendar(flight))) == "01/05 12:00 – 01/05 20:00"


def test_a_window_needs_two_moments_in_order():
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    for since, until in ((noon, noon), (noon, noon - timedelta(1)), (noon.replace(tzinfo=None), noon)):
        with pytest.raises(ValueError, match="window"):
            Window(since, until)
