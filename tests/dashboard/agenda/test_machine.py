"""The agenda against a model: whatever is booked, moved, cancelled, restored, repeated or left to lapse, nobody is
double-booked, and whatever does not collide is not refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test
from psycopg.errors import ExclusionViolation

from dashboard import clock
from dashboard.agenda import booking, commands, rules
from dashboard.agenda.booking import Target
from dashboard.agenda.free_hours import NotFreeError, Wish
from dashboard.agenda.repeating import Repetition, occurrences
from dashboard.agenda.series import book_series
from tests.conftest import Database
from tests.dashboard.agenda.conftest import Week
from tests.dashboard.agenda.test_booking import MADRID
from tests.dashboard.agenda.test_double_booking import CONSTRAINTS
from tests.dashboard.billing.conftest import owner


def changes_of_clocks() -> list[date]:
    """Return the next two Sundays on which clocks change that are not so near that cancelling would be late."""
    year = clock.today("Europe/Madrid").year
    lasts = [date(each, month, 31) for each in (year, year + 1, year + 2) for month in (3, 10)]
    sundays = [last - timedelta(days=last.isoweekday() % 7) for last in lasts]
    return [day for day in sundays if day > clock.today("Europe/Madrid") + timedelta(days=3)][:2]


# Every half hour around the change.
DAYS = st.sampled_from(changes_of_clocks())
TIMES = st.builds(time, st.integers(1, 3), st.sampled_from([0, 30]))
MINUTES = st.sampled_from([30, 60])
OVERLAPS = """
select count(*) from appointment as a join appointment as b on a.id < b.id and a.during && b.during
left join appointment_patient as p on p.appointment_id = a.id
left join appointment_patient as q on q.appointment_id = b.id
where a.state in ('held', 'booked', 'confirmed') and b.state in ('held', 'booked', 'confirmed')
    and (a.therapist_id = b.therapist_id or a.room_id = b.room_id or p.patient_id = q.patient_id)
"""
WRITE = """
insert into appointment (therapist_id, room_id, site_id, service_id, starts_at, ends_at, state, held_until)
values (%(therapist)s, %(room)s, %(site)s, %(service)s, %(begins)s, %(ends)s, %(state)s, %(held_until)s) returning id
"""
ATTEND = """
insert into appointment_patient (appointment_id, patient_id, therapist_id)
values (%(made)s, %(patient)s, %(therapist)s)
"""


@dataclass(frozen=True)
class Booked:
    """An appointment as the model knows it."""

    therapist: int
    room: int | None
    patient: int
    begins: datetime
    ends: datetime
    state: str = "booked"

    def collides_with(self, other: Booked) -> bool:
        """Return whether both cannot be."""
        shares = (
            self.therapist == other.therapist
            or self.patient == other.patient
            or (self.room is not None and self.room == other.room)
        )
        return shares and self.begins < other.ends and other.begins < self.ends


PLACE = {
    "who": st.integers(0, 1),
    "where": st.integers(0, 1),
    "whom": st.integers(0, 1),
    "day": DAYS,
    "at": TIMES,
    "minutes": MINUTES,
}


class Agenda(RuleBasedStateMachine):
    """Everything that can happen to an agenda of two therapists, a room and two patients."""

    week: Week
    url: str
    rooms: tuple[int | None, ...]
    made = Bundle("made")

    def __init__(self) -> None:
        super().__init__()
        self.past = psycopg.connect(self.url, autocommit=True, options="-c search_path=practice")
        self.past.execute("truncate appointment, appointment_patient, appointment_series cascade")
        self.model: dict[int, Booked] = {}

    def teardown(self) -> None:
        self.past.close()

    def version(self, key: int) -> int:
        [(version,)] = self.past.execute("select version from appointment where id = %s", (key,)).fetchall()
        return int(version)

    def drawn(self, who: int, where: int, whom: int, day: date, at: time, minutes: int) -> Booked:
        """Return an appointment from numbers."""
        begins = rules.instant(datetime.combine(day, at), MADRID)
        therapists = (self.week.therapist.therapist_id, self.week.colleague.therapist_id)
        patients = (self.week.patient, self.week.partner)
        ends = begins + timedelta(minutes=minutes)
        return Booked(therapists[who] or 0, self.rooms[where], patients[whom], begins, ends)

    def is_free(self, wanted: Booked, besides: int | None = None) -> bool:
        """Return whether the model has nothing in the way."""
        return not any(
            each.state in rules.OPEN_STATES and wanted.collides_with(each)
            for key, each in self.model.items()
            if key != besides
        )

    def wish(self, wanted: Booked) -> Wish:
        return Wish(
            wanted.therapist,
            self.week.site,
            self.week.service,
            (wanted.patient,),
            wanted.begins,
            wanted.ends,
            wanted.room,
            mode="in_person" if wanted.room else "telephone",
        )

    def expects(self, is_free: bool, command: Callable[[], object]) -> object:
        """Run a command, which is refused exactly when the model has something in the way."""
        try:
            answer = command()
        except (NotFreeError, ExclusionViolation):
            assert not is_free, "refused although free"
            return None
        assert is_free, "done although taken"
        return answer

    @rule(target=made, **PLACE)
    def book(self, **drawn: object) -> object:
        wanted = self.drawn(**drawn)  # type: ignore[arg-type]
        actor = self.week.therapist if wanted.therapist == self.week.therapist.therapist_id else self.week.front_desk
        done = self.expects(self.is_free(wanted), lambda: booking.book(actor, self.wish(wanted), key=uuid4()))
        return self.keep(done, wanted)

    @rule(target=made, **PLACE)
    def write_past_the_commands(self, **drawn: object) -> object:
        """As an import does, or somebody with a statement of their own."""
        wanted = self.drawn(**drawn)  # type: ignore[arg-type]
        done = self.expects(self.is_free(wanted), lambda: self.written(wanted))
        return self.keep(done, wanted)

    @rule(target=made, **PLACE)
    def hold(self, **drawn: object) -> object:
        wanted = replace(self.drawn(**drawn), state="held")  # type: ignore[arg-type]
        done = self.expects(
            self.is_free(wanted), lambda: self.written(wanted, held_until=clock.now() + timedelta(minutes=10))
        )
        return self.keep(done, wanted)

    @rule(target=made, weeks=st.integers(2, 3), **PLACE)
    def repeat(self, weeks: int, **drawn: object) -> object:
        first = self.drawn(**drawn)  # type: ignore[arg-type]
        day, at, minutes = drawn["day"], drawn["at"], drawn["minutes"]
        repetition = Repetition("weekly", day, at, minutes, count=weeks)  # type: ignore[arg-type]
        dates = [replace(first, begins=begins, ends=ends) for begins, ends in occurrences(repetition, MADRID)]
        is_free = all(self.is_free(each) for each in dates)
        actor = self.week.front_desk
        done = self.expects(is_free, lambda: book_series(actor, self.wish(first), repetition, key=uuid4()))
        if not isinstance(done, list):
            return multiple()
        by_begin = dict(
            self.past.execute("select starts_at, id from appointment where id = any(%s)", (done,)).fetchall()
        )
        return multiple(*(self.keep(by_begin[each.begins], each) for each in dates))

    @rule(key=made, day=DAYS, at=TIMES)
    def move(self, key: object, day: date, at: time) -> None:
        if not isinstance(key, int) or self.model[key].state not in rules.OPEN_STATES:
            return
        begins = rules.instant(datetime.combine(day, at), MADRID)
        was = self.model[key]
        wanted = replace(was, begins=begins, ends=begins + (was.ends - was.begins))
        target = Target(wanted.begins, wanted.ends)
        version = self.version(key)
        done = self.expects(
            self.is_free(wanted, key), lambda: booking.move(self.week.front_desk, key, target, version=version)
        )
        if done is not None:
            self.model[key] = wanted

    @rule(key=made)
    def cancel(self, key: object) -> None:
        if not isinstance(key, int) or self.model[key].state != "booked":
            return
        version = self.version(key)
        commands.mark_attendance(self.week.front_desk, key, "cancelled", version=version, cancelled_by="patient")
        self.model[key] = replace(self.model[key], state="cancelled")

    @rule(key=made)
    def restore(self, key: object) -> None:
        if not isinstance(key, int) or self.model[key].state != "cancelled":
            return
        version = self.version(key)

        def undo() -> bool:
            commands.undo_marking(self.week.front_desk, key, version=version)
            return True

        if self.expects(self.is_free(self.model[key], key), undo):
            self.model[key] = replace(self.model[key], state="booked")

    @rule(key=made)
    def lapse(self, key: object) -> None:
        if not isinstance(key, int) or self.model[key].state != "held":
            return
        self.past.execute("update appointment set held_until = now() where id = %s", (key,))
        lapsed = "select release_lapsed(array[%(begins)s]::timestamptz[], array[%(ends)s]::timestamptz[])"
        self.past.execute(lapsed, vars(self.model[key]))
        self.model[key] = replace(self.model[key], state="lapsed")

    @invariant()
    def nobody_is_double_booked(self) -> None:
        assert self.past.execute(OVERLAPS).fetchall() == [(0,)]
        kept = {key: each for key, each in self.model.items() if each.state != "lapsed"}
        found = self.past.execute("select id, starts_at, state from appointment order by id").fetchall()
        assert found == [(key, kept[key].begins, kept[key].state) for key in sorted(kept)]

    def keep(self, done: object, wanted: Booked) -> object:
        if not isinstance(done, int):
            return multiple()
        self.model[done] = wanted
        return done

    def written(self, wanted: Booked, held_until: datetime | None = None) -> int:
        values = vars(wanted) | {"site": self.week.site, "service": self.week.service, "held_until": held_until}
        with self.past.transaction():
            [(made,)] = self.past.execute(WRITE, values).fetchall()
            self.past.execute(ATTEND, values | {"made": made})
        return int(made)


def run(week: Week, url: str, examples: int, phases: tuple[Phase, ...] = tuple(Phase)) -> None:
    """Run the machine on a practice with a room."""
    machine = type("Machine", (Agenda,), {"week": week, "url": url, "rooms": (None, week.room)})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=12,
            deadline=None,
            derandomize=True,
            phases=phases,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_agenda_does_what_its_model_does(week: Week, database: Database) -> None:
    run(week, database.url, 200)


@pytest.mark.parametrize("whom", CONSTRAINTS)
def test_without_one_of_its_constraints_it_does_not(week: Week, database: Database, whom: str) -> None:
    table, constraint = CONSTRAINTS[whom]
    with owner() as connection:
        connection.exec_driver_sql(f"alter table {table} drop constraint {constraint}")
    with pytest.raises(AssertionError, match="done although taken"):
        run(week, database.url, 200, (Phase.generate,))
