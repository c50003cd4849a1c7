"""Patients with their guardians, cases and payers; some files have the gaps that real files have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dashboard.demo import names
from dashboard.demo.diary import COUPLE, FAMILY, GROUP, Episodes, Sessions
from dashboard.demo.draws import is_nothing, joined, nothing_where, pick, pick_by_weight, spread, with_gaps, words
from dashboard.demo.identity import mobile, nie, nif, with_wrong_letter
from dashboard.demo.tables import Work
from dashboard.demo.team import Team
from dashboard.demo.window import Array, Window

YEAR = 365.25
WAITING_SHARE = 0.06
MARRIED = {
    "single": 40.0,
    "married": 30.0,
    "partnered": 14.0,
    "separated": 4.0,
    "divorced": 8.0,
    "widowed": 2.0,
    "unknown": 2.0,
}


@dataclass(frozen=True)
class People:
    """Patients of one part of the practice; the members of an episode have consecutive identifiers."""

    first_patient: Array  # by episode
    size: Array  # by episode
    case: Array  # by episode, 0 for none
    id: Array
    name: Array
    address: Array  # line and postal code
    city: Array  # place in names.CITIES
    is_female: Array
    tax_id: Array
    therapist: Array  # from 0
    age: Array  # years at the reference day
    birth: Array  # day
    opened: Array  # day
    first: Array  # day of the first session, after the period when there is none
    last: Array  # day of the last session
    is_online: Array
    pays: Array
    is_current: Array  # waiting or active


def draw_people(work: Work, team: Team, who: Array, episodes: Episodes, sessions: Sessions) -> People:
    """Write the patients of ``episodes``, and some who only wait, of the therapists ``who``; return them."""
    rng, window, tables = work.rng, work.window, work.tables
    size = _sizes(rng, episodes)
    seen = int(size.sum())
    waiting = max(1, round(seen * WAITING_SHARE))
    ids = tables.take("patient", seen + waiting)
    row, turn = spread(size)
    episode = np.r_[row, np.full(waiting, -1)]
    first, last = _first_and_last(window, episodes, sessions)
    therapist = np.where(episode >= 0, episodes.therapist[episode], rng.choice(who, len(ids)))
    is_child = np.r_[(episodes.kind[episode[:seen]] == FAMILY) & (turn >= 2), np.zeros(waiting, bool)]
    may_be_minor = (episode < 0) | (episodes.kind[episode] < COUPLE)
    is_minor = is_child | (may_be_minor & (rng.random(len(ids)) < 0.125))
    adult = np.clip(18.3 + rng.gamma(3.0, 7.5, len(ids)), 18.3, 90)
    age = np.where(is_minor, rng.uniform(6, 17.9, len(ids)), adult)
    first_day = np.where(episode >= 0, first[episode], window.weeks * 7)
    last_day = np.where(episode >= 0, last[episode], window.weeks * 7)
    under_way = first_day < 25
    before = np.where(under_way, rng.integers(20, 600, len(ids)), rng.integers(2, 40, len(ids)))
    opened = np.minimum(first_day - before, window.now - rng.integers(1, 90, len(ids)))
    first_patient = ids[0] + np.cumsum(size) - size
    people = People(
        first_patient=first_patient,
        size=size,
        case=_write_cases(work, episodes, size, first_patient, opened, last_day, ids),
        id=ids,
        **_identity(rng, ids, age, turn, seen),
        therapist=therapist,
        age=age,
        birth=window.now - (age * YEAR).astype(int),
        opened=opened,
        first=first_day,
        last=last_day,
        is_online=(episode >= 0) & episodes.is_online[episode],
        pays=np.where(is_minor, pick_by_weight(rng, {"guardian": 4, "insurer": 1}, len(ids)), _pays(rng, len(ids))),
        is_current=np.ones(len(ids), bool),
    )
    return _write_patients(work, team, people)


def _sizes(rng: np.random.Generator, episodes: Episodes) -> Array:
    number = len(episodes.kind)
    family = rng.integers(2, 5, number)
    return np.select(
        [episodes.kind == COUPLE, episodes.kind == FAMILY, episodes.kind == GROUP], [np.full(number, 2), family, 6], 1
    )


def _first_and_last(window: Window, episodes: Episodes, sessions: Sessions) -> tuple[Array, Array]:
    first = np.full(len(episodes.kind), window.days)
    last = np.zeros(len(episodes.kind), dtype=np.int64)
    np.minimum.at(first, sessions.episode, sessions.day)
    np.maximum.at(last, sessions.episode, sessions.day)
    return first, last


def _pays(rng: np.random.Generator, size: int) -> Array:
    return pick_by_weight(rng, {"self": 73, "insurer": 25, "other": 2}, size)


def _identity(rng: np.random.Generator, ids: Array, age: Array, turn: Array, seen: int) -> dict[str, Array]:
    """Return names (given, first and second surname), addresses and identity numbers."""
    number = len(ids)
    is_female = rng.random(number) < 0.62
    given = np.where(is_female, pick(rng, names.FEMALE, number), pick(rng, names.MALE, number))
    surname_1, surname_2 = pick(rng, names.SURNAMES, number), pick(rng, names.SURNAMES, number)
    is_child = np.r_[turn >= 2, np.zeros(number - seen, bool)] & (age < 18)
    parent = np.arange(number) - np.r_[turn, np.zeros(number - seen, int)]
    surname_1 = np.where(is_child, surname_1[parent], surname_1)
    surname_2 = nothing_where(rng.random(number) < 0.04, surname_2)
    city = rng.integers(0, len(names.CITIES), number)
    postal = joined(
        words([row[1] for row in names.CITIES])[city], words([f"{n:03d}" for n in rng.integers(1, 60, number)])
    )
    line = joined(
        pick(rng, names.STREETS, number), " ", rng.integers(1, 180, number), ", ", rng.integers(1, 9, number), "º"
    )
    is_foreign = rng.random(number) < 0.08
    identity = np.where(is_foreign, nie(ids), nif(ids))
    odd = rng.permutation(np.arange(number)) / number
    identity = np.where(odd < 0.02, with_wrong_letter(identity), identity)
    identity = np.where((odd > 0.98) & (ids > ids[0]), np.roll(identity, 1), identity)
    missing = rng.random(number) < np.where(age < 14, 0.25, 0.05)
    return {
        "name": np.stack([given, surname_1, surname_2], axis=1),
        "address": np.stack([line, postal], axis=1),
        "city": city,
        "is_female": is_female,
        "tax_id": nothing_where(missing, identity),
    }


def _write_cases(
    work: Work, episodes: Episodes, size: Array, first_patient: Array, opened: Array, last: Array, ids: Array
) -> Array:
    """Write couples and families and who belongs to them; return the case of each episode, 0 for none."""
    window, tables = work.window, work.tables
    is_case = np.flatnonzero(np.isin(episodes.kind, (COUPLE, FAMILY)))
    cases = tables.take("patient_case", len(is_case))
    place = first_patient[is_case] - ids[0]
    is_over = last[place] < window.now
    tables.write(
        "patient_case",
        {
            "id": cases,
            "kind": np.where(episodes.kind[is_case] == COUPLE, "couple", "family"),
            "opened_on": window.dates(opened[place]),
            "closed_on": np.where(is_over, window.dates(last[place]), np.datetime64("NaT")),
        },
    )
    row, turn = spread(size[is_case])
    tables.write("case_member", {"case_id": cases[row], "patient_id": first_patient[is_case][row] + turn})
    case = np.zeros(len(size), dtype=np.int64)
    case[is_case] = cases
    return case


def _statuses(work: Work, people: People) -> Array:
    rng, window = work.rng, work.window
    draw = rng.random(len(people.id))
    since = window.now - people.last
    status = np.where(people.first >= window.now, np.where(draw < 0.6, "waiting", "active"), "active")
    status = np.where(people.first >= window.days, "waiting", status)
    status = np.where((since > 45) & (draw < 0.9), "discharged", status)
    return np.where((since > 300) & (draw < 0.45), "archived", status).astype(object)


def _write_patients(work: Work, team: Team, people: People) -> People:
    rng, window, tables = work.rng, work.window, work.tables
    number = len(people.id)
    status = _statuses(work, people)
    is_closed = np.isin(status, ("discharged", "archived"))
    discharged = np.minimum(people.last + rng.integers(0, 30, number), window.now - 1)
    opened_at = window.moments(people.opened, 660)
    tables.write(
        "patient",
        {
            "id": people.id,
            "number": people.id + 1_000,
            "given_name": people.name[:, 0],
            "surname_1": people.name[:, 1],
            "surname_2": people.name[:, 2],
            **_life(work, people),
            "address_line": with_gaps(rng, people.address[:, 0], 0.06),
            "postal_code": with_gaps(rng, people.address[:, 1], 0.04),
            "city": words([row[0] for row in names.CITIES])[people.city],
            "region": words([row[2] for row in names.CITIES])[people.city],
            "country": "ES",
            **_contact(rng, people),
            "referral_source": with_gaps(rng, pick(rng, names.REFERRALS, number), 0.08),
            "site_id": team.site[people.therapist],
            "main_therapist_id": people.therapist + 1,
            "pays": people.pays,
            "status": status,
            "opened_on": window.dates(people.opened),
            "discharged_on": np.where(is_closed, window.dates(discharged), np.datetime64("NaT")),
            "created_at": opened_at,
            "updated_at": opened_at,
        },
    )
    _write_histories(work, people)
    return People(**{**people.__dict__, "is_current": ~is_closed})


def _life(work: Work, people: People) -> dict[str, Array]:
    """Return what is known of each person's life; some of it is missing."""
    rng, number = work.rng, len(people.id)
    is_adult = people.age >= 18
    return {
        "birth_date": np.where(rng.random(number) < 0.03, np.datetime64("NaT"), work.window.dates(people.birth)),
        "sex": np.where(rng.random(number) < 0.04, "unknown", np.where(people.is_female, "female", "male")),
        "profession": with_gaps(rng, np.where(is_adult, pick(rng, names.PROFESSIONS, number), "Estudiante"), 0.08),
        "marital_status": np.where(is_adult, pick_by_weight(rng, MARRIED, number), "single"),
        "preferred_language": np.where(rng.random(number) < 0.04, "en", "es"),
    }


def _contact(rng: np.random.Generator, people: People) -> dict[str, Array]:
    """Return how to reach and identify each person; some of it is missing."""
    number, is_adult = len(people.id), people.age >= 18
    kind = np.where([value is not None and value[0] in "XYZ" for value in people.tax_id], "nie", "nif")
    domain = pick(rng, names.MAIL_DOMAINS, number)
    emergency = joined(pick(rng, names.FEMALE + names.MALE, number), " ", pick(rng, names.SURNAMES, number))
    unnamed = rng.random(number) < 0.07
    return {
        "telephone": with_gaps(rng, mobile(rng, number), np.where(is_adult, 0.03, 0.35)),
        "email": with_gaps(rng, joined("persona", people.id, "@", domain), np.where(is_adult, 0.05, 0.45)),
        "id_kind": nothing_where(is_nothing(people.tax_id), kind),
        "id_value": people.tax_id,
        "emergency_name": nothing_where(unnamed, emergency),
        "emergency_relation": nothing_where(unnamed, pick(rng, names.RELATIONS, number)),
        "emergency_telephone": with_gaps(rng, nothing_where(unnamed, mobile(rng, number)), 0.02),
    }


def _write_histories(work: Work, people: People) -> None:
    rng, window, tables = work.rng, work.window, work.tables
    has = np.flatnonzero((people.first < window.now - 7) & (rng.random(len(people.id)) < 0.93))
    late = rng.integers(0, 20, len(has))
    tables.write(
        "clinical_history",
        {
            "id": tables.take("clinical_history", len(has)),
            "patient_id": people.id[has],
            "opened_by_id": people.therapist[has] + 1,
            "opened_on": window.dates(np.minimum(people.first[has] + late, window.now - 1)),
        },
    )
