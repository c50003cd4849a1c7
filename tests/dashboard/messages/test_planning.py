"""What is planned for whom: the ladder, confirmations, changes and cancellations; with consent, out of quiet hours."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg
import pytest

from dashboard import clock, db
from dashboard.agenda.attendees import change_attendees
from dashboard.messages.planning import plan_due
from dashboard.team.models import Site
from tests.dashboard.billing.conftest import add, rows
from tests.dashboard.messages.conftest import Family, House, consents, messages, run, unbuild, withdraws

MADRID = ZoneInfo("Europe/Madrid")


def plan(later: timedelta = timedelta()) -> None:
    plan_due(clock.now() + later)


def test_the_steps_of_the_ladder_that_are_still_ahead_are_planned_once(house: House) -> None:
    house.old(24 * 9)
    plan()
    assert messages() == [("reminder", step, "planned") for step in ("7d", "2d", "1d")]
    again = plan_due(clock.now())
    assert (again.added, again.judged) == (0, 0)


def test_steps_that_are_past_are_not_made_up_for(house: House) -> None:
    house.old(30)
    plan()
    assert messages() == [("reminder", "1d", "planned")]


def test_each_reminder_is_due_its_hours_before(house: House) -> None:
    house.old(24 * 8)
    plan()
    found = messages("starts_at - due_at")
    assert [int(ahead.total_seconds() // 3600) for (ahead,) in found] == [168, 48, 24]


def test_a_new_booking_is_confirmed_and_an_old_or_imported_one_is_not(house: House) -> None:
    house.week.book(24 * 3)
    house.old(24 * 20)
    house.week.book(24 * 21, is_imported=True)
    plan()
    assert [row for row in messages() if row[0] == "confirmation"] == [("confirmation", "", "planned")]


def test_of_a_series_booked_at_once_the_first_session_is_confirmed(house: House) -> None:
    run(
        "insert into appointment_series (id, frequency, local_time, starts_on) overriding system value"
        " values (1, 'weekly', '10:00', '2026-01-05')"
    )
    for turn in (40, 20, 60):
        house.week.book(24 * turn, series_id=1)
    plan()
    [(starts_at,)] = rows("select starts_at from message where kind = 'confirmation'")
    assert starts_at - clock.now() < timedelta(days=21)


def comes(house: House, appointment: int, *patients: int) -> None:
    """Let front desk say anew who comes."""
    [(version,)] = rows("select version from appointment where id = :id", id=appointment)
    change_attendees(house.week.front_desk, appointment, patients, version=version, overriding={"too_many"})


def confirmed() -> list[list[int | None]]:
    return [row for kind, *row in messages("kind, patient_id, guardian_id") if kind == "confirmation"]


def test_who_joins_an_appointment_is_confirmed_it_once_and_who_was_there_is_not(house: House, family: Family) -> None:
    appointment = house.old(24 * 8)
    consents(family.child, guardian=family.mother)
    plan()
    said(appointment)
    comes(house, appointment, house.patient, family.child)
    plan()
    plan()
    assert confirmed() == [[family.child, family.mother]]


def test_who_joins_what_was_just_booked_is_confirmed_as_the_others_are(house: House) -> None:
    consents(house.week.partner)
    run("update patient set email = 'luis@example.org' where id = :id", id=house.week.partner)
    appointment = house.week.book(24 * 8)
    comes(house, appointment, house.patient, house.week.partner)
    plan()
    assert sorted(confirmed()) == [[house.patient, None], [house.week.partner, None]]


def test_who_joined_days_ago_is_not_confirmed_any_more(house: House) -> None:
    appointment = house.old(24 * 8, house.week.partner)
    comes(house, appointment, house.week.partner, house.patient)
    plan(timedelta(hours=25))
    assert confirmed() == []


def said(appointment: int) -> None:
    """Let the first message of an appointment be sent, as it is."""
    run(
        "update message set state = 'sent', sent_at = now(), message_id = '<1@x>' where id = ("
        " select min(id) from message where appointment_id = :id)",
        id=appointment,
    )


def move(appointment: int, by: timedelta) -> None:
    run(
        "update appointment set starts_at = starts_at + :by, ends_at = ends_at + :by, version = version + 1"
        " where id = :id",
        id=appointment,
        by=by,
    )


def test_who_was_told_an_hour_is_told_another_and_the_reminders_of_the_old_one_lapse(house: House) -> None:
    appointment = house.old(24 * 8)
    plan()
    said(appointment)
    for _turn in range(2):
        move(appointment, timedelta(hours=3))
        plan()
    plan()
    kinds = messages()
    assert kinds.count(("change", "2", "lapsed")) == 1  # never sent: the next one says all there is to say
    assert kinds.count(("change", "3", "planned")) == 1
    assert sum(kind == "reminder" and state == "planned" for kind, _step, state in kinds) == 3


def held(appointment: int, mode: str) -> None:
    """Let an appointment be held in another way at the same hour."""
    run("update appointment set mode = :mode, version = version + 1 where id = :id", id=appointment, mode=mode)


def changes() -> list[tuple[object, ...]]:
    """Return the letters that tell of a change, with the place that each tells."""
    return [row[1:] for row in messages("kind, step, state, place") if row[0] == "change"]


def test_who_was_told_a_place_is_told_another_at_the_same_hour(house: House) -> None:
    appointment = house.old(24 * 8)
    plan()
    said(appointment)
    held(appointment, "online")
    plan()
    plan()
    assert changes() == [("2", "planned", "online")]
    assert [row for row in messages() if row[0] == "reminder"][1:] == [
        ("reminder", "2d", "planned"),
        ("reminder", "1d", "planned"),
    ]


def test_a_place_that_was_taken_back_before_anybody_was_told_is_not_told(house: House) -> None:
    appointment = house.old(24 * 8)
    plan()
    said(appointment)
    for mode in ("telephone", "in_person"):
        held(appointment, mode)
        plan()
    assert changes() == [("2", "lapsed", "telephone")]
    held(appointment, "online")
    plan()
    assert changes() == [("2", "lapsed", "telephone"), ("4", "planned", "online")]


def test_another_room_is_no_other_place_and_another_site_is(house: House) -> None:
    appointment = house.old(24 * 8, room_id=house.week.room)
    plan()
    said(appointment)
    run("update appointment set room_id = null, version = version + 1 where id = :id", id=appointment)
    plan()
    assert changes() == []
    site = add(Site, name="Sur")
    run("update appointment set site_id = :site, version = version + 1 where id = :id", id=appointment, site=site)
    plan()
    assert changes() == [("3", "planned", f"site {site}")]


def test_a_move_there_and_back_is_told_both_times(house: House) -> None:
    appointment = house.old(24 * 8)
    plan()
    said(appointment)
    for by in (3, -3):
        move(appointment, timedelta(hours=by))
        plan()
        run(
            "update message set state = 'sent', sent_at = clock_timestamp(), message_id = '<1@x>'"
            " where kind = 'change' and state = 'planned'"
        )
    assert [row for row in messages("kind, step, state") if row[0] == "change"] == [
        ("change", "2", "sent"),
        ("change", "3", "sent"),
    ]


def test_who_was_told_nothing_yet_is_told_of_no_change(house: House) -> None:
    appointment = house.old(24 * 20)
    plan()
    move(appointment, timedelta(hours=3))
    plan()
    assert not [row for row in messages() if row[0] == "change"]


def test_a_cancellation_is_told_and_the_reminders_lapse(house: House) -> None:
    appointment = house.old(24 * 8)
    plan()
    run(
        "update appointment set state = 'cancelled', cancelled_at = now(), cancelled_by = 'practice',"
        " version = version + 1 where id = :id",
        id=appointment,
    )
    plan()
    plan()
    assert sorted({(kind, state) for kind, _step, state in messages()}) == [
        ("cancellation", "planned"),
        ("reminder", "lapsed"),
    ]


def test_a_cancellation_that_was_told_and_is_taken_back_is_told_too(house: House) -> None:
    appointment = house.old(24 * 20, state="cancelled")
    run("update appointment set cancelled_at = now() where id = :id", id=appointment)
    plan()
    said(appointment)
    run(
        "update appointment set state = 'booked', cancelled_at = null, cancelled_by = null, version = version + 1"
        " where id = :id",
        id=appointment,
    )
    plan()
    assert messages()[-1][0] == "change"


@pytest.mark.parametrize("what", ["consent", "address"])
def test_what_may_not_be_sent_is_withheld_until_that_is_mended(house: House, what: str) -> None:
    house.old(30)
    plan()
    if what == "consent":
        withdraws(house.consent)
    else:
        run("update patient set email = ' ' where id = :id", id=house.patient)
    plan()
    assert messages("state, withheld_reason") == [("withheld", f"no_{what}")]
    if what == "consent":
        consents(house.patient)
    else:
        run("update patient set email = 'eva@example.org' where id = :id", id=house.patient)
    plan()
    assert messages("state, withheld_reason") == [("planned", None)]


def test_without_a_consent_ever_it_is_withheld_from_the_start(house: House) -> None:
    house.old(30, house.week.partner)
    plan()
    assert messages("state, withheld_reason") == [("withheld", "no_consent")]


def test_a_consent_to_treatment_is_none_to_be_contacted(house: House) -> None:
    consents(house.week.partner, "treatment")
    run("update patient set email = 'tomas@example.org' where id = :id", id=house.week.partner)
    house.old(30, house.week.partner)
    plan()
    assert messages("state, withheld_reason") == [("withheld", "no_consent")]


def test_for_a_child_the_guardians_with_authority_are_written_to(house: House, family: Family) -> None:
    house.old(30, family.child)
    plan()
    assert messages("state, guardian_id, language") == [("planned", family.mother, "en")]


def test_a_childs_message_waits_for_a_guardian_with_authority(house: House, family: Family) -> None:
    run("update guardian set has_authority = null where id = :id", id=family.mother)
    house.old(30, family.child)
    plan()
    assert messages("state, withheld_reason, guardian_id") == [("withheld", "no_guardian", None)]
    run("update guardian set has_authority = true where id = :id", id=family.mother)
    plan()
    assert sorted(messages("state, guardian_id"), key=str) == [("lapsed", None), ("planned", family.mother)]


@pytest.mark.parametrize(
    "closing",
    [
        "update patient set status = 'archived', discharged_on = practice_today() where id = :id",
        "update patient set died_on = practice_today() where id = :id",
        "insert into processing_restriction (patient_id, reason, by_id) select :id, 'A dispute', min(id) from app_user",
    ],
)
def test_a_closed_file_gets_no_message(house: House, closing: str) -> None:
    house.old(24 * 3)
    plan()
    house.old(30)
    run(closing, id=house.patient)
    plan()
    assert {state for _kind, _step, state in messages()} == {"lapsed"}
    assert len(messages()) == 2


def test_an_appointment_of_two_is_told_to_each(house: House) -> None:
    consents(house.week.partner)
    run("update patient set email = 'tomas@example.org' where id = :id", id=house.week.partner)
    house.old(30, house.patient, house.week.partner)
    plan()
    assert set(messages("patient_id, state")) == {
        (house.patient, "planned"),
        (house.week.partner, "planned"),
    }


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ("2026-03-28 21:30", "2026-03-29 08:00"),  # the night when clocks go forward
        ("2026-03-29 03:30", "2026-03-29 08:00"),
        ("2026-10-24 23:00", "2026-10-25 08:00"),  # the night when they go back
        ("2026-10-25 02:30", "2026-10-25 08:00"),
        ("2026-10-25 20:59", "2026-10-25 20:59"),
        ("2026-10-25 21:00", "2026-10-26 08:00"),
        ("2026-10-25 08:00", "2026-10-25 08:00"),
    ],
)
def test_quiet_hours_are_those_of_the_clock_on_the_wall_also_when_it_changes(
    house: House, asked: str, wanted: str
) -> None:
    due = datetime.fromisoformat(asked).replace(tzinfo=MADRID)
    [(hour,)] = rows("select message_hour(:due, '21:00', '08:00', 'Europe/Madrid')", due=due)
    assert hour == datetime.fromisoformat(wanted).replace(tzinfo=MADRID)


def test_quiet_hours_that_end_in_an_hour_that_is_twice_or_never_move_nothing_back(house: House) -> None:
    for day in ("2026-03-28", "2026-10-24"):
        start = datetime.fromisoformat(f"{day} 20:00").replace(tzinfo=MADRID)
        for minutes in range(0, 14 * 60, 15):
            due = start + timedelta(minutes=minutes)
            [(hour, calm)] = rows(
                "select h, message_hour(h, '22:00', '02:30', 'Europe/Madrid') = h"
                " from (select message_hour(:due, '22:00', '02:30', 'Europe/Madrid') as h) as t",
                due=due,
            )
            assert calm
            assert due <= hour <= due + timedelta(hours=6)


def test_a_reminder_of_the_night_waits_for_the_morning(house: House) -> None:
    run("update message_rule set quiet_from = '21:00', quiet_until = '08:00'")
    tomorrow = clock.now().astimezone(MADRID).date() + timedelta(days=3)
    starts = datetime(tomorrow.year, tomorrow.month, tomorrow.day, 7, 15, tzinfo=MADRID)
    house.old(0, starts_at=starts)
    plan()
    assert messages("due_at")[-1][0] == (starts - timedelta(days=1)).replace(hour=8, minute=0)


def test_the_login_of_messages_sees_no_table_of_the_practice(house: House) -> None:
    address = db.url("messenger").set(drivername="postgresql").render_as_string(hide_password=False)
    house.old(30)
    plan()
    with psycopg.connect(address, autocommit=True, options="-c search_path=practice") as connection:
        for table in ("patient", "appointment", "consent", "guardian", "session_note", "practice_profile", "app_user"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"select 1 from {table}")
        # What a message says is told of the one that is claimed, and of no other.
        assert connection.execute("select * from message_content((select id from message))").fetchall() == []
        connection.execute("update message set state = 'sending', message_id = '<1@x>'")
        [content] = connection.execute("select address from message_content((select id from message))").fetchall()
        assert content == ("eva@example.org",)


def test_while_the_figures_are_not_built_nothing_is_planned(house: House) -> None:
    house.old(30)
    unbuild()
    with pytest.raises(db.DatabaseRefusal, match="not_built"):
        plan()
    assert messages() == []
