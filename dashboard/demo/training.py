"""Therapists' training: who is under which requirement, and entries that put some ahead and some behind."""

from __future__ import annotations

import hashlib

import numpy as np
from sqlalchemy import Connection

from dashboard.demo.draws import pick_by_weight, words
from dashboard.demo.tables import Work, blank
from dashboard.demo.team import MANAGER
from dashboard.demo.window import Array
from dashboard.training.requirements import Requirement, requirements, sync_requirements

HOURS_AN_ENTRY = 9
TITLES = {
    "course": "Curso de actualización en psicoterapia",
    "masters": "Máster en psicología clínica, módulo",
    "postgraduate": "Experto universitario, módulo",
    "conference": "Jornadas de psicoterapia",
    "supervision": "Supervisión de casos",
    "reading": "Lectura dirigida",
    "teaching": "Docencia en formación de terapeutas",
}
KINDS = {
    "course": 30,
    "conference": 20,
    "supervision": 24,
    "reading": 8,
    "teaching": 8,
    "postgraduate": 7,
    "masters": 3,
}
TOPICS = {
    "skills": 45,
    "ethics": 14,
    "law": 8,
    "suicide_prevention": 10,
    "diversity": 8,
    "domestic_violence": 7,
    "medical_errors": 2,
    "other": 6,
}
PROVIDERS = ("Colegio Oficial de la Psicología", "Universidad del Manzanares", "Escuela Sierra", "Sociedad de Terapia")


def write_training(work: Work, therapists: int, connection: Connection) -> None:
    """Write the requirements, who is under them since when, and what was done until today."""
    rng, window, tables = work.rng, work.window, work.tables
    found = {requirement.code: requirement for requirement in requirements()}
    sync_requirements(connection, found.values())
    tables.counts["training_requirement"] = len(found)
    tables.counts["training_requirement_part"] = sum(len(requirement.parts()) for requirement in found.values())
    therapist, code = _under(therapists, list(found))
    months = np.array([found[key].cycle_months for key in code])
    elapsed = (rng.uniform(0.2, 0.9, len(code)) * months * 30.4).astype(int)
    tables.write(
        "therapist_requirement",
        {
            "therapist_id": therapist + 1,
            "requirement_code": code,
            "first_cycle_starts_on": window.dates(window.now - elapsed),
        },
    )
    _write_entries(work, therapist, _entries(rng, code, elapsed, found), elapsed)


def _under(therapists: int, codes: list[str]) -> tuple[Array, Array]:
    """Return (therapist, requirement): everybody is under one or two."""
    every = np.arange(therapists)
    first = words(codes)[every % len(codes)]
    second = words(codes)[(every + 1) % len(codes)]
    has_two = np.flatnonzero(every % 5 == 0)
    return np.r_[every, every[has_two]], np.r_[first, second[has_two]]


def _entries(rng: np.random.Generator, code: Array, elapsed: Array, found: dict[str, Requirement]) -> Array:
    """Return how many entries each therapist logged for a requirement: from a third of the pace to well ahead."""
    hours = np.array([float(found[key].hours_per_cycle) for key in code])
    months = np.array([found[key].cycle_months for key in code])
    pace = hours * elapsed / (months * 30.4)
    zeal = rng.choice([0.35, 0.8, 1.15, 1.6], len(code), p=[0.2, 0.2, 0.35, 0.25])
    count: Array = np.clip(np.round(pace * zeal / HOURS_AN_ENTRY), 1, 80).astype(int)
    return count


def _write_entries(work: Work, therapist: Array, count: Array, elapsed: Array) -> None:
    rng, window, tables = work.rng, work.window, work.tables
    row = np.repeat(np.arange(len(count)), count)
    number = len(row)
    ids = tables.take("training_entry", number)
    ended = window.now - 1 - (rng.random(number) * (elapsed[row] - 1)).astype(int)
    kind = pick_by_weight(rng, KINDS, number)
    age = window.now - ended
    status = pick_by_weight(rng, {"approved": 89, "rejected": 5, "logged": 6}, number)
    status = np.where((age < 45) & (rng.random(number) < 0.7), "logged", status)
    is_decided = status != "logged"
    has_certificate = rng.random(number) < 0.85
    certificate = words([hashlib.sha256(f"demo:{key}".encode()).hexdigest() for key in ids])
    decided = window.moments(np.minimum(ended + 10, window.now - 1), 720)
    tables.write(
        "training_entry",
        {
            "id": ids,
            "therapist_id": therapist[row] + 1,
            "title": words([f"{TITLES[of_kind]} {key % 40 + 1}" for of_kind, key in zip(kind, ids, strict=True)]),
            "provider": words(PROVIDERS)[rng.integers(0, len(PROVIDERS), number)],
            "kind": kind,
            "topic": pick_by_weight(rng, TOPICS, number),
            "mode": pick_by_weight(rng, {"in_person": 45, "online": 40, "blended": 8, "self_study": 7}, number),
            "hours": np.round(rng.gamma(6.0, HOURS_AN_ENTRY / 6.0, number) * 2 + 1) / 2,
            "started_on": window.dates(ended - rng.integers(0, 3, number)),
            "ended_on": window.dates(ended),
            "certificate_sha256": blank(certificate, ~has_certificate),
            "status": status,
            "decided_by_id": blank(np.full(number, MANAGER), ~is_decided),
            "decided_at": np.where(is_decided, decided, np.datetime64("NaT")),
            "created_at": window.moments(ended, 1_200),
        },
    )
