"""Several versions of an event: the newest counts, what is cancelled is gone, and a moved occurrence is where it is."""

from __future__ import annotations

import pytest

from tests.calendars import calendar, codes, event, local, one, read

MONDAY = ("DTSTART;TZID=Europe/Madrid:20260302T100000", "DURATION:PT1H")
TUESDAY = ("DTSTART;TZID=Europe/Madrid:20260303T100000", "DURATION:PT1H")
SECOND = "RECURRENCE-ID;TZID=Europe/Madrid:20260303T100000"
DAILY = event(*MONDAY, "RRULE:FREQ=DAILY;COUNT=4")


def days(found) -> list[str]:
    return [local(busy)[:11] for busy in found.busy]


@pytest.mark.parametrize("is_newer_first", [True, False])
def test_of_two_versions_the_higher_sequence_counts_wherever_it_stands(is_newer_first):
    versions = [event(*MONDAY, "SEQUENCE:1"), event(*TUESDAY, "SEQUENCE:2")]
    found = read(calendar(*(reversed(versions) if is_newer_first else versions)))
    assert days(found) == ["03/03 10:00"]
    assert codes(found) == ["OLDER_VERSION"]
    assert found.busy[0].sequence == 2


def test_the_same_event_twice_counts_once():
    found = read(calendar(event(*MONDAY), event(*MONDAY), event(*MONDAY, uid="other@test")))
    assert codes(found) == ["DUPLICATE"]
    assert [busy.uid for busy in found.busy] == ["one@test", "other@test"]


def test_of_the_same_sequence_what_was_changed_last_counts():
    early = event(*MONDAY, "LAST-MODIFIED:20260102T000000Z")
    late = event(*TUESDAY, "LAST-MODIFIED:20260103T000000Z")
    assert days(read(calendar(late, early))) == ["03/03 10:00"]


@pytest.mark.parametrize("sequence", ["SEQUENCE:many", "SEQUENCE:-1", "SEQUENCE:99999999999", "SEQUENCE:١"])
def test_a_sequence_that_is_no_number_counts_as_the_first(sequence):
    assert one(calendar(event(*MONDAY, sequence))).sequence == 0


def test_a_cancelled_event_takes_no_time():
    found = read(calendar(event(*MONDAY, "STATUS:CANCELLED"), event(*TUESDAY, uid="good@test")))
    assert codes(found) == ["CANCELLED"]
    assert [busy.uid for busy in found.busy] == ["good@test"]


def test_calling_off_what_nobody_knows_is_noted_and_nothing_else():
    assert codes(read(calendar(event("SEQUENCE:3"), head=("METHOD:CANCEL",)))) == ["CANCELLED"]


def test_a_series_that_is_called_off_takes_its_changed_occurrences_with_it():
    moved = event(SECOND, "DTSTART:20260305T150000Z", "DURATION:PT1H")
    anew = event(SECOND.replace("0303", "0304"), "DTSTART:20260306T150000Z", "DURATION:PT1H", "SEQUENCE:2")
    found = read(calendar(event(*MONDAY, "RRULE:FREQ=DAILY", "STATUS:CANCELLED", "SEQUENCE:1"), moved, anew))
    assert days(found) == ["06/03 16:00"]
    assert codes(found) == ["CANCELLED", "CANCELLED"]


def test_a_moved_occurrence_is_where_it_was_moved_and_keeps_its_name():
    found = read(calendar(event(SECOND, "DTSTART:20260305T150000Z", "DURATION:PT2H"), DAILY))
    assert days(found) == ["02/03 10:00", "04/03 10:00", "05/03 10:00", "05/03 16:00"]
    moved = found.busy[-1]
    assert moved.recurrence_id is not None
    assert moved.recurrence_id.isoformat() == "2026-03-03T09:00:00+00:00"


@pytest.mark.parametrize(
    "which", ["RECURRENCE-ID:20260303T090000Z", "RECURRENCE-ID;VALUE=DATE:20260303", "RECURRENCE-ID:20260303T100000"]
)
def test_an_occurrence_may_be_named_by_its_moment_or_by_its_day(which):
    found = read(calendar(DAILY, event(which, "STATUS:CANCELLED")))
    assert days(found) == ["02/03 10:00", "04/03 10:00", "05/03 10:00"]
    assert codes(found) == ["CANCELLED"]


def test_an_occurrence_of_whole_days_is_named_by_its_day():
    week = event("DTSTART;VALUE=DATE:20260302", "RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE:20260316T000000Z")
    moved = event("RECURRENCE-ID;VALUE=DATE:20260309", "DTSTART;VALUE=DATE:20260310")
    assert days(read(calendar(week, moved))) == ["02/03 00:00", "10/03 00:00"]


def test_a_change_of_this_and_all_later_occurrences_moves_them_all():
    change = event(SECOND.replace(";", ";RANGE=THISANDFUTURE;"), "DTSTART:20260303T150000Z", "DURATION:PT30M")
    found = read(calendar(DAILY, change))
    assert days(found) == ["02/03 10:00", "03/03 16:00", "04/03 16:00", "05/03 16:00"]
    assert local(found.busy[-1]) == "05/03 16:00 – 05/03 16:30"


def test_calling_off_this_and_all_later_occurrences_leaves_the_earlier():
    change = event(SECOND.replace(";", ";RANGE=THISANDFUTURE;"), "STATUS:CANCELLED")
    assert days(read(calendar(DAILY, change))) == ["02/03 10:00"]


def test_an_occurrence_that_a_newer_series_no_longer_has_is_not_busy():
    moved = event(SECOND, "DTSTART:20260305T150000Z", "DURATION:PT2H", "SEQUENCE:1")
    without = event(*MONDAY, "RRULE:FREQ=DAILY;COUNT=2", "EXDATE:20260303T090000Z", "SEQUENCE:2")
    ended = event(*MONDAY, "RRULE:FREQ=DAILY;UNTIL=20260302T235959Z", "SEQUENCE:2")
    for series in (without, ended):
        found = read(calendar(moved, series))
        assert days(found) == ["02/03 10:00"]
        assert codes(found) == ["OLDER_VERSION"]


def test_an_occurrence_without_its_series_is_busy():
    assert days(read(calendar(event(SECOND, *TUESDAY)))) == ["03/03 10:00"]


def test_free_time_is_not_busy_and_noted():
    found = read(calendar(event(*MONDAY, "TRANSP:TRANSPARENT"), event(*MONDAY, "TRANSP:OPAQUE", uid="good@test")))
    assert codes(found) == ["TRANSPARENT"]
    assert [busy.uid for busy in found.busy] == ["good@test"]


@pytest.mark.parametrize("method", ["REQUEST", "REPLY", "COUNTER", "ADD", "REFRESH", "anything"])
def test_an_invitation_is_noted_and_not_a_busy_time(method):
    found = read(calendar(event(*MONDAY, "ORGANIZER:mailto:stranger@test"), head=(f"METHOD:{method}",)))
    assert (codes(found), found.busy) == (["INVITATION"], ())


def test_a_published_calendar_is_no_invitation():
    assert one(calendar(event(*MONDAY, "STATUS:TENTATIVE"), head=("METHOD:PUBLISH",))).status == "TENTATIVE"


def test_what_is_neither_tentative_nor_cancelled_is_confirmed():
    assert one(calendar(event(*MONDAY, "STATUS:Whatever she wrote"))).status == "CONFIRMED"


def test_an_event_without_an_identifier_gets_one_that_lasts_as_long_as_the_event():
    def without_uid(stamp: str, *lines: str) -> bytes:
        whole = "\r\n".join(("BEGIN:VEVENT", f"DTSTAMP:{stamp}", *lines, "END:VEVENT"))
        return calendar(whole)

    first = read(without_uid("20260101T000000Z", *MONDAY))
    again = read(without_uid("20260202T000000Z", *MONDAY))
    other = read(without_uid("20260101T000000Z", *TUESDAY))
    assert codes(first) == ["NO_UID"]
    assert first.busy[0].uid == again.busy[0].uid != other.busy[0].uid
