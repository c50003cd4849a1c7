"""Busy times come in whole or not at all, without a word of what they are about, and no appointment is touched."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

import pytest

from dashboard.access.actor import Actor, NotAllowedError, NotFoundError, RuleBrokenError
from dashboard.calendars import commands, queries
from dashboard.calendars.codes import CalendarRefusedError, Code
from dashboard.calendars.commands import take_in
from dashboard.calendars.queries import busy_between, calendars, conflicts
from dashboard.db import DatabaseRefusal
from tests.calendars import event
from tests.dashboard.agenda.conftest import Week
from tests.dashboard.billing.conftest import owner, rows
from tests.dashboard.calendars.conftest import WORDS, busy, file, hour

EVERYTHING = "select string_agg(b::text, ' ') from busy_time as b"
KEPT = "select id, starts_at, ends_at, imported_at from busy_time order by id"
ENTRIES = "select count(*) from audit_log where table_name = 'busy_time'"


def all_of(actor: Actor) -> list[queries.Busy]:
    """Return everything that ``actor`` reads of busy times."""
    return busy_between(actor, hour(-48), hour(24 * 400))


def test_a_file_is_read_and_says_when_and_nothing_else(week: Week) -> None:
    told = take_in(week.therapist, "  Home\u200b  ", file(busy(24), busy(48, uid="Quokka@home")))
    assert (told.calendar, told.read, told.added, told.removed) == ("Home", 2, 2, 0)
    assert [(one.therapist_id, one.starts_at, one.ends_at) for one in all_of(week.therapist)] == [
        (week.therapist.therapist_id, hour(24), hour(25)),
        (week.therapist.therapist_id, hour(48), hour(49)),
    ]
    [(everything,)] = rows(EVERYTHING)
    assert "Home" in everything
    assert not any(word in everything for word in (*WORDS.split(), "test", "@"))


def test_the_same_file_again_changes_nothing(week: Week) -> None:
    content = file(busy(24), busy(24, "RRULE:FREQ=DAILY;COUNT=30", uid="two@test"))
    first = take_in(week.therapist, "Home", content)
    before, entries = rows(KEPT), rows(ENTRIES)
    again = take_in(week.therapist, "Home", content)
    assert (first.added, first.is_unchanged) == (31, False)
    assert (again.read, again.is_unchanged) == (31, True)
    assert (rows(KEPT), rows(ENTRIES)) == (before, entries)


def test_a_large_calendar_is_one_entry_of_the_audit_log(week: Week) -> None:
    take_in(week.therapist, "Home", file(busy(24, "RRULE:FREQ=DAILY;COUNT=600")))
    logged = "select operation, user_id, rows, row_key from audit_log where table_name = 'busy_time'"
    assert rows(logged) == [("insert", week.therapist.user_id, 600, None)]


def test_a_newer_file_replaces_that_calendar_and_no_other(week: Week) -> None:
    take_in(week.therapist, "Work", file(busy(24)))
    take_in(week.therapist, "Home", file(busy(24), busy(30, uid="two@test")))
    told = take_in(week.therapist, "Home", file(busy(25), busy(30, uid="two@test")))
    assert (told.read, told.added, told.removed) == (2, 1, 1)
    assert [one.starts_at for one in all_of(week.therapist)] == [hour(24), hour(25), hour(30)]
    assert [(one.name, one.number) for one in calendars(week.therapist)] == [("Home", 2), ("Work", 1)]


def test_of_a_file_with_a_bad_event_the_good_ones_are_read_and_the_bad_one_is_named(week: Week) -> None:
    told = take_in(week.therapist, "Home", file(busy(24), busy(25, uid="bad@test", hours=-1)))
    assert (told.read, told.by_code) == (1, {"BAD_INTERVAL": 1})
    assert [(each.code, each.ordinal) for each in told.set_aside] == [(Code.BAD_INTERVAL, 2)]


def test_a_file_that_is_no_calendar_leaves_everything_as_it_was_and_is_on_record(week: Week) -> None:
    take_in(week.therapist, "Home", file(busy(24)))
    before = rows(KEPT)
    with pytest.raises(CalendarRefusedError):
        take_in(week.therapist, "Home", b"BEGIN:VCARD\r\nEND:VCARD\r\n")
    assert rows(KEPT) == before
    noted = "select user_id, reason, length(row_key) from audit_log where operation = 'refused'"
    assert rows(noted) == [(week.therapist.user_id, "NOT_A_CALENDAR", 64)]


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (("RRULE:FREQ=SECONDLY;COUNT=1000000000",), "RRULE_FREQUENCY"),
        (("RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",), "RRULE_EMPTY"),
        (("DTSTART;TZID=Quokka/Smith:20270101T100000",), "TIME_ZONE"),
        (("STATUS:CANCELLED",), "CANCELLED"),
        (("TRANSP:TRANSPARENT",), "TRANSPARENT"),
    ],
)
def test_an_event_of_the_catalogue_of_bad_inputs_is_named_and_the_others_are_read(
    week: Week, lines: tuple[str, ...], code: str
) -> None:
    bad = busy(24, *lines, uid="bad@test")
    if lines[0].startswith("DTSTART"):
        bad = event(*lines, "DURATION:PT1H", uid="bad@test")
    told = take_in(week.therapist, "Home", file(bad, busy(48)))
    assert (told.read, told.by_code) == (1, {code: 1})


def test_no_word_of_a_calendar_comes_into_the_log(week: Week, caplog: pytest.LogCaptureFixture) -> None:
    content = file(busy(24, "ATTACH:file:///etc/passwd"), busy(25, "RRULE:FREQ=Quokka", uid="Quokka@test"))
    with caplog.at_level(logging.DEBUG):
        take_in(week.therapist, "Home", content)
        for broken in (content[:-40], content + b"\0", b"Quokka with Dr Smith"):
            with pytest.raises(CalendarRefusedError) as refused:
                take_in(week.therapist, "Home", broken)
            assert "Quokka" not in str(refused.value)
    assert not [word for word in (*WORDS.split(), "passwd") if word in caplog.text]


def test_what_fails_half_way_leaves_everything_as_it_was(week: Week) -> None:
    take_in(week.therapist, "Home", file(busy(24)))
    before = rows(KEPT)
    with owner() as connection:
        connection.exec_driver_sql(
            "create function fails() returns trigger language plpgsql as"
            " $$ begin if new.starts_at > now() + interval '60 hours' then raise 'no'; end if; return new; end $$;"
            " create trigger fails before insert on busy_time for each row execute function fails()"
        )
    with pytest.raises(DatabaseRefusal):
        take_in(week.therapist, "Home", file(busy(30), busy(72, uid="two@test")))
    assert rows(KEPT) == before


def test_two_files_at_once_end_as_one_of_them(week: Week) -> None:
    files = [file(*(busy(24 + n, uid=f"{name}{n}@test") for n in range(40))) for name in "ab" for _ in range(2)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda content: take_in(week.therapist, "Home", content), files))
    assert len(all_of(week.therapist)) == 40


def test_what_is_over_is_not_kept(week: Week) -> None:
    assert take_in(week.therapist, "Home", file(busy(-72), busy(24, uid="two@test"))).read == 1


def test_a_booked_session_is_a_conflict_and_stays_as_it_is(week: Week) -> None:
    booked = week.book(0, week.patient, week.partner, starts_at=hour(24))
    week.book(0, starts_at=hour(30))
    week.book(0, starts_at=hour(24), therapist=week.colleague, state="cancelled")
    before = rows("select * from appointment order by id")
    take_in(week.therapist, "Home", file(busy(24.5), busy(24.75, uid="two@test")))
    take_in(week.therapist, "Work", file(busy(25)))  # it ends where this begins
    [found] = conflicts(week.therapist)
    assert (found.appointment_id, found.patients, found.calendars) == (booked, "Eva Vega, Tomás Soto", "Home")
    assert (found.busy_from, found.busy_until) == (hour(24.5), hour(25.75))
    assert rows("select * from appointment order by id") == before
    assert conflicts(week.colleague) == []


def test_a_calendar_is_taken_out_by_whom_it_is_of(week: Week) -> None:
    take_in(week.therapist, "Home", file(busy(24)))
    with pytest.raises(NotFoundError):
        commands.remove_calendar(week.colleague, "Home")
    assert commands.remove_calendar(week.therapist, "Home") == 1
    assert calendars(week.therapist) == []


def test_a_calendar_needs_a_name_and_there_are_ten(week: Week) -> None:
    for nothing in ("", "  ", "\u200b\n"):
        with pytest.raises(RuleBrokenError, match="name"):
            take_in(week.therapist, nothing, file(busy(24)))
    for number in range(10):
        take_in(week.therapist, f"Calendar {number}", file(busy(24)))
    with pytest.raises(RuleBrokenError, match="ten"):
        take_in(week.therapist, "Another", file(busy(24)))
    assert take_in(week.therapist, "Calendar 3", file(busy(24))).is_unchanged


def test_only_a_therapist_has_calendars(week: Week) -> None:
    for other in (week.manager, week.front_desk, week.auditor):
        for ask in (lambda who: take_in(who, "Home", file(busy(24))), calendars, conflicts):
            with pytest.raises(NotAllowedError):
                ask(other)
    with pytest.raises(NotAllowedError):
        all_of(week.auditor)


def test_the_office_reads_that_somebody_is_busy_and_a_colleague_nothing(week: Week) -> None:
    take_in(week.therapist, "Home", file(busy(24)))
    take_in(week.colleague, "Home", file(busy(26)))
    for office in (week.manager, week.front_desk):
        assert len(all_of(office)) == 2
        [one] = busy_between(office, hour(0), hour(100), week.colleague.therapist_id)
        assert (one.starts_at, one.is_all_day) == (hour(26), False)
    assert [one.starts_at for one in all_of(week.colleague)] == [hour(26)]
    assert busy_between(week.colleague, hour(0), hour(100), week.therapist.therapist_id) == []
    assert busy_between(week.manager, hour(25), hour(26)) == []  # neither the one that ends nor the one that begins
