"""358 calendars that other programs made or broke: each is read or refused with a code, in little time and memory."""

from __future__ import annotations

import contextlib
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events

from dashboard.calendars.codes import SENTENCES, Code
from dashboard.calendars.shapes import Window
from tests.calendars import MADRID, Outcome, WarmReader

pytestmark = pytest.mark.foreign

ZONE = ZoneInfo(MADRID)
REPORTED = {Code.NO_UID, Code.OCCURRENCES_CUT, Code.HOUR_SKIPPED, Code.HOUR_TWICE}
BEGIN = re.compile(rb"(?im)^BEGIN:VEVENT")
BAD = b"BEGIN:VEVENT\r\nUID:bad@test\r\nDTSTART;TZID=Nowhere:2019\r\nDTEND\r\nRRULE:FREQ=?\r\nEND:VEVENT\r\n"


def years(since: int, until: int) -> Window:
    """Return a window from one new year to another, in Madrid."""
    return Window(datetime(since, 1, 1, tzinfo=ZONE), datetime(until, 1, 1, tzinfo=ZONE))


A_YEAR, ALL_YEARS = years(2024, 2025), years(1990, 2036)


@pytest.fixture(scope="module")
def files(shared: Path) -> dict[str, bytes]:
    folder = shared / "ics"
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.ics"))}


@pytest.fixture(scope="module")
def reader() -> Iterator[WarmReader]:
    with WarmReader() as reader:
        yield reader


@pytest.fixture(scope="module")
def a_year(files: dict[str, bytes], reader: WarmReader) -> dict[str, Outcome]:
    return {name: reader.read(content, A_YEAR) for name, content in files.items()}


@pytest.fixture(scope="module")
def all_years(files: dict[str, bytes], reader: WarmReader) -> dict[str, Outcome]:
    return {name: reader.read(content, ALL_YEARS) for name, content in files.items()}


def aside(outcome: Outcome) -> set[int | None]:
    """Return the numbers of the events that were not read."""
    return {ordinal for code, _line, ordinal in outcome.set_aside if code not in REPORTED}


def test_every_calendar_is_read_or_refused_with_a_code(a_year):
    assert len(a_year) == 358
    read = [outcome for outcome in a_year.values() if outcome.said and not outcome.refusal]
    refused = Counter(outcome.refusal for outcome in a_year.values() if outcome.refusal)
    codes = Counter(code for outcome in read for code, *_ in outcome.set_aside)
    with_some = sum(bool(outcome.set_aside) for outcome in read)
    print(f"\n{len(read)} read ({with_some} with events set aside), {refused.total()} refused: {dict(refused)}")
    print(f"events set aside or reported: {dict(codes.most_common())}")
    assert [name for name, outcome in a_year.items() if outcome.status or outcome.said is None] == []
    assert set(refused) | set(codes) <= set(SENTENCES)
    assert len(read) + refused.total() == 358
    assert len(read) >= 290


def test_no_calendar_takes_more_than_2_seconds_or_256_mb(a_year):
    slowest = max(a_year, key=lambda name: a_year[name].seconds)
    largest = max(a_year, key=lambda name: a_year[name].megabytes)
    total = sum(outcome.seconds for outcome in a_year.values())
    print(f"\nslowest {slowest}: {a_year[slowest].seconds:.2f} s; all: {total:.1f} s")
    print(f"largest {largest}: {a_year[largest].megabytes:.1f} MB more than an empty calendar")
    assert a_year[slowest].seconds < 2
    assert a_year[largest].megabytes < 256


def test_a_calendar_that_others_do_not_parse_at_all_still_gives_its_good_events(files, all_years):
    """A good event is one that is not set aside; a file with any must give a busy time in half a century."""
    mixed = {
        name: len(BEGIN.findall(files[name])) - len(aside(outcome))
        for name, outcome in all_years.items()
        if not outcome.refusal and aside(outcome)
    }
    with_good = {name for name, good in mixed.items() if good > 0}
    print(f"\n{len(mixed)} calendars have events that are not read, {len(with_good)} of them others beside")
    assert len(with_good) >= 30
    assert {name for name in with_good if not all_years[name].busy} == set()


def test_one_bad_event_put_first_loses_no_other(files, reader, a_year):
    tried = 0
    for name, content in files.items():
        if a_year[name].busy and (begin := BEGIN.search(content)):
            worse = reader.read(content[: begin.start()] + BAD + content[begin.start() :], A_YEAR)
            assert (name, worse.busy) == (name, a_year[name].busy)
            assert (name, len(worse.set_aside)) == (name, len(a_year[name].set_aside) + 1)
            tried += 1
    print(f"\n{tried} calendars with busy times, all the same with a bad event in front")
    assert tried >= 45


def test_rules_without_an_end_are_capped(all_years):
    capped = [name for name, found in all_years.items() if Code.OCCURRENCES_CUT in {row[0] for row in found.set_aside}]
    print(f"\n{len(capped)} calendars with rules of more than 1,000 occurrences in 46 years")
    assert len(capped) >= 5
    for outcome in all_years.values():
        occurrences = Counter((row[0], row[5]) for row in outcome.busy)
        assert max(occurrences.values(), default=0) <= 2_000  # of a series and its changed occurrences
        assert len(outcome.busy) <= 10_000


DIFFERENT = {
    # Not read here, on purpose.
    "collective_icalendar/issue_350.ics": "an invitation",
    "collective_icalendar/issue_466_respect_unique_timezone.ics": "a zone that is not IANA's",
    "ical4j_valid/2207678.ics": "a zone that is not IANA's",
    "ical4j_valid/calconnect6.ics": "an invitation",
    "ical4j_valid/calconnect8.ics": "an invitation",
    "ical4j_valid/calconnect9.ics": "an invitation",
    "recurring_ical_events/end_before_start_event.ics": "an event that ends before it begins",
    # Read otherwise there.
    "ical4j_invalid/phpicalendar_sample.ics": "an event that is left out there for spaces at the ends of lines",
    "ical4j_valid/friday13-NOT.ics": "EXRULE, which is not followed there",
    "ical4j_valid/google_aus_holidays.ics": "whole days, which are moved by the zone of the calendar there",
    "ical4j_valid/japan_west.ics": "whole days, which are moved by the zone of the calendar there",
}


@pytest.mark.parametrize("year", [2005, 2013, 2019, 2024])
def test_busy_times_are_those_that_another_library_finds(year, files, parsed, reader):
    window = years(year, year + 1)
    same, different = 0, set()
    for name, content in files.items():
        theirs = found_by_another(parsed[name], window) if name in parsed else None
        if theirs is None or (outcome := reader.read(content, window)).refusal:
            continue
        if theirs == {(row[2], row[3]) for row in outcome.busy}:
            same += bool(theirs)
        else:
            different.add(name)
    print(f"\n{year}: {same} calendars with busy times agree, {len(different)} do not, for known reasons")
    assert different <= set(DIFFERENT)
    assert same >= 10


@pytest.fixture(scope="module")
def parsed(files: dict[str, bytes]) -> dict[str, icalendar.Calendar]:
    """Return the calendars that another library reads, without the largest, which take it long."""
    found = {}
    for name, content in files.items():
        with contextlib.suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if len(content) < 200_000:
                found[name] = icalendar.Calendar.from_ical(content)
    return found


def found_by_another(calendar: icalendar.Calendar, window: Window) -> set[tuple[str, str]] | None:
    """Return busy times as another library finds them, or nothing when it cannot repeat the events."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            events = recurring_ical_events.of(calendar, skip_bad_series=True).between(window.since, window.until)
            found = {(in_utc(event.start), in_utc(event.end)) for event in events if is_busy(event)}
        except Exception:  # noqa: BLE001 - whatever it raises, it does not read this one
            return None
    inside = (window.since.astimezone(UTC), window.until.astimezone(UTC))
    return {(a.isoformat(), b.isoformat()) for a, b in found if a < b and a < inside[1] and b > inside[0]}


def is_busy(event: Any) -> bool:
    """Return whether an event takes time."""
    said = {name: str(event.get(name, "")).upper() for name in ("STATUS", "TRANSP")}
    return said["STATUS"] != "CANCELLED" and said["TRANSP"] != "TRANSPARENT"


def in_utc(moment: date) -> datetime:
    """Return a day, a time without a zone (both in Madrid) or a moment in UTC."""
    time = moment if isinstance(moment, datetime) else datetime(moment.year, moment.month, moment.day, tzinfo=ZONE)
    return (time if time.tzinfo else time.replace(tzinfo=ZONE)).astimezone(UTC)
