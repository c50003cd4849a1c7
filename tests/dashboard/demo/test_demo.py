"""The synthetic practice is the same for the same seed, and as varied as a real one."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text
from stdnum.es import dni, nie

from dashboard import clock, demo
from dashboard.agenda.models import STATES as APPOINTMENT_STATES
from dashboard.billing.models import METHODS
from dashboard.consent.models import KINDS as CONSENT_KINDS
from dashboard.consent.models import STATES as CONSENT_STATES
from dashboard.demo.shape import DEFAULT_SESSIONS, shape_of
from dashboard.patients.models import STATUSES
from dashboard.training.models import STATUSES as TRAINING_STATUSES
from tests.conftest import Database
from tests.dashboard.demo.conftest import Ask

REFERENCE = date(2026, 3, 18)


def load(engine: Engine, seed: int = 1, sessions: int | None = 2_000) -> dict[str, int]:
    return demo.load(engine, seed=seed, reference=REFERENCE, sessions=sessions)


def digests(connection: Connection) -> dict[str, str]:
    """Return the digest of every table's rows; what is sealed differs every time, and has to."""
    names = connection.exec_driver_sql(
        "select table_name from information_schema.tables where table_schema = 'practice' and table_type = 'BASE TABLE'"
    ).scalars()
    statement = """
        select coalesce(md5(string_agg(fact, '|' order by fact)), '')
        from (select (to_jsonb(r) - array['sealed', 'sealed_subjective', 'wrapped'])::text as fact from {} as r) as f
    """
    return {name: connection.exec_driver_sql(statement.format(name)).scalar_one() for name in names.all()}


def one(ask: Ask, query: str) -> Any:
    [value] = ask(query)
    return value


def test_the_same_seed_and_day_give_the_same_rows_and_another_seed_does_not(database: Database, owner: Engine) -> None:
    found = []
    for seed in (3, 3, 4):
        load(owner, seed)
        with owner.begin() as connection:
            found.append(digests(connection))
    first, again, other = found
    assert first == again
    for name in ("patient", "appointment", "consent", "invoice", "payment", "training_entry"):
        assert first[name] != other[name]


def test_the_counts_returned_are_the_rows_of_each_table(database: Database, owner: Engine, ask: Ask) -> None:
    counts = load(owner)
    for name, rows in counts.items():
        assert one(ask, f"select count(*) from {name}") == rows
    assert 1_900 <= counts["appointment"] <= 2_100


def test_loading_tells_how_far_it_is(database: Database, owner: Engine) -> None:
    told: list[tuple[str, float]] = []
    demo.load(owner, reference=REFERENCE, sessions=2_000, progress=lambda stage, share: told.append((stage, share)))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert told[-1] == ("done", 1.0)


@pytest.mark.parametrize("sessions", [0, 1_999, 10_000_001])
def test_a_practice_too_small_or_too_large_is_refused(database: Database, owner: Engine, sessions: int) -> None:
    with pytest.raises(ValueError, match="between"):
        demo.load(owner, sessions=sessions)


def test_a_real_practice_is_neither_replaced_nor_cleared(database: Database, owner: Engine, ask: Ask) -> None:
    with owner.begin() as connection:
        connection.execute(text("insert into practice_profile (id, name) values (1, 'Consulta real')"))
        connection.execute(text("insert into patient (given_name) values ('Real')"))
    for refused in (lambda: load(owner), lambda: demo.clear(owner)):
        with pytest.raises(demo.DemoRefusedError, match="real practice"):
            refused()
    assert one(ask, "select given_name from patient") == "Real"


def test_a_practice_with_users_but_no_patients_yet_is_a_real_one(database: Database, owner: Engine) -> None:
    with owner.begin() as connection:
        connection.execute(
            text("insert into app_user (display_name, email, role) values ('Dirección', 'd@example.org', 'manager')")
        )
    with pytest.raises(demo.DemoRefusedError):
        load(owner)


def test_clearing_leaves_an_empty_practice_that_starts_at_one(demo_database: Database, owner: Engine, ask: Ask) -> None:
    demo.clear(owner)
    assert one(ask, "select count(*) from patient") == 0
    assert one(ask, "select count(*) from practice_profile") == 0
    assert one(ask, "insert into site (name) values ('Nueva') returning id") == 1


def test_rows_entered_afterwards_get_free_identifiers(demo_database: Database, ask: Ask) -> None:
    entered = one(ask, "insert into patient (given_name) values ('Nueva') returning id > (select max(id) from patient)")
    assert entered
    assert one(ask, "select count(*) = count(distinct number) from patient")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("select distinct state from appointment", APPOINTMENT_STATES),
        ("select distinct state from appointment_patient", APPOINTMENT_STATES),
        ("select distinct mode from appointment", ("in_person", "online", "telephone")),
        ("select distinct kind from service join appointment on service_id = service.id",
         ("individual", "couple", "family", "group", "report")),
        ("select distinct status from patient where status <> 'merged'", STATUSES[:-1]),
        ("select distinct custody from guardian", ("joint", "sole", "unknown")),
        ("select distinct kind from patient_case", ("couple", "family")),
        ("select distinct state from consent", CONSENT_STATES),
        ("select distinct kind from consent_template", CONSENT_KINDS),
        ("select distinct language from consent_template", ("en", "es")),
        ("select distinct method from payment", METHODS),
        ("select distinct kind from charge", ("session", "late_cancellation", "no_show")),
        ("select distinct status from training_entry", TRAINING_STATUSES),
        ("select distinct role from app_user", ("manager", "therapist", "front_desk", "auditor")),
        ("select distinct frequency from appointment_series", ("weekly", "fortnightly")),
    ],
)  # fmt: skip
def test_every_state_occurs(demo_database: Database, ask: Ask, query: str, expected: tuple[str, ...]) -> None:
    assert set(ask(query)) == set(expected)


@pytest.mark.parametrize(
    "query",
    [
        "select from appointment where moved_to_id is not null",
        "select from charge where reverses_id is not null",
        "select from charge_write_off",
        "select from invoice where corrects_id is not null",
        "select from payment where reverses_id is not null",
        "select from payment where not exists (select from payment_allocation where payment_id = payment.id)",
        "select from payment_allocation where amount_cents < 0",
        "select from invoice_line where tax_category = 'taxed'",
        "select from coverage where valid_until < current_date",
        "select from coverage where policy_number is null",
        "select from consent_attempt",
        (
            "select from consent where state = 'viewed'"
            " and exists (select from consent_signature where consent_id = consent.id)"
        ),
        "select from patient where telephone is null",
        "select from patient where email is null",
        "select from patient where birth_date is null",
        "select from patient where address_line is null",
        "select from patient where id_value is null",
        "select from patient where emergency_telephone is null",
        "select from patient group by id_value having count(*) > 1 and id_value is not null",
        (
            "select from patient where birth_date > current_date - interval '18 years'"
            " and not exists (select from guardian where patient_id = patient.id)"
        ),
        "select from clinical_history",
    ],
)
def test_every_oddity_that_work_lists_look_for_occurs(demo_database: Database, ask: Ask, query: str) -> None:
    assert one(ask, f"select exists ({query})")


def test_nobody_is_in_two_places_even_in_the_past(demo_database: Database, ask: Ask) -> None:
    overlap = """
        select exists (
            select from {table} as one join {table} as other
                on one.{who} = other.{who} and one.during && other.during and one.{key} < other.{key}
            where one.state <> 'cancelled' and other.state <> 'cancelled'
        )
    """
    for table, who, key in (
        ("appointment", "therapist_id", "id"),
        ("appointment", "room_id", "id"),
        ("appointment_patient", "patient_id", "appointment_id"),
    ):
        assert one(ask, overlap.format(table=table, who=who, key=key)) is False


def test_sessions_fall_into_the_hours_that_therapists_work(demo_database: Database, ask: Ask) -> None:
    outside = """
        select count(*) from appointment as a join site as s on s.id = a.site_id
        cross join lateral (
            select a.starts_at at time zone s.time_zone as starts, a.ends_at at time zone s.time_zone as ends
        ) as local
        where not exists (
            select from working_hours as w where w.therapist_id = a.therapist_id
                and w.weekday = extract(isodow from local.starts) - 1
                and local.starts::time >= w.starts_at and local.ends::time <= w.ends_at
                and local.starts::date >= w.valid_from and local.starts::date <= coalesce(w.valid_until, 'infinity')
        )
    """
    assert one(ask, outside) == 0


def test_nobody_works_during_a_holiday(demo_database: Database, ask: Ask) -> None:
    assert (
        one(
            ask,
            "select count(*) from appointment join absence using (therapist_id)"
            " where kind = 'holiday' and appointment.starts_at < absence.ends_at"
            " and appointment.ends_at > absence.starts_at",
        )
        == 0
    )


def test_a_series_keeps_its_local_hour_over_a_clock_change(demo_database: Database, ask: Ask) -> None:
    hours = "count(distinct (starts_at at time zone 'Europe/Madrid')::time)"
    series = f"select series_id from appointment where series_id is not null group by 1 having {hours} > 1"
    assert ask(series) == []
    assert one(
        ask, "select count(distinct starts_at::time) > 1 from appointment where extract(hour from starts_at) < 24"
    )


def test_the_past_is_decided_and_what_is_ahead_is_not(demo_database: Database, ask: Ask) -> None:
    shares = """
        select round(100.0 * count(*) filter (where state in ({states})) / count(*), 1)
        from appointment where starts_at < date_trunc('day', now() at time zone 'Europe/Madrid')
    """
    assert 75 <= one(ask, shares.format(states="'attended'")) <= 85
    assert 2 <= one(ask, shares.format(states="'no_show'")) <= 6
    assert 2 <= one(ask, shares.format(states="'late_cancelled'")) <= 6
    assert 6 <= one(ask, shares.format(states="'cancelled'")) <= 13
    assert 0.5 <= one(ask, shares.format(states="'booked', 'confirmed'")) <= 4
    assert (
        one(ask, "select count(*) from appointment where starts_at > now() + interval '1 day' and state = 'attended'")
        == 0
    )


def test_one_patient_in_eight_is_a_minor(database: Database, owner: Engine, ask: Ask) -> None:
    demo.load(owner)
    share = one(
        ask,
        "select 100.0 * count(*) filter (where birth_date > current_date - interval '18 years') / count(birth_date)"
        " from patient",
    )
    assert 9 <= share <= 15
    patients = one(ask, "select count(*) from patient")
    assert 780 <= patients <= 1_020


def test_every_bucket_of_ageing_is_occupied(demo_database: Database, ask: Ask) -> None:
    buckets = """
        with open as (
            select current_date - due_on as late, total_cents
                + coalesce((select sum(total_cents) from invoice as c where c.corrects_id = invoice.id), 0)
                - coalesce((select sum(amount_cents) from payment_allocation as a where a.invoice_id = invoice.id), 0)
                as cents
            from invoice where corrects_id is null
        )
        select distinct width_bucket(late, array[1, 31, 61, 91]) from open where cents > 0
    """
    assert sorted(ask(buckets)) == [0, 1, 2, 3, 4]


def test_identity_numbers_have_their_check_letters_but_for_a_few(demo_database: Database, owner: Engine) -> None:
    with owner.begin() as connection:
        rows = connection.execute(text("select id_kind, id_value from patient where id_value is not null")).all()
    right = [dni.is_valid(value) if kind == "nif" else nie.is_valid(value) for kind, value in rows]
    assert {kind for kind, _ in rows} == {"nif", "nie"}
    assert 0.93 < sum(right) / len(right) < 1


def test_the_scale_goes_from_a_small_practice_to_a_network() -> None:
    network = shape_of(10_000_000)
    assert (network.therapists, network.patients) == (2_000, 200_000)
    assert network.rooms >= network.therapists
    usual = shape_of(None)
    assert (usual.sessions, usual.therapists, usual.sites, usual.rooms) == (DEFAULT_SESSIONS, 14, 3, 9)
    assert shape_of(4_000).therapists >= 4


def test_without_a_reference_the_practice_ends_today(database: Database, owner: Engine, ask: Ask) -> None:
    demo.load(owner, sessions=2_000)
    today = clock.today("Europe/Madrid")
    assert one(ask, "select (max(opened_at) at time zone 'UTC')::date from online_therapist") == today
    last_marked = one(ask, "select max((marked_at at time zone 'Europe/Madrid')::date) from appointment")
    assert (today - last_marked).days in range(1, 15)
