"""Guardians of minors, and the payers that cover a part of what patients owe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dashboard.demo import names
from dashboard.demo.draws import deal, is_nothing, joined, nothing_where, pick, pick_by_weight, spread, with_gaps, words
from dashboard.demo.identity import mobile, nif
from dashboard.demo.people import People
from dashboard.demo.tables import Tables, Work, blank
from dashboard.demo.window import Array

PAYERS: tuple[dict[str, Any], ...] = (
    {"name": "Aseguradora Alameda Salud", "kind": "insurer", "tax_id": "A11223341", "payment_days": 30},
    {"name": "Mutua del Manzanares", "kind": "insurer", "tax_id": "G22334458", "payment_days": 60},
    {"name": "Servicio Público de Salud Mental", "kind": "public", "tax_id": "Q3344556B", "payment_days": 60},
    {"name": "Talleres Guadarrama", "kind": "company", "tax_id": None, "payment_days": 15},
)
PAYMENT_DAYS = np.array([row["payment_days"] for row in PAYERS])
FAR = 10**6  # a day, and a number of sessions, that is never reached


@dataclass(frozen=True)
class Guardians:
    """Guardians who sign: of which patient (place in the people), with which identifier."""

    id: Array
    patient: Array
    has_authority: Array


@dataclass(frozen=True)
class Coverages:
    """What a payer covers, by patient (place in the people); payer 0 for none."""

    payer: Array
    percent: Array
    copayment: Array  # cents, -1 where a percentage is covered
    authorised: Array
    until: Array  # day


def write_payers(tables: Tables) -> None:
    """Write the payers."""
    ids = tables.take("payer", len(PAYERS))
    address = {
        "address_line": "Paseo de la Castellana 200",
        "postal_code": "28046",
        "city": "Madrid",
        "region": "Madrid",
    }
    tables.write_rows(
        "payer",
        [
            {"id": int(key), **row, **address, "telephone": f"+3491555{int(key):04d}"}
            for key, row in zip(ids, PAYERS, strict=True)
        ],
    )


def write_guardians(work: Work, people: People) -> Guardians:
    """Write none to two guardians for each minor; authority and custody are sometimes not known."""
    rng, tables = work.rng, work.tables
    minor = np.flatnonzero(people.age < 18)
    count = deal(rng, [0.09, 0.22, 0.69], len(minor))
    custody = pick_by_weight(rng, {"joint": 72, "sole": 18, "unknown": 10}, len(minor))
    custody = np.where((count < 2) & (custody == "joint"), "sole", custody)
    row, turn = spread(count)
    number = len(row)
    ids = tables.take("guardian", number)
    authority = (turn == 0) | (custody[row] != "sole")
    unknown = rng.random(number) < 0.06
    relation = np.where(turn == 0, pick_by_weight(rng, {"mother": 85, "father": 10, "tutor": 5}, number), "father")
    given = np.where(relation == "mother", pick(rng, names.FEMALE, number), pick(rng, names.MALE, number))
    identity = with_gaps(rng, nif(ids + 50_000_000), 0.06)
    tables.write(
        "guardian",
        {
            "id": ids,
            "patient_id": people.id[minor[row]],
            "given_name": given,
            "surnames": joined(people.name[minor[row], 1], " ", pick(rng, names.SURNAMES, number)),
            "relation": relation,
            "has_authority": blank(authority, unknown),
            "custody": custody[row],
            "telephone": with_gaps(rng, mobile(rng, number), 0.06),
            "email": with_gaps(rng, joined("familia", ids, "@example.org"), 0.15),
            "id_kind": nothing_where(is_nothing(identity), "nif"),
            "id_value": identity,
        },
    )
    return Guardians(ids, minor[row], authority & ~unknown)


def write_coverages(work: Work, people: People) -> Coverages:
    """Write the coverage of patients whose payer is an insurer or somebody else; a few files lack it."""
    rng, window, tables = work.rng, work.window, work.tables
    number = len(people.id)
    has = np.isin(people.pays, ("insurer", "other")) & (rng.random(number) < 0.95)
    payer = np.where(has, rng.choice([1, 2, 3, 4], number, p=[0.45, 0.3, 0.15, 0.1]), 0)
    is_percent = rng.random(number) < 0.45
    percent = rng.choice([50, 80, 100], number)
    copayment = np.where(is_percent, -1, rng.choice([500, 1_000, 1_500], number))
    authorised = rng.choice([12, 20, 30, 40, FAR], number, p=[0.1, 0.2, 0.2, 0.2, 0.3])
    ends = rng.random(number) < 0.35
    until = np.where(ends, people.opened + rng.integers(90, 900, number), FAR)
    row = np.flatnonzero(has)
    policy = joined("P", words([f"{value:09d}" for value in rng.integers(0, 10**9, len(row))]))
    tables.write(
        "coverage",
        {
            "id": tables.take("coverage", len(row)),
            "patient_id": people.id[row],
            "payer_id": payer[row],
            "policy_number": with_gaps(rng, policy, 0.06),
            "valid_from": window.dates(people.opened[row]),
            "valid_until": np.where(ends[row], window.dates(np.where(ends, until, 0)[row]), np.datetime64("NaT")),
            "authorised_sessions": blank(authorised[row], authorised[row] == FAR),
            "copayment_cents": blank(copayment[row], is_percent[row]),
            "covered_percent": blank(percent[row], ~is_percent[row]),
        },
    )
    return Coverages(payer, percent, copayment, authorised, until)
