"""What a hostile calendar costs: the rules of reading stop it, and behind them the limits of the process do."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.calendars import MADRID, ROOT, YEAR, WarmReader, calendar, codes, event, read

TEN = ("DTSTART;TZID=Europe/Madrid:20260302T100000", "DURATION:PT1H")
# The process with its own rules taken away, and its limits only when asked for.
CHILD = """
from dashboard import confinement
from dashboard.calendars import budget, child, components
components.MOST_BYTES = 1 << 40
budget.SECONDS_OF_EVENT = budget.SECONDS_OF_CALENDAR = 1000.0
confinement.MEMORY, child.SECONDS = 250 << 20, 1
if not {is_confined}:
    child.confine = lambda seconds: None
child.main()
"""


def run(content: bytes, *, is_confined: bool, patience: float) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", CHILD.format(is_confined=is_confined)]
    about = [YEAR.since.isoformat(), YEAR.until.isoformat(), MADRID]
    return subprocess.run(
        [*command, *about], input=content, capture_output=True, cwd=ROOT, timeout=patience, check=False
    )


def test_a_rule_without_end_is_stopped_by_the_limit_of_the_process_and_by_nothing_else():
    hours, sixty = (",".join(map(str, range(count))) for count in (24, 60))
    rule = f"RRULE:FREQ=DAILY;COUNT=9999999999;BYHOUR={hours};BYMINUTE={sixty};BYSECOND={sixty}"
    runaway = calendar(event("DTSTART:16010101T000000Z", "DURATION:PT1H", rule))  # every second of four centuries
    stopped = run(runaway, is_confined=True, patience=30)
    assert (stopped.returncode < 0, stopped.stdout) == (True, b"")
    with pytest.raises(subprocess.TimeoutExpired):
        run(runaway, is_confined=False, patience=2.5)


def test_a_line_of_100_mb_is_stopped_by_the_limit_of_the_process_and_by_nothing_else():
    bomb = calendar(event(*TEN)).replace(b"END:VEVENT", b"X-BOMB:" + b"x" * 100_000_000 + b"\r\nEND:VEVENT")
    stopped = run(bomb, is_confined=True, patience=60)
    assert b"TOO_COMPLEX" in stopped.stdout
    assert b"one@test" in run(bomb, is_confined=False, patience=60).stdout


@pytest.mark.parametrize("name", ["EXDATE", "RDATE"])
def test_an_event_with_very_many_dates_is_set_aside(name):
    dates = ",".join(["20260302T100000Z"] * 100_000)
    for lines in ([f"{name}:{dates}"], [f"{name}:20260302T100000Z"] * 2_001):
        found = read(calendar(event(*TEN, "RRULE:FREQ=DAILY;COUNT=3", *lines), event(*TEN, uid="good@test")))
        assert codes(found) == ["TOO_MANY_DATES"]
        assert [busy.uid for busy in found.busy] == ["good@test"]


def test_a_calendar_with_very_many_dates_loses_only_events_that_list_more():
    dates = ",".join(["20260302T100000Z"] * 1_900)
    many = [event(*TEN, f"EXDATE:{dates}", "RRULE:FREQ=DAILY;COUNT=2", uid=f"{number}@test") for number in range(12)]
    found = read(calendar(*many, event(*TEN, uid="good@test")))
    assert codes(found) == ["TOO_MANY_DATES"] * 2
    assert {busy.uid for busy in found.busy} == {"good@test", *(f"{number}@test" for number in range(10))}


@pytest.mark.parametrize(
    "line",
    [
        "UID:" + "x" * 3_000,
        "DTSTART:" + "2" * 5_000,
        "RRULE:FREQ=DAILY;BYHOUR=" + ",".join(["1"] * 900),
        f'DTSTART;X="{"x" * 500}":20260302T100000Z',
    ],
)
def test_an_event_with_a_line_longer_than_any_real_one_is_set_aside(line):
    lines = ["BEGIN:VEVENT", line, *(other for other in TEN if other[:7] != line[:7]), "END:VEVENT"]
    found = read(calendar("\r\n".join(lines), event(*TEN, uid="good@test")))
    assert codes(found) == ["TOO_LONG"]
    assert [busy.uid for busy in found.busy] == ["good@test"]


def test_a_long_list_of_dates_in_a_quoted_zone_is_read():
    dates = ",".join(f"202603{day:02}T100000" for day in range(3, 30)) + ",20270101T100000" * 300
    found = read(calendar(event(*TEN, "RRULE:FREQ=DAILY;COUNT=28", f'EXDATE;TZID="Europe/Madrid":{dates}')))
    assert (codes(found), len(found.busy)) == ([], 1)


def moment(number: int) -> str:
    return f"202603{number % 28 + 1:02}T09{number // 60 % 60:02}{number % 60:02}Z"


def hostile() -> dict[str, bytes]:
    """Return calendars as large as they may be, each made to cost as much as it can."""
    dates = ",".join(["20260302T100000Z"] * 1_900)
    years = event(*TEN, "RRULE:FREQ=YEARLY;COUNT=9999").replace("20260302", "16010302")
    dense = event(*TEN, "RRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5,6,7,8;BYMINUTE=1,2,3,4,5,6,7,8;BYSECOND=1,2,3,4,5,6,7,8")
    many = range(9_900)
    return {
        "blank lines": calendar().replace(b"\r\nEND", b"\n" * 4_900_000 + b"END"),
        "folds": calendar().replace(b"\r\nEND", b"\n " * 2_450_000 + b"\nEND"),
        "events": calendar(*(event(*TEN, uid=f"{number}@test") for number in many)),
        "dates": calendar(*(event(*TEN, f"RDATE:{dates}", uid=f"{number}@test") for number in range(150))),
        "old years": calendar(*(years.replace("one@", f"{number}@") for number in range(2_000))),
        "dense": calendar(*(dense.replace("one@", f"{number}@") for number in range(2_000))),
        "quotes": calendar(*(event(f'DTSTART;X="{"a;" * 120}":x', uid=f"{number}@test") for number in many)),
        "changes": calendar(
            event(*TEN, "RRULE:FREQ=DAILY"),
            *(event(*TEN, f"RECURRENCE-ID;RANGE=THISANDFUTURE:{moment(number)}") for number in many),
        ),
        "older changes": calendar(
            event(*TEN, "RRULE:FREQ=DAILY", "SEQUENCE:1", f"EXDATE:{dates}"),
            *(event(*TEN, f"RECURRENCE-ID:{moment(number)}") for number in many),
        ),
    }


def test_no_calendar_takes_more_than_its_share_of_time_and_memory():
    with WarmReader() as reader:
        for name, content in hostile().items():
            # Whoever else has the processor can make its seconds twice as long, for a while: the least of three counts.
            for _attempt in range(3):
                outcome = reader.read(content)
                print(f"{name}: {len(content)} bytes, {outcome.processor:.2f} s, {outcome.megabytes:.0f} MB")
                if outcome.processor < 2:
                    break
            assert (name, outcome.status) == (name, 0)
            assert outcome.said is not None
            assert outcome.megabytes < 256
            assert outcome.processor < 2
