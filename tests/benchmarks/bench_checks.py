"""The checks of 200,000 files beside one hand-written statement of the same rules: time, ratio, memory."""

import json
import subprocess
import sys
import time

import psycopg
import pytest

from dashboard import db
from dashboard.config import ROOT
from tests.conftest import run_command

FILES = 200_000

PRACTICE = """
set search_path to practice;
alter table patient disable trigger user;
alter table appointment disable trigger user;
alter table appointment_patient disable trigger user;
insert into practice_profile (id, name) values (1, 'Practice');
insert into site (name) select 'Site ' || i from generate_series(1, 3) as i;
insert into therapist (given_name, site_id) select 'T' || i, 1 + i %% 3 from generate_series(1, 30) as i;
insert into service (name, kind, minutes, price_cents) values ('Session', 'individual', 50, 5000);
insert into patient (
    given_name, surname_1, birth_date, sex, profession, marital_status, address_line, postal_code, city, country,
    telephone, email, id_kind, id_value, emergency_name, emergency_telephone, referral_source, site_id,
    main_therapist_id, pays, status, opened_on
)
select
    'Name', case when i %% 50 > 0 then 'Surname' end, date '1950-01-01' + i %% 25000, 'female',
    case when i %% 20 > 0 then 'Teacher' end, 'single', 'Street 1', case when i %% 30 > 0 then '28013' else '2801' end,
    case when i %% 40 > 0 then 'Madrid' end, 'ES',
    case when i %% 15 > 0 then '600123123' when i %% 2 = 0 then '6001' end,
    case when i %% 9 > 0 then 'name' || i || '@example.org' end, 'passport', case when i %% 25 > 0 then 'XDA' || i end,
    case when i %% 12 > 0 then 'Contact' end, '600321321', case when i %% 10 > 0 then 'A friend' end, 1 + i %% 3,
    1 + i %% 30, case when i %% 8 = 0 then 'insurer' else 'self' end,
    case when i %% 20 = 0 then 'waiting' else 'active' end, current_date - i %% 300
from generate_series(1, %(files)s) as i;
insert into guardian (patient_id, given_name, relation, has_authority, custody)
select id, 'Rosa', 'mother', true, 'joint' from patient where birth_date > current_date - 6500 and id %% 7 > 0;
insert into payer (name) values ('Insurer');
insert into coverage (patient_id, payer_id, valid_from)
select id, 1, '2020-01-01' from patient where pays = 'insurer';
insert into appointment (therapist_id, site_id, service_id, starts_at, ends_at, state)
select
    1, 1, 1, now() - interval '1 day' * (i %% 700), now() - interval '1 day' * (i %% 700) + interval '1 hour',
    'attended'
from generate_series(1, %(files)s * 3) as i;
insert into appointment_patient (appointment_id, patient_id, therapist_id, state, starts_at, ends_at)
select id, 1 + id %% %(files)s, therapist_id, state, starts_at, ends_at from appointment;
analyze;
"""

# What a person would write: the same rules as conditions that fail, all of them in one pass over the view.
HAND_WRITTEN = (
    "surname_1 is null",
    "birth_date is null",
    "age_years not between 0 and 110",
    "sex not in ('female', 'male', 'intersex')",
    "not is_minor and id_value is null",
    "id_value is not null and id_kind is null",
    "id_value is not null and id_kind is not null and not identity_is_well_formed",
    "id_value is not null and duplicate_identity_count > 0",
    "not is_minor and profession is null",
    "not is_minor and marital_status = 'unknown'",
    "telephone is null",
    "telephone is not null and telephone !~ '^[+]?([ ().-]*[0-9]){9,15} *$'",
    "email is null",
    "email is not null and email !~ '^[^@[:space:]]+@[^@[:space:].]+([.][^@[:space:].]+)+$'",
    "address_line is null",
    "postal_code is null",
    "country = 'ES' and postal_code !~ '^(0[1-9]|[1-4][0-9]|5[0-2])[0-9]{3}$'",
    "city is null",
    "emergency_name is null",
    "emergency_name is not null and emergency_telephone is null",
    "is_minor and guardian_count = 0",
    "is_minor and guardian_count > 0 and guardians_authority_unknown_count > 0",
    "is_minor and guardian_count > 0 and guardians_authority_unknown_count = 0 and guardians_with_authority_count = 0",
    "is_minor and guardian_count > 0 and guardians_with_authority_count = 1 and not custody_is_known",
    "is_minor and guardian_count > 0 and guardians_without_contact_count > 0",
    "(delivered_session_count > 0 or next_session_at is not null) and not has_treatment_consent",
    "(delivered_session_count > 0 or next_session_at is not null) and not has_data_protection_information",
    "has_online_session_ahead and not has_telehealth_consent",
    "pays = 'insurer' and valid_coverage_count = 0",
    "pays = 'insurer' and coverage_without_policy_count > 0",
    "status = 'active' and therapist_id is null",
    "site_id is null",
    "delivered_session_count > 2 and history_opened_on is null",
    "status = 'waiting' and next_session_at is null and delivered_session_count = 0 and days_since_opened > 31",
    "referral_source is null",
)

MEASURED_ROUND = """
import json, resource, time
from expectations.__main__ import run_round
seconds = []
for _ in range(2):
    begun = time.monotonic()
    tally = run_round()
    seconds.append(time.monotonic() - begun)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(json.dumps({"first": seconds[0], "again": seconds[1], "peak": peak, "files": tally.files, "open": tally.seen}))
"""


def hand_written_seconds():
    """Return how long the hand-written statement takes, as the checks' own login, ids and flags fetched."""
    flags = ", ".join(condition for condition in HAND_WRITTEN)
    with db.engine("checker").connect() as connection:
        begun = time.monotonic()
        rows = connection.exec_driver_sql(f"select patient_id, {flags} from marts.patient_files").fetchall()
        seconds = time.monotonic() - begun
    return seconds, sum(sum(flag is True for flag in flags) for _, *flags in rows)


@pytest.mark.benchmark
def test_the_checks_find_what_one_hand_written_statement_finds(database):
    run_command(database.environment, "refresh")
    with psycopg.connect(database.url, autocommit=True) as connection:
        for statement in (PRACTICE % {"files": FILES}).split(";\n"):
            connection.execute(statement)
    by_hand, failing = min(hand_written_seconds() for _ in range(2))
    done = subprocess.run(
        [sys.executable, "-c", MEASURED_ROUND],
        env=database.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    measured = json.loads(done.stdout)
    print(
        f"\n{measured['files']:,} files, {measured['open']:,} findings: by hand {by_hand:.2f} s,"
        f" first round {measured['first']:.2f} s, next round {measured['again']:.2f} s"
        f" ({measured['again'] / by_hand:.1f} times), peak {measured['peak']} MB"
    )
    assert (measured["files"], measured["open"]) == (FILES, failing)
