"""Sixty damaged copies of one good calendar: each is read, or refused with a code; there is no third way."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.calendars import child
from dashboard.calendars.codes import SENTENCES, Code
from tests.calendars import MADRID, YEAR, WarmReader, calendar, event
from tests.mutators import MUTATORS, PLACES, Sample, mutations

HEAD, TAIL = calendar(
    "BEGIN:VTIMEZONE\r\nTZID:Europe/Madrid\r\nBEGIN:STANDARD\r\nDTSTART:19701025T030000\r\nTZOFFSETFROM:+0200\r\n"
    "TZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nEND:STANDARD\r\nEND:VTIMEZONE",
    "RECORDS",
    head=("X-WR-CALNAME:Práctica",),
).split(b"RECORDS\r\n")
TEN = ("DTSTART;TZID=Europe/Madrid:202603{day:02}T100000", "DTEND;TZID=Europe/Madrid:202603{day:02}T110000")


def record(day: int) -> bytes:
    """Return one event, of a week of them."""
    more = ["RRULE:FREQ=WEEKLY;COUNT=5", "EXDATE;TZID=Europe/Madrid:202603{day:02}T100000"] if day % 3 == 0 else []
    lines = [line.format(day=day) for line in (*TEN, *more, "SUMMARY:Señora {day}", "DESCRIPTION:" + "ñ" * 40)]
    return event(*lines, uid=f"{day}@test").encode() + b"\r\n"


SAMPLE = Sample(HEAD, tuple(record(day) for day in range(1, 25)), TAIL)
SAME = {"swap", "crlf", "case"}
"""What changes nothing that counts, wherever it is done."""
SAME_THERE = {"bom-first", "cut-last"}


@pytest.fixture(scope="module")
def reader() -> Iterator[WarmReader]:
    with WarmReader() as reader:
        yield reader


@pytest.fixture(scope="module")
def whole(reader: WarmReader) -> list[list[object]]:
    outcome = reader.read(SAMPLE.content)
    assert outcome.set_aside == []
    assert len(outcome.busy) == 16 + 8 * 4
    return outcome.busy


@pytest.mark.parametrize(("name", "content"), list(mutations(SAMPLE)), ids=[name for name, _ in mutations(SAMPLE)])
def test_a_damaged_calendar_is_read_or_refused_with_a_code(name, content, reader, whole):
    outcome = reader.read(content)
    assert outcome.status == 0
    assert outcome.said is not None
    assert {code for code, *_ in outcome.set_aside} | {outcome.refusal or Code.EMPTY_FILE} <= set(SENTENCES)
    assert outcome.processor < 2
    assert outcome.megabytes < 256
    if name.split("-")[0] in SAME or name in SAME_THERE:
        assert (outcome.busy, outcome.refusal) == (whole, None)


CUTS = [pair for pair in mutations(SAMPLE) if pair[0].startswith("cut-") and pair[0] not in SAME_THERE]


@pytest.mark.parametrize(("name", "content"), CUTS)
def test_a_part_of_a_calendar_never_passes_for_the_whole(name, content, reader):
    assert reader.read(content).refusal in {"EMPTY_FILE", "NOT_A_CALENDAR", "CUT_SHORT"}


WORDS = st.sampled_from(
    """
    BEGIN:VEVENT END:VEVENT BEGIN:VCALENDAR END:VCALENDAR DTSTART DTEND DURATION RRULE RDATE EXDATE RECURRENCE-ID UID
    TZID= VALUE=DATE RANGE=THISANDFUTURE : ; , " / = FREQ=DAILY FREQ=YEARLY COUNT= INTERVAL= UNTIL= BYDAY=-1MO BYSETPOS=
    20260329 T023000 Z P1D PT1H -PT1H 99991231T235959 00010101T000000 Europe/Madrid STATUS:CANCELLED METHOD:CANCEL 1 0 -
    """.split()
) | st.sampled_from(["\r\n", "\r\n ", "\n", "ñ", "\ud800"])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.lists(WORDS, max_size=60).map("".join))
def test_nothing_that_may_stand_in_a_calendar_is_an_error_of_ours(inside):
    text = inside if isinstance(inside, bytes) else inside.encode("utf-8", "surrogatepass")
    for content in (text, HEAD + SAMPLE.records[0] + text + b"\r\n" + TAIL):
        said = json.loads(child.answer(content, YEAR, MADRID))
        assert {"refusal"} == said.keys() or {"busy", "set_aside"} == said.keys()


def test_there_are_sixty_mutations_and_each_changes_the_sample():
    damaged = dict(mutations(SAMPLE))
    assert len(damaged) == len(MUTATORS) * len(PLACES) == 60
    unchanged = {name for name, content in damaged.items() if content == SAMPLE.content}
    assert unchanged <= {"crlf-last", "case-last", "dup-last"}
