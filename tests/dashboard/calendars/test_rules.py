"""Rules of repetition: which are taken, that they give what they say, and that none runs away."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from itertools import takewhile

import pytest
from dateutil.rrule import rrulestr

from dashboard.calendars import budget
from dashboard.calendars.rules import rule_of
from dashboard.calendars.shapes import Window
from dashboard.calendars.values import Zones, moment
from dashboard.calendars.zones import zone_named
from tests.calendars import MADRID, YEAR, calendar, codes, event, local, one, read

ZONES = Zones(zone_named(MADRID), None, {})
TEN = ("DTSTART;TZID=Europe/Madrid:20260302T100000", "DTEND;TZID=Europe/Madrid:20260302T110000")


def repeating(rule: str, *more: str, start: tuple[str, ...] = TEN, uid: str = "one@test") -> str:
    return event(*start, f"RRULE:{rule}", *more, uid=uid)


@pytest.mark.parametrize("frequency", ["SECONDLY", "MINUTELY", "HOURLY"])
def test_what_repeats_more_often_than_daily_is_refused(frequency):
    found = read(calendar(repeating(f"FREQ={frequency};COUNT=1000000000"), event(*TEN, uid="good@test")))
    assert codes(found) == ["RRULE_FREQUENCY"]
    assert [busy.uid for busy in found.busy] == ["good@test"]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=4,6;BYMONTHDAY=31",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-30",
        "FREQ=DAILY;BYWEEKNO=53;BYMONTH=6",
        "FREQ=YEARLY;BYYEARDAY=366;BYMONTH=1",
    ],
)
def test_a_rule_that_never_matches_is_refused(rule, monkeypatch):
    for share in ("SECONDS_OF_EVENT", "SECONDS_OF_CALENDAR"):  # on a slow machine the time would end before the rule
        monkeypatch.setattr(budget, share, 10.0)
    found = read(calendar(repeating(rule), event(*TEN, uid="good@test")))
    assert codes(found) == ["RRULE_EMPTY"]
    assert [busy.uid for busy in found.busy] == ["good@test"]


def test_the_catalogues_rule_that_never_matches_is_refused():
    assert codes(read(calendar(repeating("FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30")))) == ["RRULE_FREQUENCY"]


def test_a_rule_that_matches_only_outside_the_window_is_not_empty():
    found = read(calendar(repeating("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;INTERVAL=1")))
    assert (len(found.busy), codes(found)) == (1, [])  # the start itself, which always counts


def test_rules_that_never_match_do_not_take_more_than_their_share_of_time(monkeypatch):
    endless = [repeating("FREQ=DAILY;BYWEEKNO=53;BYMONTH=6", uid=f"{number}@test") for number in range(50)]
    began = time.process_time()
    read(calendar(endless[0]))
    for share in ("SECONDS_OF_EVENT", "SECONDS_OF_CALENDAR"):  # as much as a few of them take on this machine
        monkeypatch.setattr(budget, share, 5 * (time.process_time() - began))
    found = read(calendar(*endless, event(*TEN, uid="good@test")))
    assert set(codes(found)) == {"RRULE_EMPTY", "RRULE_TOO_SLOW"}
    assert len(found.set_aside) == 50
    assert [busy.uid for busy in found.busy] == ["good@test"]


def test_a_rule_without_an_end_is_followed_inside_the_window_only():
    found = read(calendar(repeating("FREQ=WEEKLY")))
    assert codes(found) == []
    assert len(found.busy) == 44
    assert all(YEAR.since < busy.ends_at and busy.starts_at < YEAR.until for busy in found.busy)


def test_a_busy_time_that_only_reaches_into_the_window_counts():
    window = Window(datetime(2026, 3, 2, 9, 30, tzinfo=UTC), datetime(2026, 3, 2, 9, 45, tzinfo=UTC))
    assert local(one(calendar(event(*TEN)), window)) == "02/03 10:00 – 02/03 11:00"
    before = Window(window.since - timedelta(days=1), datetime(2026, 3, 2, 9, tzinfo=UTC))
    after = Window(datetime(2026, 3, 2, 10, tzinfo=UTC), window.until + timedelta(days=1))
    assert read(calendar(event(*TEN)), before).busy == read(calendar(event(*TEN)), after).busy == ()


def test_an_event_has_at_most_a_thousand_occurrences():
    found = read(calendar(repeating("FREQ=DAILY;BYHOUR=8,9,10,11,12"), event(*TEN, uid="good@test")))
    assert codes(found) == ["OCCURRENCES_CUT"]
    assert sum(busy.uid == "one@test" for busy in found.busy) == 1_000
    assert sum(busy.uid == "good@test" for busy in found.busy) == 1


def test_a_calendar_has_at_most_ten_thousand_busy_times():
    many = [repeating("FREQ=DAILY;BYHOUR=8,9,10,11,12", uid=f"{number}@test") for number in range(11)]
    found = read(calendar(*many, event(*TEN, uid="good@test")))
    assert len(found.busy) == 10_000
    assert codes(found).count("TOO_MANY_OCCURRENCES") == 2


@pytest.mark.parametrize(
    "rule",
    ["FREQ=WEEKLY;UNTIL=20260301T000000Z", "FREQ=WEEKLY;UNTIL=20260301", "FREQ=WEEKLY;UNTIL=19700101T000000Z"],
)
def test_a_rule_that_ends_before_its_event_begins_is_refused(rule):
    assert codes(read(calendar(repeating(rule)))) == ["BAD_INTERVAL"]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=FORTNIGHTLY",
        "COUNT=3",
        "",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;INTERVAL=99999",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=many",
        "FREQ=DAILY;BYMONTH=13",
        "FREQ=DAILY;BYHOUR=25",
        "FREQ=DAILY;BYEASTER=0",
        "FREQ=YEARLY;RSCALE=CHINESE",
        "FREQ=DAILY;FREQ=DAILY",
        "FREQ=MONTHLY;BYDAY=MONDAY",
        "FREQ=DAILY;BYMONTHDAY=١",
        "FREQ=DAILY;BYSETPOS=0;BYDAY=MO",
    ],
)
def test_a_rule_that_is_not_understood_is_refused(rule):
    found = read(calendar(repeating(rule) if rule else repeating(";"), event(*TEN, uid="good@test")))
    assert codes(found) == ["RRULE"]
    assert [busy.uid for busy in found.busy] == ["good@test"]


def test_the_start_counts_even_when_the_rule_does_not_give_it():
    found = read(calendar(repeating("FREQ=WEEKLY;BYDAY=TU;COUNT=2")))
    assert [local(busy)[:5] for busy in found.busy] == ["02/03", "03/03", "10/03"]


def test_until_a_day_includes_the_whole_day():
    found = read(calendar(repeating("FREQ=DAILY;UNTIL=20260304")))
    assert [local(busy)[:5] for busy in found.busy] == ["02/03", "03/03", "04/03"]


def test_until_is_a_moment_and_not_what_clocks_show():
    # 10:00 in Madrid is 09:00 in UTC.
    assert len(read(calendar(repeating("FREQ=DAILY;UNTIL=20260304T090000Z"))).busy) == 3
    assert len(read(calendar(repeating("FREQ=DAILY;UNTIL=20260304T085959Z"))).busy) == 2


def test_excluded_and_added_dates_count():
    found = read(
        calendar(
            repeating(
                "FREQ=DAILY;COUNT=4",
                "EXDATE;TZID=Europe/Madrid:20260303T100000",
                "EXDATE;VALUE=DATE:20260304",
                "RDATE;TZID=Europe/London:20260309T090000,20260310T090000",
                "RDATE;VALUE=PERIOD:20260312T090000Z/PT30M",
                "EXRULE:FREQ=DAILY;BYMONTHDAY=10",
            )
        )
    )
    assert [local(busy) for busy in found.busy] == [
        "02/03 10:00 – 02/03 11:00",
        "05/03 10:00 – 05/03 11:00",
        "09/03 10:00 – 09/03 11:00",
        "12/03 10:00 – 12/03 10:30",
    ]


def test_two_rules_give_what_either_gives_once():
    found = read(calendar(repeating("FREQ=DAILY;COUNT=2", "RRULE:FREQ=WEEKLY;COUNT=2")))
    assert [local(busy)[:5] for busy in found.busy] == ["02/03", "03/03", "09/03"]


def test_each_occurrence_is_named_by_its_planned_start():
    found = read(calendar(repeating("FREQ=DAILY;COUNT=2")))
    assert [busy.recurrence_id for busy in found.busy] == [busy.starts_at for busy in found.busy]
    assert one(calendar(event(*TEN))).recurrence_id is None


RULES = [
    "FREQ=DAILY",
    "FREQ=DAILY;INTERVAL=17",
    "FREQ=DAILY;BYDAY=MO,WE;BYMONTH=1,3,5",
    "FREQ=WEEKLY",
    "FREQ=WEEKLY;INTERVAL=3;BYDAY=SU,MO;WKST=SU",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=MO",
    "FREQ=MONTHLY",
    "FREQ=MONTHLY;INTERVAL=5;BYDAY=-1FR",
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=MONTHLY;BYMONTHDAY=31",
    "FREQ=YEARLY",
    "FREQ=YEARLY;INTERVAL=3",
    "FREQ=YEARLY;BYMONTH=3;BYDAY=2SU",
    "FREQ=YEARLY;BYWEEKNO=1,53",
    "FREQ=YEARLY;BYYEARDAY=1,100,-1",
    "FREQ=YEARLY;BYDAY=20MO",
    "FREQ=YEARLY;COUNT=200",
]


@pytest.mark.parametrize("start", ["19600229T080000", "19871231T233000", "20230515T100000"])
@pytest.mark.parametrize("rule", RULES)
def test_a_rule_gives_the_same_as_if_all_the_years_before_were_followed(rule, start):
    begins = moment(start, MADRID, ZONES)
    since, until = (datetime.fromisoformat(day) for day in ("2025-12-29", "2031-03-01"))
    followed = takewhile(lambda day: day <= until, rrulestr(rule, dtstart=begins.wall))
    assert list(rule_of(rule, begins, ZONES).between(since, until)) == [day for day in followed if day >= since]


def test_without_a_timer_nothing_interrupts_a_rule(monkeypatch):
    monkeypatch.delattr(budget.signal, "setitimer")
    monkeypatch.setattr(budget, "SECONDS_OF_CALENDAR", 0.01)
    late = [repeating("FREQ=MONTHLY;COUNT=2000", start=TEN, uid=f"{number}@test") for number in range(200)]
    found = read(calendar(*late))
    # What is used up is noticed between events, even so.
    assert "RRULE_TOO_SLOW" in codes(found)
    assert found.busy
