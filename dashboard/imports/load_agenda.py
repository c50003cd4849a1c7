"""Loads appointments: what was held is a fact, even when impossible, and is flagged; what lies ahead may not clash."""

from __future__ import annotations

from psycopg.sql import SQL, Composed

from dashboard.imports.codes import Code
from dashboard.imports.entities import ENTITIES
from dashboard.imports.staging import Staging, drafted, row_hash

APPOINTMENT = "appointment"
FLAGS = {
    "day_only": Code.DAY_ONLY,
    "long_duration": Code.LONG_DURATION,
    "overlap_therapist": Code.OVERLAP_THERAPIST,
    "overlap_patient": Code.OVERLAP_PATIENT,
}

# A missing end is the service's usual length; a missing state follows from the time: past is attended, ahead is booked.
CANDIDATE = SQL("""
    select drafted.staging_id, drafted.file, drafted.line, drafted.external_id, drafted.content_sha256,
        drafted.patient_id, drafted.therapist_id, drafted.site_id, drafted.service_id, drafted.mode, drafted.starts_at,
        coalesce(drafted.ends_at, drafted.starts_at + make_interval(mins => service.minutes)) as ends_at,
        coalesce(drafted.state, case when drafted.starts_at <= %(now)s then 'attended' else 'booked' end) as state,
        coalesce(drafted.fee_cents, 0) as fee_cents,
        coalesce(drafted.booked_at, kept.booked_at, least(drafted.starts_at, %(now)s)) as booked_at,
        coalesce(drafted.time_of_day = 'unknown', false) as is_day_only,
        known.local_id as known_id
    from ({drafted}) as drafted
    join service on service.id = drafted.service_id
    left join external_ref as known on known.source = %(source)s and known.entity = 'appointment'
        and known.external_id = drafted.external_id
    left join appointment as kept on kept.id = known.local_id
""").format(drafted=drafted(APPOINTMENT))
IS_OPEN = SQL("state in ('held', 'booked', 'confirmed')")


def load_appointments(staging: Staging) -> None:
    """Load the staged appointments and their patients."""
    _take_open_ones_that_clash(staging)
    _take_other_patients(staging)
    staging.take_changed(APPOINTMENT, CANDIDATE)
    if not staging.holds(APPOINTMENT):
        return
    staging.loaded[APPOINTMENT] += staging.run(INSERT)
    staging.run(ATTENDEES)
    staging.run(REPORT_FLAGS)


def _take_open_ones_that_clash(staging: Staging) -> None:
    """Set aside bookings ahead that no booking form would accept: wrong length, or somebody's hour taken twice."""
    if not staging.ask(
        SQL("select exists (select 1 from ({candidate}) as c where {is_open})").format(
            candidate=CANDIDATE, is_open=IS_OPEN
        )
    )[0][0]:
        return
    length = SQL("""s.id in (
        select staging_id from ({candidate}) as c where {is_open}
            and ends_at - starts_at not between interval '5 minutes' and interval '12 hours'
    )""").format(candidate=CANDIDATE, is_open=IS_OPEN)
    staging.set_aside(APPOINTMENT, Code.BOOKING_LENGTH, length, "ends_at")
    staging.set_aside(APPOINTMENT, Code.ALREADY_BOOKED, _clash(), "starts_at")


def _clash() -> Composed:
    return SQL("""s.id in (
        with ahead as materialized (select * from ({candidate}) as c where {is_open})
        select staging_id from (
            select staging_id, starts_at,
                max(ends_at) over (partition by therapist_id {before}) as therapist_free_at,
                max(ends_at) over (partition by patient_id {before}) as patient_free_at
            from ahead
        ) as queue where starts_at < therapist_free_at or starts_at < patient_free_at
        union
        select ahead.staging_id from ahead join appointment as a on a.therapist_id = ahead.therapist_id
            and a.during && tstzrange(ahead.starts_at, ahead.ends_at) and a.{is_open}
        where a.id is distinct from ahead.known_id
        union
        select ahead.staging_id from ahead join appointment_patient as a on a.patient_id = ahead.patient_id
            and a.during && tstzrange(ahead.starts_at, ahead.ends_at) and a.{is_open}
        where a.appointment_id is distinct from ahead.known_id
    )""").format(
        candidate=CANDIDATE,
        is_open=IS_OPEN,
        before=SQL("order by starts_at, external_id rows between unbounded preceding and 1 preceding"),
    )


def _take_other_patients(staging: Staging) -> None:
    """Set aside an appointment known with another patient: who was there is for a person to say."""
    other = SQL("""s.id in (
        select staging_id from ({candidate}) as c where c.known_id is not null and not exists (
            select 1 from appointment_patient as a where a.appointment_id = c.known_id and a.patient_id = c.patient_id
        )
    )""").format(candidate=CANDIDATE)
    known = SQL("""select exists (
        select 1 from import_staging as s join external_ref as r
        on r.source = %(source)s and r.entity = s.entity and r.external_id = s.external_id
        where s.entity = 'appointment'
    )""")
    if staging.ask(known)[0][0]:
        staging.set_aside(APPOINTMENT, Code.CONFLICT, other, "patient")


# An appointment overlaps when one before it, of the same therapist or patient, is not over when it starts, or the next
# starts before it is over. What the practice holds already counts too. Of one whose hour is unknown nobody can say.
OVERLAPS = SQL("""
    every_visit as (
        select local_id, therapist_id, patient_id, starts_at, ends_at, true as is_fresh from fresh
        where state not in ('cancelled', 'late_cancelled') and not is_day_only
        union all
        select a.id, a.therapist_id, p.patient_id, a.starts_at, a.ends_at, false
        from appointment as a join appointment_patient as p on p.appointment_id = a.id
        where a.state in ('attended', 'booked', 'confirmed') and not coalesce('day_only' = any(a.flags), false)
            and (
                a.therapist_id in (select therapist_id from fresh) or p.patient_id in (select patient_id from fresh)
            )
    ),
    flagged as (
        select local_id,
            ends_at - starts_at > interval '12 hours' as is_long,
            coalesce(starts_at < max(ends_at) over therapist_before, false)
                or coalesce(ends_at > min(starts_at) over therapist_after, false) as is_therapist_busy,
            coalesce(starts_at < max(ends_at) over patient_before, false)
                or coalesce(ends_at > min(starts_at) over patient_after, false) as is_patient_busy,
            is_fresh
        from every_visit
        window
            therapist_before as (partition by therapist_id order by starts_at, ends_at, local_id
                rows between unbounded preceding and 1 preceding),
            therapist_after as (partition by therapist_id order by starts_at, ends_at, local_id
                rows between 1 following and 1 following),
            patient_before as (partition by patient_id order by starts_at, ends_at, local_id
                rows between unbounded preceding and 1 preceding),
            patient_after as (partition by patient_id order by starts_at, ends_at, local_id
                rows between 1 following and 1 following)
    )
""")

INSERT = SQL("""
    with fresh as materialized (
        select nextval(pg_get_serial_sequence('appointment', 'id')) as local_id, c.* from ({candidate}) as c
    ),
    {overlaps},
    written as (
        insert into appointment as t (
            id, therapist_id, site_id, service_id, mode, starts_at, ends_at, state, booked_at, cancelled_at,
            fee_cents, is_imported, flags
        )
        select fresh.local_id, therapist_id, site_id, service_id, mode, starts_at, ends_at, state,
            booked_at, case when state in ('cancelled', 'late_cancelled') then starts_at end,
            fee_cents, true,
            nullif(array_remove(array[
                case when is_day_only then 'day_only' end,
                case when is_long then 'long_duration' end,
                case when is_therapist_busy then 'overlap_therapist' end,
                case when is_patient_busy then 'overlap_patient' end
            ], null), '{{}}')
        from fresh left join flagged on flagged.local_id = fresh.local_id and flagged.is_fresh
        returning t.id, {hash} as row_sha256
    )
    insert into external_ref (source, entity, external_id, local_id, content_sha256, row_sha256, import_run_id)
    select %(source)s, 'appointment', fresh.external_id, fresh.local_id, fresh.content_sha256, written.row_sha256,
        %(run)s
    from fresh join written on written.id = fresh.local_id
""").format(candidate=CANDIDATE, overlaps=OVERLAPS, hash=row_hash(ENTITIES[APPOINTMENT], "t"))

ATTENDEES = SQL("""
    insert into appointment_patient (appointment_id, patient_id)
    select known_id, patient_id from ({candidate}) as c
""").format(candidate=CANDIDATE)

REPORT_FLAGS = SQL("""
    insert into import_set_aside (import_run_id, file, line, entity, code, is_loaded)
    select %(run)s, s.file, s.line, s.entity, upper(flag.name), true
    from import_staging as s
    join external_ref as r on r.source = %(source)s and r.entity = s.entity and r.external_id = s.external_id
    join appointment as a on a.id = r.local_id
    cross join lateral unnest(a.flags) as flag (name)
    where s.entity = 'appointment'
""")
