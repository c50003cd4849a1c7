"""When patients are seen: hours of the week given to one treatment after another, and the sessions that follow.

An hour of a therapist's week is a *lane*. A weekly patient has the lane to himself, two fortnightly ones share it
(each is a *track*). On each track one treatment (an *episode*) follows the other, so that neither therapist, room
nor patient can be in two places, whatever became of a session. One lane a therapist is spare: sessions moved within
their week and requests from the public agenda go there.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np

from dashboard.demo.draws import spread
from dashboard.demo.shape import Shape
from dashboard.demo.team import HALF_DAYS, LANES, Team
from dashboard.demo.window import Array, Window

INDIVIDUAL, SHORT, COUPLE, FAMILY, GROUP, REPORT = range(6)  # places in team.SERVICES
LONG_KINDS = np.array([COUPLE, FAMILY, GROUP, COUPLE, FAMILY, COUPLE])  # of long lanes, in turn
STARTS = np.array([[540, 600, 660, 720, 780], [900, 960, 1_020, 1_080, 1_140]])  # the last one lasts 90 minutes


@dataclass(frozen=True)
class Columns:
    """Arrays of one length."""

    def rows(self, which: Array) -> Self:
        """Return the same columns for some of the rows."""
        return replace(self, **{column.name: getattr(self, column.name)[which] for column in fields(self)})

    def and_also(self, other: Self) -> Self:
        """Return these rows followed by the rows of ``other``."""
        return replace(
            self,
            **{column.name: np.r_[getattr(self, column.name), getattr(other, column.name)] for column in fields(self)},
        )


@dataclass(frozen=True)
class Lanes(Columns):
    """Hours of the week."""

    therapist: Array  # from 0
    weekday: Array
    minute: Array
    room: Array  # 0 for none
    is_long: Array


@dataclass(frozen=True)
class Episodes(Columns):
    """Treatments: who, what, on which track."""

    therapist: Array
    kind: Array
    weekday: Array
    minute: Array
    room: Array
    is_online: Array
    step: Array  # weeks between two sessions
    first_week: Array
    last_week: Array


@dataclass(frozen=True)
class Sessions(Columns):
    """Appointments: of which episode and when."""

    episode: Array
    therapist: Array
    service: Array
    day: Array
    minute: Array
    room: Array
    is_online: Array
    is_held: Array
    moved_from: Array  # the place of the session that this one replaces, -1 for none


def draw_diary(
    rng: np.random.Generator, window: Window, shape: Shape, team: Team, who: Array
) -> tuple[Episodes, Sessions]:
    """Return the treatments and the sessions of the therapists ``who``, in order of time."""
    share = team.lanes[who].sum() / team.lanes.sum()
    lanes, spare = _lay_lanes(rng, team, who)
    episodes = _draw_episodes(rng, window, shape, lanes, share)
    sessions = _expand(rng, window, team, episodes)
    wanted = round(shape.sessions * share / 1.012)
    kept = np.sort(rng.permutation(len(sessions.day))[:wanted])
    sessions = sessions.rows(kept)
    sessions = sessions.and_also(_moved(rng, window, team, sessions, spare))
    holds, held = _held(rng, window, team, spare, len(episodes.kind))
    episodes, sessions = episodes.and_also(holds), sessions.and_also(held)
    used, sessions = _renumber(sessions, len(episodes.kind))
    return episodes.rows(used), sessions


def _lay_lanes(rng: np.random.Generator, team: Team, who: Array) -> tuple[Lanes, Lanes]:
    """Return the lanes given to patients, and one spare lane a therapist."""
    works = np.repeat(team.works[who], LANES, axis=1)
    # The long hour of the evening goes a little sooner, so that even a small practice has couples and groups.
    wish = rng.random(works.shape) - 0.2 * (np.arange(works.shape[1]) % (2 * LANES) == 2 * LANES - 1)
    order = np.where(works, wish, 2.0).argsort(axis=1).argsort(axis=1)
    given = team.lanes[who]
    place, lane = np.nonzero(order < given[:, None])
    # Only sessions of an hour move, so any lane of the half-days worked can be the spare one.
    spare = (order == given[:, None]).argmax(axis=1)
    return _lanes(team, who[place], lane), _lanes(team, who, spare)


def _lanes(team: Team, therapist: Array, lane: Array) -> Lanes:
    half_day, turn = lane // LANES, lane % LANES
    is_long = (half_day % 2 == 1) & (turn == LANES - 1)
    minute = STARTS[half_day % 2, turn]
    return Lanes(therapist, half_day // 2, minute, team.room[therapist, half_day % HALF_DAYS], is_long)


def _draw_episodes(rng: np.random.Generator, window: Window, shape: Shape, lanes: Lanes, share: float) -> Episodes:
    is_weekly = rng.random(len(lanes.minute)) < shape.weekly_share * np.where(lanes.is_long, 0.4, 1.0)
    lane = np.r_[np.arange(len(is_weekly)), np.flatnonzero(~is_weekly)]
    parity = np.r_[np.zeros(len(is_weekly), int), np.ones(int((~is_weekly).sum()), int)]
    step = np.where(is_weekly[lane], 1, 2)
    room_for = (window.weeks / step).sum()
    new = max(shape.patients * share * 0.59 - len(lane), 0.15 * len(lane))
    track, first, last = _successions(rng, step, parity, window.weeks, mean=room_for / new)
    long_kind = LONG_KINDS[np.cumsum(lanes.is_long) % len(LONG_KINDS)][lane][track]
    short_kind = np.where(rng.random(len(track)) < 0.6, INDIVIDUAL, SHORT)
    chosen = lanes.rows(lane[track])
    return Episodes(
        therapist=chosen.therapist,
        kind=np.where(chosen.is_long, long_kind, short_kind),
        weekday=chosen.weekday,
        minute=chosen.minute,
        room=chosen.room,
        is_online=(chosen.room == 0) | (rng.random(len(track)) < 0.15),
        step=step[track],
        first_week=first,
        last_week=last,
    )


def _successions(
    rng: np.random.Generator, step: Array, parity: Array, weeks: int, mean: float
) -> tuple[Array, Array, Array]:
    """Return (track, first week, last week) of episodes that follow each other until the period is over."""
    cursor = parity.copy()
    found: list[tuple[Array, Array, Array]] = []
    while (open_tracks := np.flatnonzero(cursor < weeks)).size:
        length = np.maximum(1, rng.lognormal(np.log(mean) - 0.6, 1.1, len(open_tracks))).astype(int)
        if not found:  # the first ones were under way when the period began
            length = np.maximum(1, (length * rng.random(len(length))).astype(int))
        stride = step[open_tracks]
        first = cursor[open_tracks]
        last = np.minimum(first + (length - 1) * stride, weeks - 1)
        found.append((open_tracks, first, last))
        cursor[open_tracks] = first + (length + rng.integers(0, 4, len(length))) * stride
    track, first, last = (np.concatenate(column) for column in zip(*found, strict=True))
    return track, first, last


def _expand(rng: np.random.Generator, window: Window, team: Team, episodes: Episodes) -> Sessions:
    """Return every session of the episodes on days when the therapist is there."""
    count = (episodes.last_week - episodes.first_week) // episodes.step + 1
    episode, turn = spread(count)
    day = (episodes.first_week[episode] + turn * episodes.step[episode]) * 7 + episodes.weekday[episode]
    kept = (day < window.days) & ~team.away[episodes.therapist[episode], day]
    episode, day = episode[kept], day[kept]
    service = episodes.kind[episode]
    is_report = (service <= SHORT) & (rng.random(len(service)) < 0.012)
    no = np.zeros(len(episode), bool)
    return Sessions(
        episode=episode,
        therapist=episodes.therapist[episode],
        service=np.where(is_report, REPORT, service),
        day=day,
        minute=episodes.minute[episode],
        room=episodes.room[episode],
        is_online=episodes.is_online[episode],
        is_held=no,
        moved_from=np.full(len(episode), -1),
    )


def _moved(rng: np.random.Generator, window: Window, team: Team, sessions: Sessions, spare: Lanes) -> Sessions:
    """Return the sessions that replace a few past ones, in the spare hour of the same week."""
    position = np.searchsorted(spare.therapist, sessions.therapist)
    day = sessions.day // 7 * 7 + spare.weekday[position]
    may = (sessions.service <= SHORT) & (sessions.day < window.now) & (day < window.now)
    may &= ~team.away[sessions.therapist, day] & ~team.ill[sessions.therapist, day]
    chosen = np.flatnonzero(may & (rng.random(len(day)) < 0.0125))
    _, one_a_week = np.unique(sessions.therapist[chosen] * window.weeks + day[chosen] // 7, return_index=True)
    chosen = chosen[one_a_week]
    place = position[chosen]
    return replace(
        sessions.rows(chosen),
        day=day[chosen],
        minute=spare.minute[place],
        room=spare.room[place],
        is_online=sessions.is_online[chosen] | (spare.room[place] == 0),
        moved_from=chosen,
    )


def _held(
    rng: np.random.Generator, window: Window, team: Team, spare: Lanes, first_episode: int
) -> tuple[Episodes, Sessions]:
    """Return requests from the public agenda that are held for the moment: an episode and a session each."""
    weeks = np.arange(window.now // 7 + 1, window.weeks - 1)
    place, week = (grid.ravel() for grid in np.meshgrid(np.arange(len(spare.minute)), weeks, indexing="ij"))
    day = week * 7 + spare.weekday[place]
    possible = np.flatnonzero((day < window.days) & ~team.away[spare.therapist[place], day])
    chosen = possible[np.sort(rng.permutation(len(possible))[: max(3, len(possible) // 12)])]
    place, week, day = place[chosen], week[chosen], day[chosen]
    lanes, yes, number = spare.rows(place), np.ones(len(chosen), bool), len(chosen)
    kind = np.full(number, SHORT)
    place_of = (lanes.therapist, kind, lanes.weekday, lanes.minute, lanes.room, lanes.room == 0)
    episodes = Episodes(*place_of, step=np.ones(number, int), first_week=week, last_week=week)
    episode = np.arange(first_episode, first_episode + number)
    rest = (lanes.minute, lanes.room, lanes.room == 0, yes, np.full(number, -1))
    return episodes, Sessions(episode, lanes.therapist, kind, day, *rest)


def _renumber(sessions: Sessions, episodes: int) -> tuple[Array, Sessions]:
    """Put sessions in order of time and drop episodes without any; return the episodes kept."""
    order = np.lexsort((sessions.therapist, sessions.minute, sessions.day))
    place = np.empty(len(order) + 1, dtype=np.int64)
    place[order] = np.arange(len(order))
    place[-1] = -1
    used = np.unique(sessions.episode)
    new = np.full(episodes, -1)
    new[used] = np.arange(len(used))
    ordered = sessions.rows(order)
    return used, replace(ordered, episode=new[ordered.episode], moved_from=place[ordered.moved_from])
