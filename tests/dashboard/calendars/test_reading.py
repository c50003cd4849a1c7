"""Reading in a process of its own: what comes back, what never does, and what is no calendar."""

from __future__ import annotations

import re
import socket
import threading
from datetime import UTC, datetime
from zoneinfo import ZoneInfoNotFoundError

import pytest

from dashboard.calendars import reading
from dashboard.calendars.codes import SENTENCES, CalendarRefusedError, Code
from dashboard.calendars.components import MOST_BYTES, MOST_EVENTS
from dashboard.calendars.reading import read
from dashboard.calendars.shapes import BusyTime, SetAside
from tests.calendars import MADRID, YEAR, calendar, codes, event
from tests.calendars import read as read_here

TEN = ("DTSTART;TZID=Europe/Madrid:20260302T100000", "DTEND;TZID=Europe/Madrid:20260302T110000")
SECRET = "Whereabouts"
TOLD = (
    f"SUMMARY:{SECRET} <script>alert(1)</script>",
    f"DESCRIPTION:{SECRET}: F41.1",
    f"LOCATION:{SECRET}",
    f"ATTENDEE;CN={SECRET}:mailto:{SECRET}@test",
    f"ORGANIZER;CN={SECRET}:mailto:{SECRET}@test",
    f"CATEGORIES:{SECRET}",
    f"COMMENT:{SECRET}",
    f"X-NOTE:{SECRET}",
    f"STATUS:{SECRET}",
    f"CLASS:{SECRET}",
)


def in_a_process(content: bytes, time_zone: str = MADRID) -> reading.ReadCalendar:
    return read(content, YEAR.since, YEAR.until, time_zone)


def refused(content: bytes) -> tuple[str, int | None]:
    with pytest.raises(CalendarRefusedError) as refusal:
        read_here(content)
    return refusal.value.code, refusal.value.line


def test_busy_times_and_what_was_set_aside_come_back_from_the_process():
    found = in_a_process(calendar(event(*TEN, "SEQUENCE:3", "RRULE:FREQ=YEARLY"), event("DTSTART:never")))
    begins, ends = datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert found.busy == (BusyTime("one@test", begins, begins, ends, False, 3, "CONFIRMED"),)
    assert found.set_aside == (SetAside(Code.DATE, 12, 2),)


def test_the_process_gives_the_same_as_reading_here():
    content = calendar(event(*TEN, "RRULE:FREQ=DAILY"), event("DTSTART;VALUE=DATE:20260501", uid="day@test"))
    assert in_a_process(content) == read_here(content)


def test_nothing_of_what_an_event_is_about_leaves_the_process(monkeypatch):
    outputs = []
    run = reading.subprocess.run

    def noted(*arguments, **options):
        outputs.append(run(*arguments, **options))
        return outputs[-1]

    monkeypatch.setattr(reading.subprocess, "run", noted)
    bad = event(*TOLD, f"DTSTART;TZID={SECRET}:{SECRET}", uid="bad@test")
    assert codes(in_a_process(calendar(event(*TEN, *TOLD), bad))) == ["DATE"]
    with pytest.raises(CalendarRefusedError) as refusal:
        in_a_process(f"BEGIN:VCALENDAR\r\nSUMMARY:{SECRET}\r\n".encode())
    told = "".join(f"{done.stdout}{done.stderr}" for done in outputs) + f"{refusal.value}"
    assert "one@test" in told
    assert SECRET.casefold() not in told.casefold()


def test_nothing_that_a_calendar_points_to_is_fetched():
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(1)

        def listen() -> None:
            try:
                asked.append(server.accept())
            except TimeoutError:
                return

        listener = threading.Thread(target=listen)
        listener.start()
        address = f"http://127.0.0.1:{server.getsockname()[1]}/"
        points = [f"ATTACH:{address}", "ATTACH:file:///etc/passwd", f"URL:{address}", f"IMAGE;VALUE=URI:{address}"]
        (busy,) = in_a_process(calendar(event(*TEN, *points), head=(f"SOURCE;VALUE=URI:{address}",))).busy
        listener.join()
    assert (busy.uid, asked) == ("one@test", [])


def test_the_process_knows_no_secret_of_the_environment(monkeypatch):
    monkeypatch.setenv("INTERSESSION_LOGIN_SECRET", SECRET)
    script = f"import os, json; print(json.dumps({{'refusal': ['TOO_COMPLEX', '{SECRET}' in os.environ.values()]}}))"
    monkeypatch.setattr(reading, "CHILD", ("-c", script))
    with pytest.raises(CalendarRefusedError) as refusal:
        in_a_process(calendar())
    assert refusal.value.line is False


NO_FILES = """
import sys
from dashboard.calendars import child
def refuse(event, arguments):
    if event == "open" and str(arguments[1] or "r")[0] in "wax":
        raise PermissionError(event)
sys.addaudithook(refuse)
child.main()
"""


def test_the_process_writes_to_no_file(monkeypatch):
    monkeypatch.setattr(reading, "CHILD", ("-c", NO_FILES))
    assert in_a_process(calendar(event(*TEN, "RRULE:FREQ=DAILY"))).busy
    monkeypatch.setattr(reading, "CHILD", ("-c", NO_FILES.replace("child.main()", "open('/dev/null', 'w')")))
    with pytest.raises(CalendarRefusedError):
        in_a_process(calendar())


@pytest.mark.parametrize("script", ["import os; os.abort()", "print('Traceback')", "pass", "raise SystemExit(1)"])
def test_a_process_that_fails_in_any_way_is_a_refusal_and_no_error_of_ours(script, monkeypatch):
    monkeypatch.setattr(reading, "CHILD", ("-c", script))
    with pytest.raises(CalendarRefusedError, match="TOO_COMPLEX"):
        in_a_process(calendar(event(*TEN)))


def test_what_is_too_large_or_empty_starts_no_process(monkeypatch):
    monkeypatch.setattr(reading, "CHILD", ("-c", "raise SystemExit"))
    for content, code in ((b" \r\n", "EMPTY_FILE"), (b"x" * (MOST_BYTES + 1), "FILE_TOO_LARGE")):
        with pytest.raises(CalendarRefusedError, match=code):
            in_a_process(content)
        assert refused(content) == (code, None)


def test_a_zone_or_a_window_that_is_none_is_an_error_of_the_caller():
    with pytest.raises(ZoneInfoNotFoundError):
        in_a_process(calendar(), "Madrid/Europe")
    with pytest.raises(ValueError, match="window"):
        read(calendar(), YEAR.until, YEAR.since, MADRID)


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        (b"%PDF-1.7", "NOT_A_CALENDAR", None),
        (event(*TEN).encode(), "NOT_A_CALENDAR", None),
        (calendar(event(*TEN)).removesuffix(b"END:VCALENDAR\r\n"), "CUT_SHORT", None),
        (calendar(event(*TEN))[:-40], "CUT_SHORT", None),
        (calendar(event(*TEN)) + b"BEGIN:VCALENDAR\r\n", "CUT_SHORT", None),
        (calendar(event(*TEN)).replace(b"one@", b"o\0e@"), "NUL_BYTE", 5),
        (calendar(event(*TEN)).decode().encode("utf-16"), "NUL_BYTE", 1),
        (calendar(*["BEGIN:X"] * 60), "TOO_COMPLEX", 53),
        (calendar(*["BEGIN:VEVENT\r\nEND:VEVENT"] * (MOST_EVENTS + 1)), "TOO_MANY_EVENTS", 20004),
    ],
    ids=["pdf", "event", "no-end", "cut", "second-cut", "nul", "utf-16", "deep", "many"],
)
def test_what_is_no_whole_calendar_is_refused(content, code, line):
    assert refused(content) == (code, line)


def test_a_calendar_without_events_is_read():
    found = read_here(calendar("BEGIN:VTODO\r\nDTSTART:20260302T100000Z\r\nEND:VTODO"))
    assert (found.busy, found.set_aside) == ((), ())


def test_an_event_that_is_not_whole_loses_no_other():
    lost = "\r\n".join(("BEGIN:VEVENT", "UID:lost@test", *TEN))
    alarm = "BEGIN:VALARM\r\nDTSTART:20260302T120000Z\r\nDURATION:PT5M\r\nEND:VALARM"
    for before, after in ((lost, ""), ("", lost), ("END:VEVENT", ""), (event(*TEN, "BEGIN:VALARM", uid="x@test"), "")):
        parts = [part for part in (before, event(*TEN, alarm), after) if part]
        found = read_here(calendar(*parts))
        assert codes(found) == ["BROKEN_EVENT"]
        assert [busy.uid for busy in found.busy] == ["one@test"]


def test_lines_may_be_folded_inside_a_character_and_end_in_any_way():
    folded = calendar(event(*TEN, uid="niño@test")).replace(b"\xc3\xb1", b"\xc3\r\n \xb1")
    for ending in (b"\r\n", b"\n", b"\r", b"\r\r\n"):
        for start in (b"", b"\xef\xbb\xbf"):
            content = start + folded.replace(b"\r\n", ending)
            assert [busy.uid for busy in read_here(content).busy] == ["niño@test"]


def test_what_is_not_utf_8_is_latin_1():
    content = calendar(event(*TEN, uid="niño@test")).decode().encode("latin-1")
    assert [busy.uid for busy in read_here(content).busy] == ["niño@test"]


def test_names_are_the_same_in_small_letters():
    content = calendar(event(*TEN, "RRULE:FREQ=DAILY;COUNT=2"))
    zoned = re.sub(rb"[A-Z-]+(?=[:;=])", lambda match: match[0].lower(), content)
    assert read_here(zoned) == read_here(content)


def test_a_file_may_hold_several_calendars_each_with_its_own_zone():
    floating = event("DTSTART:20260302T100000", "DURATION:PT1H")
    canary = calendar(floating, head=("X-WR-TIMEZONE:Atlantic/Canary",))
    found = read_here(canary + calendar(floating.replace("one@", "two@")))
    assert [(busy.uid, busy.starts_at.hour) for busy in found.busy] == [("two@test", 9), ("one@test", 10)]


def test_every_code_has_its_sentence():
    assert set(SENTENCES) == set(Code)
    assert len(set(SENTENCES.values())) == len(SENTENCES)
