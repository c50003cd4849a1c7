"""What visitors may do: nothing but call functions, which hold, confirm, show, move and cancel what is theirs."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from dashboard import clock, db
from dashboard.public_booking import visits
from tests.dashboard.billing.conftest import rows
from tests.dashboard.messages.conftest import run
from tests.dashboard.public_booking.conftest import Open, details, letters, state

FUNCTIONS = {
    *("visitor_practice", "visitor_services", "visitor_therapists", "visitor_free_hours", "visitor_hold"),
    *("visitor_leave", "visitor_details", "visitor_confirm", "visitor_request", "visitor_cancel", "visitor_move"),
    *("offer_shown", "offer_answer"),
}
CALLABLE = """
select p.proname from pg_proc as p where p.pronamespace = current_schema()::regnamespace
    and has_function_privilege('visitor', p.oid, 'execute') and p.prorettype <> 'trigger'::regtype
"""
READABLE = """
select c.relname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
where n.nspname not in ('pg_catalog', 'information_schema') and c.relkind in ('r', 'v', 'm', 'S', 'p')
    and (has_table_privilege('visitor', c.oid, 'select, insert, update, delete, truncate, references, trigger')
        or has_any_column_privilege('visitor', c.oid, 'select, insert, update, references'))
"""
MEMBER_OF = "select rolname from pg_roles where pg_has_role('visitor', oid, 'member') and rolname <> 'visitor'"
READS_FILES = """
select proname from pg_proc where proname like :names and prosrc ~ '\\m(from|join|into|update)\\s+patient\\M'
"""


def lapse() -> None:
    """Let every held hour be held for too long."""
    run("update appointment set held_until = now() - interval '1 second' where state = 'held'")


def test_the_login_may_call_its_functions_and_touch_no_table(practice: Open) -> None:
    assert {row[0] for row in rows(CALLABLE)} == FUNCTIONS
    assert rows(READABLE) == []
    run("grant select (email) on patient to visitor")
    assert [row[0] for row in rows(READABLE)] == ["patient"]
    run("revoke select (email) on patient from visitor")
    assert rows(MEMBER_OF) == []


@pytest.mark.parametrize(
    "tried",
    [
        *("select email from patient", "select * from appointment", "select token_sha256 from online_link"),
        *(
            "update online_booking set is_on = false",
            "delete from appointment",
            "insert into online_therapist values (1)",
        ),
        *("select agenda_free_hours('{1}', 1, 1, '{}', 'online', 50, now(), now(), 30, 1)", "set role app_manager"),
        *("select * from online_free_hours(1, null, 'online', now(), now())", "create table practice.mine (id int)"),
    ],
)
def test_whatever_else_the_login_tries_is_refused(practice: Open, tried: str) -> None:
    address = db.url("visitor").set(drivername="postgresql").render_as_string(hide_password=False)
    with (
        psycopg.connect(address, options="-c search_path=practice") as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(tried)


def test_what_is_offered_is_what_is_free_within_the_rules(practice: Open) -> None:
    first = practice.free()[0]
    assert first.starts_at > clock.now() + timedelta(hours=24)
    assert {each.starts_at for each in practice.free()} == {each.starts_at for each in practice.free("online")}
    practice.week.book(0, starts_at=first.starts_at, room_id=practice.week.room)
    assert practice.free()[0].therapist == "Luis Ruiz"
    practice.week.book(0, practice.week.partner, starts_at=first.starts_at, therapist=practice.week.colleague)
    assert practice.free()[0].starts_at > first.starts_at
    run("update online_service set notice_hours = 72, modes = 'in_person'")
    assert practice.free()[0].starts_at > clock.now() + timedelta(hours=72)
    assert practice.free("online") == []
    run("update online_booking set is_on = false")
    assert (practice.free(), visits.services(), visits.therapists()) == ([], [], [])


def test_a_room_that_is_taken_while_the_hour_lasts_makes_it_not_free(practice: Open) -> None:
    run("delete from room where name = 'Sala 2'")
    first = practice.free()[0]
    in_half_an_hour = first.starts_at + timedelta(minutes=30)
    practice.week.book(0, starts_at=in_half_an_hour, therapist=practice.week.colleague, room_id=practice.week.room)
    assert visits.hold(practice.choice(first.starts_at)) is None
    assert first.starts_at not in {each.starts_at for each in practice.free()}


def test_an_hour_is_held_for_ten_minutes_and_then_anybodys_again(practice: Open) -> None:
    run("delete from online_therapist where therapist_id = 2")
    choice = practice.choice()
    token = visits.hold(choice)
    assert visits.hold(choice) is None
    [(until,)] = [tuple(row) for row in rows("select held_until - now() from appointment where state = 'held'")]
    assert timedelta(minutes=9) < until <= timedelta(minutes=10)
    lapse()
    assert visits.ask(token or "", details(), "es", shows=False) == ("late", None)
    assert visits.hold(choice) is not None
    assert rows("select count(*) from appointment where state = 'held'") == [(1,)]


def test_an_hour_that_was_left_is_free_at_once(practice: Open) -> None:
    run("delete from online_therapist where therapist_id = 2")
    choice = practice.choice()
    token = visits.hold(choice) or ""
    visits.leave(token)
    assert visits.request(token, "hold") is None
    assert rows("select count(*) from appointment") == [(0,)]
    assert visits.hold(choice)


def test_a_request_waits_for_the_front_desk_once_the_link_was_used_and_the_link_is_good_once(practice: Open) -> None:
    token = practice.asked()
    assert state() == [("sent",)]
    assert visits.confirm(token)[0] == "done"
    assert visits.confirm(token)[0] == "before"
    assert (state(), letters()) == ([("asked",)], ["confirm", "received"])
    assert rows("select state, held_until = starts_at from appointment") == [("held", True)]
    assert visits.request(token, "confirm") is None


def test_where_the_rule_says_so_it_is_booked_at_once(practice: Open) -> None:
    run("update online_service set is_approved_at_once = true")
    own = practice.confirmed()
    assert rows("select state, held_until from appointment") == [("booked", None)]
    assert letters()[-1] == "booked"
    seen = visits.request(own, "own")
    assert seen is not None
    assert seen.state == "booked"


def test_who_confirms_too_late_confirms_nothing(practice: Open) -> None:
    token = practice.asked()
    lapse()
    assert visits.confirm(token)[0] == "late"
    assert state() == [("sent",)]
    assert practice.free()


def test_a_link_opens_nothing_but_what_it_is_for(practice: Open) -> None:
    own = practice.confirmed()
    assert visits.request(own, "confirm") is None
    assert visits.request("a token of nobody", "own") is None
    assert (visits.cancel("a token of nobody"), visits.confirm(own)[0]) == (False, "late")
    hashes = {bytes(row.token_sha256) for row in rows("select token_sha256 from online_link")}
    assert own.encode() not in hashes
    assert {len(each) for each in hashes} == {32}


def test_a_fourth_open_request_of_a_contact_gets_no_letter_and_the_same_answer(practice: Open) -> None:
    answers = []
    for place, email in enumerate(["lia@example.org", "LIA@example.org", "lia@example.org", "other@example.org"]):
        token = practice.hold(practice.free()[place].starts_at)
        answers.append(visits.ask(token, details(email=email), "es", shows=False))
    assert answers == [("taken", None)] * 4
    assert letters() == ["confirm"] * 3
    lapse()
    token = practice.hold()
    assert visits.ask(token, details(), "es", shows=False) == ("taken", None)
    assert letters() == ["confirm"] * 4


def test_the_answer_for_a_patient_is_that_for_a_stranger(practice: Open) -> None:
    """And so is the work: the functions read no file at all."""
    run(
        "update patient set email = 'eva@example.org', telephone = '+34600000001' where id = :id",
        id=practice.week.patient,
    )
    known = visits.ask(practice.hold(), details(email="eva@example.org", telephone="+34600000001"), "es", shows=False)
    unknown = visits.ask(practice.hold(), details(email="nobody@example.org"), "es", shows=False)
    assert known == unknown == ("taken", None)
    assert rows(READS_FILES, names="visitor%") == []
    assert ("message_obstacle",) in rows(READS_FILES, names="message%")


def test_only_a_synthetic_practice_shows_the_link_of_the_letter(practice: Open) -> None:
    assert visits.ask(practice.hold(), details(), "es", shows=True) == ("taken", None)
    run("update practice_profile set is_synthetic = true")
    became, shown = visits.ask(practice.hold(), details(), "es", shows=True)
    assert became == "taken"
    assert visits.confirm(shown or "")[0] == "done"


def test_ones_own_appointment_is_moved_to_a_free_hour_and_no_other(practice: Open) -> None:
    run("update online_service set is_approved_at_once = true")
    own = practice.confirmed()
    seen = visits.request(own, "own")
    assert seen is not None
    free = practice.free(therapist=seen.therapist_id)
    taken, wanted = free[-1].starts_at, free[-3].starts_at
    both = (practice.week.therapist, practice.week.colleague)
    who = next(each for each in both if each.therapist_id == seen.therapist_id)
    practice.week.book(0, starts_at=taken, therapist=who)
    assert visits.move(own, practice.week.site, taken) is False
    assert visits.move(own, practice.week.site, wanted) is True
    moved = visits.request(own, "own")
    assert moved is not None
    assert (moved.starts_at, moved.state, letters()[-1]) == (wanted, "booked", "changed")
    assert seen.starts_at in {each.starts_at for each in practice.free(therapist=seen.therapist_id)}


@pytest.mark.parametrize(
    ("hours", "became", "in_agenda"),
    [(30, True, "cancelled"), (10, True, "late_cancelled"), (1, False, "booked")],
)
def test_ones_own_appointment_is_cancelled_within_the_window_and_late_by_the_rule(
    practice: Open, hours: int, became: bool, in_agenda: str
) -> None:
    run("update online_service set is_approved_at_once = true, change_hours = 2")
    own = practice.confirmed()
    starts_at = clock.now() + timedelta(hours=hours)
    run("update appointment set starts_at = :at, ends_at = :until", at=starts_at, until=starts_at + timedelta(hours=1))
    assert visits.cancel(own) is became
    assert rows("select state from appointment") == [(in_agenda,)]
    assert (letters()[-1] == "cancelled") is became
    assert visits.move(own, practice.week.site, practice.free()[0].starts_at) is (not became and hours > 2)


def test_what_came_to_nothing_is_forgotten_and_what_became_of_a_file_stays_without_the_contact(practice: Open) -> None:
    from dashboard.public_booking import sending

    practice.hold()
    practice.confirmed()
    run("update online_request set made_at = now() - interval '25 hours'")
    sending.send_round()
    assert state() == [("asked",)]
    run("update online_request set starts_at = starts_at - interval '60 days', ends_at = ends_at - interval '60 days'")
    run("update online_request set state = 'booked', patient_id = :id", id=practice.week.patient)
    sending.send_round()
    assert state("state, email, telephone") == [("booked", None, None)]
    run("update online_request set patient_id = null")
    sending.send_round()
    assert state() == []
