"""A series is looked at to its last date, keeps its hour over clock changes, and is moved and cancelled in parts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.access.actor import NotFoundError, RuleBrokenError
from dashboard.agenda import queries
from dashboard.agenda.free_hours import NotFreeError
from dashboard.agenda.repeating import Repetition, occurrences
from dashboard.agenda.series import Remedy, book_series, preview
from dashboard.agenda.series_changes import Shift, cancel_series, move_series
from dashboard.team.models import Room
from tests.dashboard.agenda.conftest import Week, now_of
from tests.dashboard.agenda.test_booking import MADRID, next_monday, wished
from tests.dashboard.billing.conftest import add, rows

ZONES = [ZoneInfo(name) for name in ("Europe/Madrid", "America/New_York", "Pacific/Apia")]
TEN = time(10)


def fortnightly(count: int, starts_on: date | None = None) -> Repetition:
    return Repetition("fortnightly", starts_on or next_monday().date(), TEN, 60, count=count)


def at(place: int) -> datetime:
    """Return when an occurrence of ``fortnightly`` begins."""
    day = next_monday().date() + timedelta(weeks=2 * (place - 1))
    return datetime.combine(day, TEN, MADRID)


@pytest.mark.parametrize("zone", ZONES, ids=str)
@given(
    starts_on=st.dates(date(2026, 1, 1), date(2030, 12, 31)),
    local=st.times().map(lambda given: given.replace(minute=given.minute // 5 * 5, second=0, microsecond=0)),
    frequency=st.sampled_from(["weekly", "fortnightly"]),
)
def test_the_local_hour_stays_over_every_clock_change(
    zone: ZoneInfo, starts_on: date, local: time, frequency: str
) -> None:
    times = occurrences(Repetition(frequency, starts_on, local, 50, count=60), zone)
    assert len(times) == 60
    for place, (begin, finish) in enumerate(times):
        wall = begin.astimezone(zone)
        day = starts_on + timedelta(weeks=place * (1 if frequency == "weekly" else 2))
        exists = datetime.combine(day, local, zone).astimezone(ZoneInfo("UTC")).astimezone(zone)
        expected = datetime.combine(day, local) if exists.replace(tzinfo=None) == datetime.combine(day, local) else None
        if expected is not None:
            assert wall.replace(tzinfo=None) == expected
        else:  # an hour that the spring change leaves out is as long after it
            assert wall.replace(tzinfo=None) - datetime.combine(day, local) in (
                timedelta(hours=1),
                timedelta(minutes=30),
            )
        assert finish - begin == timedelta(minutes=50)


def test_ten_stays_ten_over_both_clock_changes() -> None:
    times = occurrences(Repetition("weekly", date(2026, 10, 5), TEN, 60, count=30), MADRID)
    assert {begin.astimezone(MADRID).time() for begin, _ in times} == {TEN}
    assert {begin.utcoffset() for begin, _ in times} == {timedelta(0)}
    assert {begin.hour for begin, _ in times} == {8, 9}


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (date(2026, 1, 13), [date(2026, 1, 13), date(2026, 2, 10), date(2026, 3, 10), date(2026, 4, 14)]),
        (date(2026, 1, 30), [date(2026, 1, 30), date(2026, 2, 27), date(2026, 3, 27), date(2026, 4, 24)]),
        (date(2026, 11, 2), [date(2026, 11, 2), date(2026, 12, 7), date(2027, 1, 4), date(2027, 2, 1)]),
    ],
)
def test_a_month_repeats_by_its_weekday(first: date, expected: list[date]) -> None:
    times = occurrences(Repetition("monthly", first, TEN, 60, count=4), MADRID)
    assert [begin.astimezone(MADRID).date() for begin, _ in times] == expected


def test_days_left_out_count_and_an_end_is_the_last_day() -> None:
    first = date(2026, 11, 2)
    left_out = frozenset({first + timedelta(weeks=1)})
    times = occurrences(
        Repetition("weekly", first, TEN, 60, until_on=first + timedelta(weeks=3), left_out=left_out), MADRID
    )
    assert [(begin.astimezone(MADRID).date() - first).days for begin, _ in times] == [0, 14, 21]


@pytest.mark.parametrize(
    "change",
    [
        {"count": None},
        {"count": 0},
        {"count": 261},
        {"frequency": "daily"},
        {"left_out": frozenset({date(2026, 11, 2)}), "count": 1},
    ],
)
def test_a_series_has_an_end_and_some_dates(change: dict[str, object]) -> None:
    with pytest.raises(RuleBrokenError):
        occurrences(replace(Repetition("weekly", date(2026, 11, 2), TEN, 60, count=4), **change), MADRID)  # type: ignore[arg-type]


def test_of_104_fortnightly_dates_the_three_that_are_taken_are_named(week: Week) -> None:
    for place in (40, 71, 99):
        week.book(0, week.partner, starts_at=at(place) + timedelta(minutes=30))
    planned = preview(week.front_desk, wished(week), fortnightly(104))
    assert len(planned) == 104
    assert {each.place: [met.kind for met in each.obstacles] for each in planned if each.obstacles} == {
        40: ["therapist_busy"],
        71: ["therapist_busy"],
        99: ["therapist_busy"],
    }
    with pytest.raises(NotFreeError) as refused:
        book_series(week.front_desk, wished(week), fortnightly(104), key=uuid4())
    assert [met.place for met in refused.value.obstacles] == [40, 71, 99]
    assert rows("select count(*) from appointment") == [(3,)]
    assert rows("select count(*) from appointment_series") == [(0,)]


def test_each_conflict_has_its_remedy(week: Week) -> None:
    room = add(Room, site_id=week.site, name="Sala 2")
    for place in (2, 5):
        week.book(0, week.partner, starts_at=at(place))
    for place in (3, 4):
        week.book(0, week.partner, therapist=week.colleague, starts_at=at(place), room_id=week.room)
    remedies = {
        2: Remedy(is_left_out=True),
        3: Remedy(room_id=room),
        4: Remedy(mode="online"),
        5: Remedy(starts_at=at(5) + timedelta(hours=6)),
    }
    wish, key = wished(week, room_id=week.room), uuid4()
    assert not [each for each in preview(week.front_desk, wish, fortnightly(6), remedies) if each.obstacles]
    made = book_series(week.front_desk, wish, fortnightly(6), remedies, key=key)
    assert sorted(book_series(week.front_desk, wish, fortnightly(6), remedies, key=key)) == sorted(made)
    assert rows("select starts_at, room_id, mode from appointment where series_id is not null order by starts_at") == [
        (at(1), week.room, "in_person"),
        (at(3), room, "in_person"),
        (at(4), None, "online"),
        (at(5) + timedelta(hours=6), week.room, "in_person"),
        (at(6), week.room, "in_person"),
    ]


def test_a_therapist_makes_a_series_of_their_own(week: Week) -> None:
    book_series(week.therapist, wished(week), fortnightly(3), key=uuid4())
    assert rows("select therapist_id, frequency from appointment_series") == [
        (week.therapist.therapist_id, "fortnightly")
    ]


@pytest.fixture
def made(week: Week) -> list[int]:
    """Return five weekly appointments at ten on Mondays."""
    repetition = Repetition("weekly", next_monday().date(), TEN, 60, count=5)
    return book_series(week.front_desk, wished(week), repetition, key=uuid4())


def begins(made: list[int]) -> list[tuple[int, int]]:
    """Return weekday and local hour of each."""
    local = [now_of(each).starts_at.astimezone(MADRID) for each in made]
    return [(each.weekday(), each.hour) for each in local]


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("this", [(0, 10), (0, 10), (1, 12), (0, 10), (0, 10)]),
        ("following", [(0, 10), (0, 10), (1, 12), (1, 12), (1, 12)]),
        ("all", [(1, 12)] * 5),
    ],
)
def test_this_what_follows_or_all_is_moved(
    week: Week, made: list[int], scope: str, expected: list[tuple[int, int]]
) -> None:
    moved = move_series(week.front_desk, made[2], scope, Shift(1, time(12)), version=1)  # type: ignore[arg-type]
    assert moved == sum(each == (1, 12) for each in expected)
    assert begins(made) == expected


@pytest.mark.parametrize("days", [7, -7, 14])
def test_a_series_moves_over_its_own_dates(week: Week, made: list[int], days: int) -> None:
    before = [now_of(each).starts_at.astimezone(MADRID).date() for each in made]
    move_series(week.front_desk, made[0], "all", Shift(days, TEN), version=1, overriding=["past"])
    after = [now_of(each).starts_at.astimezone(MADRID).date() for each in made]
    assert after == [day + timedelta(days=days) for day in before]


def test_what_follows_goes_to_a_colleague_and_into_another_room(week: Week, made: list[int]) -> None:
    colleague = week.colleague.therapist_id
    other = add(Room, site_id=week.site, name="Other", capacity=3)
    shift = Shift(0, TEN, other, keeps_room=False, therapist_id=colleague)
    with pytest.raises(NotFoundError):
        move_series(week.therapist, made[2], "following", shift, version=1)
    assert move_series(week.front_desk, made[2], "following", shift, version=1) == 3
    held = [(now_of(each).therapist_id, now_of(each).room_id) for each in made]
    assert held[2:] == [(colleague, other)] * 3
    assert all(who == week.therapist.therapist_id for who, _room in held[:2])
    assert begins(made) == [(0, 10)] * 5


def test_a_move_that_meets_somebody_moves_nothing_unless_that_date_is_left(week: Week, made: list[int]) -> None:
    taken = next_monday(time(12)) + timedelta(weeks=3)
    week.book(0, week.partner, starts_at=taken)
    with pytest.raises(NotFreeError) as refused:
        move_series(week.front_desk, made[1], "following", Shift(0, time(12)), version=1)
    assert [(met.place, met.kind) for met in refused.value.obstacles] == [(3, "therapist_busy")]
    assert begins(made) == [(0, 10)] * 5
    assert move_series(week.front_desk, made[1], "following", Shift(0, time(12)), version=1, leaving=[made[3]]) == 3
    assert begins(made) == [(0, 10), (0, 12), (0, 12), (0, 10), (0, 12)]


def test_what_follows_is_cancelled_and_what_was_before_stays(week: Week, made: list[int]) -> None:
    assert cancel_series(week.front_desk, made[2], "following", "patient", "travel", version=1) == 3
    assert [now_of(each).state for each in made] == ["booked", "booked", "cancelled", "cancelled", "cancelled"]
    with pytest.raises(RuleBrokenError):
        cancel_series(week.front_desk, made[2], "following", "patient", None, version=2)


def test_a_date_that_stays_is_in_the_way_of_the_others(week: Week, made: list[int]) -> None:
    with pytest.raises(NotFreeError) as refused:
        move_series(week.front_desk, made[0], "all", Shift(7, TEN), version=1, leaving=[made[3]])
    assert [(met.place, met.kind) for met in refused.value.obstacles] == [(3, "patient_busy"), (3, "therapist_busy")]


def test_a_series_ends_on_the_local_day_of_its_last_date(week: Week) -> None:
    late = Repetition("weekly", next_monday().date(), time(0, 30), 60, count=2)
    book_series(week.front_desk, wished(week, next_monday(time(0, 30))), late, key=uuid4())
    assert rows("select until_on from appointment_series") == [(next_monday().date() + timedelta(weeks=1),)]


def test_a_series_ends_soon_when_nothing_of_it_comes_later(week: Week) -> None:
    [last] = book_series(week.front_desk, wished(week), fortnightly(1), key=uuid4())
    long = wished(week, therapist_id=week.colleague.therapist_id, patient_ids=(week.partner,))
    first, second, _third = sorted(book_series(week.front_desk, long, fortnightly(3), key=uuid4()))
    expected = {week.front_desk: [last], week.therapist: [last], week.colleague: []}
    for actor, ids in expected.items():
        assert [found.appointment_id for found in queries.series_ending(actor)] == ids
        assert queries.series_ending_number(actor) == len(ids)
    cancel_series(week.front_desk, second, "following", "patient", None, version=1)
    assert [found.appointment_id for found in queries.series_ending(week.colleague)] == [first]
    assert queries.series_ending_number(week.front_desk) == 2
