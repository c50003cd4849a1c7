"""What became of each session, written as series, appointments and their patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dashboard.agenda.models import CANCELLED_BY, MODES, REASONS, STATES
from dashboard.demo.diary import COUPLE, FAMILY, Episodes, Sessions
from dashboard.demo.draws import spread
from dashboard.demo.people import People
from dashboard.demo.tables import Work, blank, coded
from dashboard.demo.team import FIRST_DESK, LATE_FEE, MINUTES, PRICES, WINDOW_HOURS, Team
from dashboard.demo.window import Array

HELD, BOOKED, CONFIRMED, ATTENDED, NO_SHOW, LATE, CANCELLED = range(len(STATES))
UNMARKED = ((2, 0.30), (7, 0.12), (21, 0.04))  # share of sessions that nobody marked, by age in days
UNMARKED_LATER = 0.006
HOUR = 3_600


@dataclass(frozen=True)
class Agenda:
    """What became of each session, in their order, with the times that patients' rows copy."""

    id: Array
    state: Array
    fee: Array
    is_fee_charged: Array
    starts: Array
    ends: Array


def write_agenda(work: Work, team: Team, episodes: Episodes, sessions: Sessions, people: People) -> Agenda:
    """Write the appointments of ``sessions`` and who attends them."""
    is_ill = team.ill[sessions.therapist, sessions.day]
    agenda = _decide(work, sessions, is_ill)
    series = _write_series(work, episodes, sessions)
    replaced, by = sessions.moved_from[sessions.moved_from >= 0], agenda.id[sessions.moved_from >= 0]
    moved_to = np.zeros(len(agenda.id), dtype=np.int64)
    moved_to[replaced] = by
    is_phone = work.rng.random(len(agenda.id)) < 0.01
    has_room = (sessions.room > 0) & ~sessions.is_online & ~is_phone
    is_case = np.isin(sessions.service, (COUPLE, FAMILY))
    work.tables.write(
        "appointment",
        {
            "id": agenda.id,
            "therapist_id": sessions.therapist + 1,
            "site_id": team.site[sessions.therapist],
            "room_id": blank(sessions.room, ~has_room),
            "service_id": sessions.service + 1,
            "case_id": blank(people.case[sessions.episode], ~is_case),
            "series_id": blank(series[sessions.episode], sessions.is_held | (sessions.moved_from >= 0)),
            "mode": coded(MODES, np.where(is_phone, 2, np.where(sessions.is_online, 1, 0))),
            "starts_at": agenda.starts,
            "ends_at": agenda.ends,
            "state": coded(STATES, agenda.state),
            "moved_to_id": blank(moved_to, moved_to == 0),
            "fee_cents": agenda.fee,
            "is_fee_charged": agenda.is_fee_charged,
            **_history(work, sessions, agenda, is_ill),
        },
    )
    _write_attendees(work, sessions, people, agenda)
    return agenda


def _decide(work: Work, sessions: Sessions, is_ill: Array) -> Agenda:
    rng, window = work.rng, work.window
    state = _states(work, sessions, is_ill)
    may_cost = np.isin(state, (NO_SHOW, LATE)) & (LATE_FEE[sessions.service] > 0)
    starts = window.moments(sessions.day, sessions.minute)
    return Agenda(
        id=work.tables.take("appointment", len(state)),
        state=state,
        fee=PRICES[sessions.service] - np.where(sessions.day < window.now - 365, 500, 0),
        is_fee_charged=may_cost & (rng.random(len(state)) < 0.7),
        starts=starts,
        ends=starts + (MINUTES[sessions.service] * 60).astype("timedelta64[s]"),
    )


def _was_moved(sessions: Sessions) -> Array:
    was_moved = np.zeros(len(sessions.day), bool)
    was_moved[sessions.moved_from[sessions.moved_from >= 0]] = True
    return was_moved


def _states(work: Work, sessions: Sessions, is_ill: Array) -> Array:
    rng, window = work.rng, work.window
    number = len(sessions.day)
    age = window.now - sessions.day
    past = rng.choice([ATTENDED, NO_SHOW, LATE, CANCELLED], number, p=[0.836, 0.042, 0.042, 0.08])
    unmarked = np.select([age <= days for days, _ in UNMARKED], [share for _, share in UNMARKED], UNMARKED_LATER)
    nobody_marked = (past != CANCELLED) & (rng.random(number) < unmarked)
    past = np.where(nobody_marked, np.where(rng.random(number) < 0.4, CONFIRMED, BOOKED), past)
    past = np.where(is_ill | _was_moved(sessions), CANCELLED, past)
    sure = np.where(age > -10, 0.55, 0.15)
    draw = rng.random(number)
    ahead = np.where(draw < 0.05, CANCELLED, np.where(draw < 0.05 + sure, CONFIRMED, BOOKED))
    return np.where(sessions.is_held, HELD, np.where(age > 0, past, ahead))


def _history(work: Work, sessions: Sessions, agenda: Agenda, is_ill: Array) -> dict[str, object]:
    """Return when each appointment was booked, confirmed, cancelled and marked, by whom and why."""
    rng, window = work.rng, work.window
    state, starts, number = agenda.state, agenda.starts, len(agenda.state)
    never = np.datetime64("NaT")
    latest = window.start_of_today - np.timedelta64(HOUR, "s")
    window_seconds = WINDOW_HOURS[sessions.service] * HOUR
    lead = np.where(
        state == LATE,
        rng.random(number) * 0.95 * window_seconds,
        window_seconds + rng.integers(1, 8 * 24, number) * HOUR,
    )
    cancelled = np.minimum(starts - lead.astype("timedelta64[s]"), latest)
    booked = starts - rng.integers(14 * 24, 60 * 24, number).astype("timedelta64[h]")
    confirmed = np.minimum(starts - np.timedelta64(30, "h"), latest)
    has_confirmed = (state == CONFIRMED) | (np.isin(state, (ATTENDED, NO_SHOW)) & (rng.random(number) < 0.6))
    is_cancelled, is_marked = np.isin(state, (LATE, CANCELLED)), np.isin(state, (ATTENDED, NO_SHOW))
    by = np.where(is_ill, 2, np.where(_was_moved(sessions), 0, rng.choice(3, number, p=[0.85, 0.1, 0.05])))
    reason = rng.choice(len(REASONS), number, p=[0.3, 0.25, 0.12, 0.06, 0.0, 0.05, 0.22])
    reason = np.where(by == 2, REASONS.index("therapist_away"), reason)
    by_therapist = rng.random(number) < 0.5
    return {
        "held_until": np.where(state == HELD, window.start_of_today + np.timedelta64(24 * HOUR, "s"), never),
        "booked_at": np.where(state == HELD, latest, np.minimum(booked, latest - np.timedelta64(240 * HOUR, "s"))),
        "confirmed_at": np.where(has_confirmed, confirmed, never),
        "cancelled_at": np.where(is_cancelled, cancelled, never),
        "cancelled_by": coded(CANCELLED_BY, by, ~is_cancelled),
        "cancellation_reason": coded(REASONS, reason, ~is_cancelled),
        "marked_at": np.where(is_marked, agenda.ends + np.timedelta64(300, "s"), never),
        "marked_by_id": blank(np.where(by_therapist, sessions.therapist + 5, FIRST_DESK), ~is_marked),
    }


def _write_series(work: Work, episodes: Episodes, sessions: Sessions) -> Array:
    """Write a series for each episode and return their identifiers."""
    window, tables = work.window, work.tables
    number = len(episodes.kind)
    ids = tables.take("appointment_series", number)
    first = np.full(number, window.days)
    last = np.zeros(number, dtype=np.int64)
    np.minimum.at(first, sessions.episode, sessions.day)
    np.maximum.at(last, sessions.episode, sessions.day)
    times = [f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(24 * 60)]
    is_over = last < window.now
    tables.write(
        "appointment_series",
        {
            "id": ids,
            "frequency": coded(("weekly", "fortnightly"), episodes.step - 1),
            "local_time": coded(times, episodes.minute),
            "starts_on": window.dates(first),
            "therapist_id": episodes.therapist + 1,
            "until_on": np.where(is_over, window.dates(last), np.datetime64("NaT")),
        },
    )
    return ids


def _write_attendees(work: Work, sessions: Sessions, people: People, agenda: Agenda) -> None:
    row, turn = spread(people.size[sessions.episode])
    work.tables.write(
        "appointment_patient",
        {
            "appointment_id": agenda.id[row],
            "patient_id": people.first_patient[sessions.episode[row]] + turn,
            "therapist_id": sessions.therapist[row] + 1,
            "position": turn + 1,
            "state": coded(STATES, agenda.state[row]),
            "starts_at": agenda.starts[row],
            "ends_at": agenda.ends[row],
        },
    )
