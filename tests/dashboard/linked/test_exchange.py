"""Sessions go out and busy times come in, with a real server (Radicale) there; run twice, nothing changes."""

from __future__ import annotations

import icalendar

from dashboard.calendars import queries as calendars
from dashboard.linked import commands
from tests.dashboard.agenda.conftest import now_of
from tests.dashboard.billing.conftest import rows
from tests.dashboard.calendars.conftest import WORDS, busy, hour
from tests.dashboard.linked.conftest import Link, chosen
from tests.dashboard.messages.conftest import run
from tests.radicale import PASSWORD

ENTRIES = "select count(*) from audit_log where table_name like 'linked%' or table_name = 'busy_time'"


def test_a_session_goes_out_without_a_name_and_the_busy_times_of_another_calendar_come_in_without_a_word(
    link: Link,
) -> None:
    link.book(24)
    link.server.put("home/one.ics", busy(48))
    assert link.exchange() == 1
    name, text = link.only()
    [event] = icalendar.Calendar.from_ical(text).walk("VEVENT")
    assert name == str(event["UID"]).replace("@intersession", ".ics")
    assert (str(event["SUMMARY"]), event["DTSTART"].dt, str(event["STATUS"])) == ("Sesión", hour(24), "CONFIRMED")
    assert "Eva" not in text
    assert "Vega" not in text
    assert [
        (each.starts_at, each.ends_at) for each in calendars.busy_between(link.week.manager, hour(0), hour(90))
    ] == [(hour(48), hour(49))]
    [(everything,)] = rows("select string_agg(b::text, ' ') from busy_time as b")
    assert not any(word in everything for word in WORDS.split())
    assert link.problems() == (None, None, None)


def test_a_second_round_changes_nothing_here_or_there(link: Link) -> None:
    for in_hours in (24, 30):
        link.book(in_hours)
    link.server.put("home/one.ics", busy(48, "RRULE:FREQ=WEEKLY;COUNT=5"))
    link.exchange()
    there, here, entries = link.events(), link.kept(), rows(ENTRIES)
    for _turn in range(2):
        assert link.exchange() == 1
    assert (link.events(), link.kept(), rows(ENTRIES)) == (there, here, entries)
    assert len(there) == 2


def test_initials_go_out_where_the_therapist_chose_so(link: Link) -> None:
    link.book(24)
    link.exchange()
    chosen(link.week, shows="initials")
    link.exchange()
    assert "SUMMARY:EV" in link.only()[1]


def test_a_session_that_is_moved_or_cancelled_here_is_so_there_under_the_same_name(link: Link) -> None:
    number = link.book(24)
    link.exchange()
    before, _text = link.only()
    run("update appointment set starts_at = starts_at + interval '3 hours', ends_at = ends_at + interval '3 hours'")
    link.exchange()
    after, text = link.only()
    assert after == before
    assert f"DTSTART:{hour(27):%Y%m%dT%H%M%SZ}" in text
    run("update appointment set state = 'cancelled', cancelled_at = now(), cancelled_by = 'patient'")
    link.exchange()
    assert link.events() == {}
    assert rows("select id from linked_event") == []
    assert now_of(number).state == "cancelled"


def test_our_own_sessions_are_no_busy_times_where_one_calendar_serves_for_both(link: Link) -> None:
    chosen(link.week, busy="Práctica")
    link.book(24)
    link.server.put("work/dentist.ics", busy(48))
    for _turn in range(2):
        link.exchange()
    assert [each.starts_at for each in calendars.busy_between(link.week.manager, hour(0), hour(90))] == [hour(48)]
    assert calendars.conflicts(link.week.therapist) == []


def test_a_session_at_a_busy_time_is_listed_as_a_conflict_and_left_as_it_is(link: Link) -> None:
    number = link.book(24)
    link.server.put("home/one.ics", busy(24))
    link.exchange()
    [conflict] = calendars.conflicts(link.week.therapist)
    assert (conflict.appointment_id, conflict.calendars) == (number, "Home")
    assert now_of(number).state == "booked"


def test_another_calendar_chosen_takes_the_sessions_and_the_first_one_loses_them(link: Link) -> None:
    link.book(24)
    link.exchange()
    name, _text = link.only()
    chosen(link.week, outgoing="Home", busy=None)
    link.exchange()
    assert link.events() == {}
    assert list(link.server.files("home")) == [name]
    chosen(link.week, outgoing=None, busy=None)
    link.exchange()
    assert link.server.files("home") == {}


def test_an_account_connected_again_finds_its_sessions_there_and_writes_none_twice(link: Link) -> None:
    link.book(24)
    link.server.put("home/one.ics", busy(48))
    link.exchange()
    there = link.events()
    commands.disconnect(link.week.therapist)
    assert rows("select count(*) from busy_time") == [(0,)]
    assert rows("select sealed_password, user_name from linked_account") == [(None, "")]
    assert link.exchange() == 0
    commands.connect(link.week.therapist, link.server.address, "ana", PASSWORD)
    chosen(link.week)
    for _turn in range(2):
        link.exchange()
    assert link.events() == there


def test_the_account_of_somebody_who_may_not_sign_in_any_more_is_not_asked(link: Link) -> None:
    link.book(24)
    run("update app_user set is_active = false where id = :id", id=link.week.therapist.user_id)
    assert link.exchange() == 0
    assert link.events() == {}


def test_what_is_over_stays_there_and_is_forgotten_here_after_a_month(link: Link) -> None:
    link.book(24)
    link.exchange()
    there = link.events()
    run("update appointment set starts_at = starts_at - interval '40 days', ends_at = ends_at - interval '40 days'")
    run("update linked_event set starts_at = starts_at - interval '40 days', ends_at = ends_at - interval '40 days'")
    link.exchange()
    assert link.events() == there
    assert rows("select id from linked_event") == []
