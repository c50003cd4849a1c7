"""The synthetic practice's own people and places: sites, rooms, therapists, hours, absences, services and users."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

import numpy as np

from dashboard.demo import names
from dashboard.demo.draws import joined, order_within, pick, words
from dashboard.demo.identity import mobile
from dashboard.demo.shape import Shape
from dashboard.demo.tables import Tables, Work, blank
from dashboard.demo.window import Array, Window

HALF_DAYS = 12  # Monday morning, Monday afternoon, … Saturday afternoon
HOURS = ((time(9), time(14)), (time(15), time(20, 30)))
LANES = 5  # sessions that fit a half-day
SESSIONS_PER_LANE = 80  # of a weekly hour in the whole period, less absences, holidays and gaps between patients

MANAGER, FIRST_DESK, SECOND_DESK, AUDITOR = 1, 2, 3, 4

SERVICES: tuple[dict[str, Any], ...] = (
    {"name": "Terapia individual (60 min)", "kind": "individual", "minutes": 60, "price_cents": 7_000},
    {"name": "Terapia individual (50 min)", "kind": "individual", "minutes": 50, "price_cents": 6_000},
    {"name": "Terapia de pareja", "kind": "couple", "minutes": 90, "price_cents": 9_500},
    {"name": "Terapia familiar", "kind": "family", "minutes": 90, "price_cents": 10_000},
    {"name": "Grupo terapéutico", "kind": "group", "minutes": 90, "price_cents": 3_500},
    {"name": "Informe pericial", "kind": "report", "minutes": 60, "price_cents": 18_000},
)
TAX = np.array([0, 0, 0, 0, 0, 2_100])
WINDOW_HOURS = np.array([24, 24, 48, 48, 24, 72])
MOST_PATIENTS = np.array([1, 1, 2, 8, 12, 1])
LATE_FEE = np.array([50, 50, 100, 50, 0, 0])
PRICES = np.array([service["price_cents"] for service in SERVICES])
MINUTES = np.array([service["minutes"] for service in SERVICES])

ISSUER = {"name": "Centro de Psicología Entretanto (datos ficticios)", "tax_id": "B12345674"}


@dataclass(frozen=True)
class Team:
    """What the diary needs to know of the therapists, one row each."""

    site: Array
    works: Array  # therapist × half-day: whether they work then
    room: Array  # therapist × half-day: the room, 0 for none
    lanes: Array  # hours a week that are given to patients
    away: Array  # therapist × day: nothing is scheduled
    ill: Array  # therapist × day: what was scheduled is cancelled


def build_team(work: Work, shape: Shape) -> Team:
    """Write the team and return what the diary needs of it."""
    rng, window, tables = work.rng, work.window, work.tables
    number = shape.therapists
    site_rooms = _write_places(work, shape)
    site = np.arange(number) * shape.sites // number + 1
    share = rng.uniform(0.65, 1.35, number)
    target = shape.sessions / number * share / share.mean()
    lanes = np.ceil(target / SESSIONS_PER_LANE).astype(int)
    half_days = np.clip(np.ceil((lanes + 1) * 1.25 / LANES), 2, HALF_DAYS).astype(int)
    preference = rng.random((number, HALF_DAYS)) + np.repeat([0.0, 2.0], [10, 2])
    works = preference.argsort(axis=1).argsort(axis=1) < half_days[:, None]
    started, ended = _employment(window, number)
    _write_therapists(work, site, target, started, ended)
    _write_hours(work, site, works, started, ended)
    away, ill = _write_absences(work, number)
    day = np.arange(away.shape[1])
    away |= (day < started[:, None]) | (day >= ended[:, None])
    _write_services(tables)
    _write_closures(work, np.arange(shape.sites) + 1)
    return Team(site, works, _rooms(site, works, site_rooms), np.minimum(lanes, half_days * LANES - 1), away, ill)


def _write_places(work: Work, shape: Shape) -> list[list[int]]:
    """Write the practice, its sites and rooms; return the rooms of each site."""
    _window, tables = work.window, work.tables
    address = {"address_line": "Calle de Alcalá 100", "postal_code": "28009", "city": "Madrid"}
    tables.write_rows("practice_profile", [{"id": 1, **ISSUER, **address, "is_synthetic": True}])
    sites = tables.take("site", shape.sites)
    rooms = tables.take("room", shape.rooms)
    turn = -(-shape.sites // len(names.SITES))
    name = [f"{place} {turn_of}" if turn_of > 1 else place for turn_of in range(1, turn + 1) for place in names.SITES]
    tables.write(
        "site",
        {
            "id": sites,
            "name": words(name[: len(sites)]),
            "address_line": joined("Calle Mayor ", sites),
            "postal_code": joined("280", words([f"{1 + key % 55:02d}" for key in sites])),
            "city": "Madrid",
            "region": "Madrid",
            "telephone": joined("+34910000", words([f"{key % 1000:03d}" for key in sites])),
        },
    )
    site_of = (rooms - 1) % shape.sites + 1
    place = order_within(site_of) + 1
    tables.write(
        "room",
        {"id": rooms, "site_id": site_of, "name": joined("Sala ", place), "capacity": np.where(place == 1, 12, 4)},
    )
    return [[int(room) for room in rooms[site_of == site]] for site in sites]


def _employment(window: Window, number: int) -> tuple[Array, Array]:
    """Return the days when therapists began and ended: some joined within the period, some left."""
    place = np.arange(number)
    started = np.where(place % 7 == 5, window.now - 300, -400)
    ended = np.where(place % 14 == 9, window.now - 150, window.weeks * 7)
    return started, ended


def _write_therapists(work: Work, site: Array, target: Array, started: Array, ended: Array) -> None:
    rng, window, tables = work.rng, work.window, work.tables
    number = len(site)
    ids = tables.take("therapist", number)
    given = np.where(rng.random(number) < 0.7, pick(rng, names.FEMALE, number), pick(rng, names.MALE, number))
    surnames = joined(pick(rng, names.SURNAMES, number), " ", pick(rng, names.SURNAMES, number))
    email = joined("terapeuta", ids, "@entretanto.example")
    basis = words(["percentage", "per_session", "fixed"])[np.arange(number) % 3]
    has_left = ended < window.now
    tables.write(
        "therapist",
        {
            "id": ids,
            "given_name": given,
            "surnames": surnames,
            "email": email,
            "telephone": mobile(rng, number),
            "licence_body": "Colegio Oficial de la Psicología de Madrid",
            "licence_number": joined("M-", words([f"{20_000 + 37 * key:05d}" for key in ids])),
            "speciality": pick(rng, names.SPECIALITIES, number),
            "site_id": site,
            "weekly_session_goal": np.round(target / 104 * 1.05 * 2) / 2,
            "pay_basis": basis,
            "pay_amount_cents": blank(np.where(basis == "fixed", 185_000, 3_800), basis == "percentage"),
            "pay_percent": blank(rng.choice([55.0, 60.0, 65.0], number), basis != "percentage"),
            "started_on": window.dates(started),
            "ended_on": np.where(has_left, window.dates(ended), np.datetime64("NaT")),
            "is_active": ~has_left,
        },
    )
    _write_users(work, ids, joined(given, " ", surnames), email, ~has_left)


def _write_users(work: Work, ids: Array, name: Array, email: Array, is_active: Array) -> None:
    window, tables = work.window, work.tables
    staff = (
        ("Carmen Vidal Ortega", "direccion", "manager"),
        ("Laura Prieto Sanz", "recepcion", "front_desk"),
        ("Hugo Marín Calvo", "recepcion2", "front_desk"),
        ("Nuria Soler Puig", "auditoria", "auditor"),
    )
    users = tables.take("app_user", len(staff) + len(ids))
    nobody = np.arange(len(users)) < len(staff)
    tables.write(
        "app_user",
        {
            "id": users,
            "display_name": np.r_[words([row[0] for row in staff]), name],
            "email": np.r_[words([f"{row[1]}@entretanto.example" for row in staff]), email],
            "role": np.r_[words([row[2] for row in staff]), words(["therapist"] * len(ids))],
            "therapist_id": blank(np.r_[np.zeros(len(staff), int), ids], nobody),
            "is_active": np.r_[np.ones(len(staff), bool), is_active],
            "created_at": window.moments(np.array([-30]), 600)[0],
        },
    )


def _write_hours(work: Work, site: Array, works: Array, started: Array, ended: Array) -> None:
    window, tables = work.window, work.tables
    therapist, half_day = np.nonzero(works)
    until = np.where(ended < window.now, window.dates(ended - 1), np.datetime64("NaT"))
    tables.write(
        "working_hours",
        {
            "id": tables.take("working_hours", len(therapist)),
            "therapist_id": therapist + 1,
            "site_id": site[therapist],
            "weekday": half_day // 2,
            "starts_at": words([HOURS[half][0].isoformat() for half in half_day % 2]),
            "ends_at": words([HOURS[half][1].isoformat() for half in half_day % 2]),
            "valid_from": window.dates(started)[therapist],
            "valid_until": until[therapist],
        },
    )


def _write_closures(work: Work, sites: Array) -> None:
    window, tables = work.window, work.tables
    day = np.flatnonzero(window.is_holiday)
    site, at = np.repeat(sites, len(day)), np.tile(day, len(sites))
    tables.write(
        "site_closure",
        {
            "id": tables.take("site_closure", len(at)),
            "site_id": site,
            "closed_on": window.dates(at),
            "name": words(["Festivo"] * len(at)),
        },
    )


def _absences(work: Work, number: int) -> list[tuple[int, str, int, int]]:
    """Return (therapist, kind, first day, days): holidays in whole weeks, a course, a few spells of illness."""
    rng, window = work.rng, work.window
    found: list[tuple[int, str, int, int]] = []
    for year in range(window.first.year, window.first.year + 4):
        for month, day, weeks, share in ((8, 1, 2, 1.0), (12, 24, 1, 0.8), (3, 25, 1, 0.6)):
            start = date(year, month, day)
            monday = (start - timedelta(days=start.weekday()) - window.first).days
            late = rng.integers(-1, 3, number) * 7 if month == 8 else np.zeros(number, int)
            goes = rng.random(number) < share
            found += [(int(who), "holiday", monday + int(late[who]), 7 * weeks) for who in np.flatnonzero(goes)]
    for kind, spells, longest in (("illness", 4, 3), ("training", 2, 1)):
        first = rng.integers(0, window.days, (number, spells))
        length = rng.integers(1, longest + 1, (number, spells))
        found += [(who, kind, int(first[who, n]), int(length[who, n])) for who in range(number) for n in range(spells)]
    return [row for row in found if 0 <= row[2] < window.days and not (row[1] == "illness" and row[2] >= window.now)]


def _write_absences(work: Work, number: int) -> tuple[Array, Array]:
    """Write the absences; return the days of therapists without sessions, and those with sessions cancelled."""
    _rng, window, tables = work.rng, work.window, work.tables
    rows = _absences(work, number)
    away = np.tile(window.is_holiday, (number, 1))
    ill = np.zeros_like(away)
    for who, kind, first, length in rows:
        (ill if kind == "illness" else away)[who, first : first + length] = True
    first_day = np.array([row[2] for row in rows])
    tables.write(
        "absence",
        {
            "id": tables.take("absence", len(rows)),
            "therapist_id": np.array([int(row[0]) + 1 for row in rows]),
            "kind": words([row[1] for row in rows]),
            "starts_at": window.moments(first_day, 0),
            "ends_at": window.moments(first_day + np.array([row[3] for row in rows]), 0),
        },
    )
    return away, ill


def _rooms(site: Array, works: Array, site_rooms: list[list[int]]) -> Array:
    """Return a room for each therapist and half-day worked while the site has rooms; the others work by video."""
    room = np.zeros(works.shape, dtype=np.int64)
    for half_day in range(HALF_DAYS):
        there = np.flatnonzero(works[:, half_day])
        place = order_within(site[there])
        for who, turn in zip(there, place, strict=True):
            rooms = site_rooms[site[who] - 1]
            room[who, half_day] = rooms[turn] if turn < len(rooms) else 0
    return room


def _write_services(tables: Tables) -> None:
    tables.write(
        "service",
        {
            "id": tables.take("service", len(SERVICES)),
            **{key: np.array([service[key] for service in SERVICES]) for key in SERVICES[0]},
            "tax_rate_bp": TAX,
            "cancellation_window_hours": WINDOW_HOURS,
            "late_fee_percent": LATE_FEE,
            "most_patients": MOST_PATIENTS,
        },
    )
