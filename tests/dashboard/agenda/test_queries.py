"""Who reads what of the agenda: the office all of it, a therapist their own, and that colleagues are busy."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dashboard import clock
from dashboard.access.actor import Actor, NotAllowedError, NotFoundError
from dashboard.agenda import queries
from dashboard.agenda.queries import Slot
from tests.dashboard.agenda.conftest import Week, now_of

DAYS = timedelta(days=3)


def around(actor: Actor, **narrowed: int) -> list[Slot]:
    """Return what happens within three days of now."""
    return queries.appointments_between(actor, clock.now() - DAYS, clock.now() + DAYS, **narrowed)


def test_the_office_reads_patients_in_their_order(week: Week) -> None:
    appointment = week.book(2, week.partner, week.patient, room_id=week.room)
    for actor in (week.manager, week.front_desk):
        [slot] = around(actor)
        assert (slot.id, slot.state, slot.room_name) == (appointment, "booked", "Sala 1")
        assert [patient.name for patient in slot.patients] == ["Tomás Soto", "Eva Vega"]
        assert (slot.therapist_name, slot.service_name) == ("Ana Ruiz", "Individual")


def test_a_colleague_is_busy_and_nothing_else_is_told(week: Week) -> None:
    week.book(-4, therapist=week.colleague, room_id=week.room)
    [slot] = around(week.therapist)
    assert (slot.id, slot.state, slot.patients, slot.service_name, slot.mode) == (None, "busy", (), None, None)
    assert (slot.is_unconfirmed, slot.version) == (False, 0)
    assert (slot.therapist_name, slot.room_name) == ("Luis Ruiz", "Sala 1")


def test_the_names_of_a_colleagues_patients_are_not_even_read(week: Week, caplog: pytest.LogCaptureFixture) -> None:
    week.book(2, therapist=week.colleague)
    with caplog.at_level("DEBUG", logger="sqlalchemy.engine"):
        around(week.therapist)
        assert "Vega" not in caplog.text
        around(week.front_desk)
        assert "Vega" in caplog.text


@pytest.mark.parametrize("state", ["no_show", "late_cancelled", "cancelled"])
def test_what_a_colleagues_patients_missed_is_not_there(week: Week, state: str) -> None:
    week.book(-4, therapist=week.colleague, state=state)
    assert around(week.therapist) == []
    assert [slot.state for slot in around(week.front_desk)] == [state]


def test_a_therapist_reads_their_own_in_full(week: Week) -> None:
    appointment = week.book(-4)
    [slot] = around(week.therapist)
    assert (slot.id, slot.is_unconfirmed, slot.patients[0].name) == (appointment, True, "Eva Vega")


def test_filters_narrow_and_an_unknown_one_finds_nothing(week: Week) -> None:
    own = week.book(2, room_id=week.room)
    other = week.book(2, week.partner, therapist=week.colleague)
    assert [slot.id for slot in around(week.manager, therapist_id=week.therapist.therapist_id or 0)] == [own]
    assert [slot.id for slot in around(week.manager, room_id=week.room)] == [own]
    assert {slot.id for slot in around(week.manager, site_id=week.site)} == {own, other}
    assert around(week.manager, site_id=999_999) == []


def test_moved_appointments_and_lapsed_requests_are_not_shown(week: Week) -> None:
    kept = week.book(5)
    week.book(2, state="cancelled", moved_to_id=kept)
    week.book(8, state="held", held_until=clock.now() - timedelta(seconds=1))
    assert [slot.id for slot in around(week.manager)] == [kept]


def test_a_period_holds_its_first_moment_and_not_its_last_also_when_clocks_change(week: Week) -> None:
    zone = ZoneInfo("Europe/Madrid")
    since, until = datetime(2026, 3, 29, tzinfo=zone), datetime(2026, 3, 30, tzinfo=zone)
    assert until.astimezone(UTC) - since.astimezone(UTC) == timedelta(hours=23)
    first = week.book(0, starts_at=since)
    last = week.book(0, starts_at=until - timedelta(hours=1))
    week.book(0, starts_at=until)
    assert [slot.id for slot in queries.appointments_between(week.manager, since, until)] == [first, last]


def test_the_register_holds_what_is_over_and_not_marked_the_oldest_first(week: Week) -> None:
    newer, older = week.book(-3), week.book(-30)
    week.book(-0.5)
    week.book(2)
    week.book(-6, state="attended")
    assert [slot.id for slot in queries.unconfirmed_appointments(week.front_desk)] == [older, newer]
    assert queries.unconfirmed_count(week.front_desk) == 2
    assert [slot.id for slot in queries.unconfirmed_appointments(week.front_desk, limit=1, offset=1)] == [newer]


def test_a_therapist_has_a_register_of_their_own(week: Week) -> None:
    own = week.book(-3)
    week.book(-6, therapist=week.colleague)
    assert [slot.id for slot in queries.unconfirmed_appointments(week.therapist)] == [own]
    assert queries.unconfirmed_count(week.therapist) == 1
    assert queries.unconfirmed_count(week.therapist, therapist_id=week.colleague.therapist_id) == 0


def test_what_comes_next_is_a_therapists_own_or_everybodys(week: Week) -> None:
    starts = clock.now() - timedelta(minutes=10)
    day = starts.astimezone(ZoneInfo("Europe/Madrid")).date()
    own = week.book(0, starts_at=starts)
    other = week.book(0, week.partner, therapist=week.colleague, starts_at=starts)
    week.book(-30)
    assert [slot.id for slot in queries.next_appointments(week.therapist, day, "Europe/Madrid")] == [own]
    assert {slot.id for slot in queries.next_appointments(week.front_desk, day, "Europe/Madrid")} == {own, other}


def test_the_panel_shows_the_price_to_the_office_and_not_to_a_therapist(week: Week) -> None:
    appointment = week.book(2)
    assert queries.appointment(week.front_desk, appointment).fee_cents == 6_000
    assert queries.appointment(week.therapist, appointment).fee_cents is None
    assert queries.appointment(week.manager, appointment).slot.version == now_of(appointment).version


def test_a_colleagues_panel_and_no_panel_are_refused_in_the_same_words(week: Week) -> None:
    colleagues = week.book(2, therapist=week.colleague)
    words = set()
    for refused in (colleagues, 999_999):
        with pytest.raises(NotFoundError) as error:
            queries.appointment(week.therapist, refused)
        words.add(str(error.value))
    assert len(words) == 1


ASKED: list[Callable[[Any], object]] = [
    around,
    queries.unconfirmed_appointments,
    queries.unconfirmed_count,
    lambda actor: queries.next_appointments(actor, clock.today("Europe/Madrid"), "Europe/Madrid"),
    lambda actor: queries.appointment(actor, 1),
]


@pytest.mark.parametrize("ask", ASKED)
def test_an_auditor_and_nobody_read_nothing(week: Week, ask: Callable[[Any], object]) -> None:
    week.book(2)
    for nobody in (week.auditor, None, "front_desk"):
        with pytest.raises(NotAllowedError):
            ask(nobody)
