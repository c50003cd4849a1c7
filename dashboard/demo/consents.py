"""Consents: what was asked of whom, who signed, what lapsed, and the attempts to obtain what is missing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dashboard.consent.models import CHANNELS, KINDS, METHODS, OUTCOMES, STATES
from dashboard.demo.consent_texts import TEXTS
from dashboard.demo.diary import Columns
from dashboard.demo.draws import joined, words
from dashboard.demo.family import Guardians
from dashboard.demo.people import People
from dashboard.demo.tables import Tables, blank, coded
from dashboard.demo.team import FIRST_DESK, SECOND_DESK
from dashboard.demo.window import Array, Window

REQUESTED, VIEWED, SIGNED, DECLINED, WITHDRAWN, EXPIRED, SUPERSEDED = range(len(STATES))
MONTH = 30.4375
SIGNS_ALONE = {"treatment": 16, "data_protection": 14}  # Ley 41/2002 art. 9; Ley Orgánica 3/2018 art. 7
# Per kind: the share of files that were asked, and of those asked how it ended.
ASKED = {"treatment": 0.985, "data_protection": 0.985, "telehealth": 0.93, "contact": 0.62, "recording": 0.06, "publication": 0.02}
ENDED = {
    "treatment": {REQUESTED: 0.025, VIEWED: 0.02, SIGNED: 0.91, DECLINED: 0.01, WITHDRAWN: 0.01, SUPERSEDED: 0.025},
    "contact": {REQUESTED: 0.05, VIEWED: 0.02, SIGNED: 0.86, DECLINED: 0.05, WITHDRAWN: 0.02},
    "recording": {REQUESTED: 0.10, SIGNED: 0.70, DECLINED: 0.20},
}
ENDED_OTHERWISE = {REQUESTED: 0.03, VIEWED: 0.02, SIGNED: 0.945, DECLINED: 0.005}


@dataclass(frozen=True)
class Templates:
    """The templates written: identifiers by (kind, language, version), and each one's hash and validity in months."""

    id: Mapping[tuple[str, str, int], int]
    sha256: Array  # by identifier
    months: Array  # by identifier, 0 for ever


@dataclass(frozen=True)
class _Consents(Columns):
    patient: Array  # place in the people
    kind: Array
    template: Array
    state: Array
    requested: Array  # days from here on
    signed: Array
    until: Array
    ended: Array


def write_templates(tables: Tables) -> Templates:
    """Write the templates of every kind in Spanish and English."""
    rows = [
        {
            "kind": text.kind,
            "language": language,
            "version": text.version,
            "title": title,
            "body": body,
            "text_sha256": hashlib.sha256(body.encode()).hexdigest(),
            "validity_months": text.validity_months,
            "signed_by": text.signed_by,
            "required_when": text.required_when,
            "is_active": text.is_active,
        }
        for text in TEXTS
        for language, (title, body) in text.words.items()
    ]
    ids = [int(key) for key in tables.take("consent_template", len(rows))]
    tables.write_rows("consent_template", [{"id": key, **row} for key, row in zip(ids, rows, strict=True)])
    return Templates(
        {(str(row["kind"]), str(row["language"]), int(str(row["version"]))): key for key, row in zip(ids, rows, strict=True)},
        words([None, *(str(row["text_sha256"]) for row in rows)]),
        np.array([0, *(int(str(row["validity_months"] or 0)) for row in rows)]),
    )


def write_consents(
    rng: np.random.Generator,
    window: Window,
    people: People,
    guardians: Guardians,
    templates: Templates,
    tables: Tables,
) -> None:
    """Write the consents of ``people``, their signatures and the attempts to obtain them."""
    drawn = [_draw(rng, window, people, templates, kind) for kind in KINDS]
    consents = drawn[0]
    for more in drawn[1:]:
        consents = consents.and_also(more)
    consents = consents.and_also(_renewals(rng, window, consents, templates))
    order = np.lexsort((consents.kind, consents.requested, consents.patient))
    consents = consents.rows(order)
    rows, guardian, is_one_missing = _signers(rng, people, guardians, consents)
    is_signable = np.zeros(len(consents.patient), bool)
    is_signable[rows] = True
    has_signature = consents.state >= SIGNED
    has_signature &= consents.state != DECLINED
    lacking = has_signature & (~is_signable | is_one_missing)
    state = np.where(lacking, np.where(is_signable, VIEWED, REQUESTED), consents.state)
    ids = _write(window, people, consents, state, has_signature & ~lacking, tables)
    given = has_signature[rows] & is_signable[rows]
    signer = np.where(guardian >= 0, guardians.id[guardian] if len(guardians.id) else 0, 0)
    skipped = is_one_missing[rows] & (np.r_[rows[1:], -1] != rows)
    given &= ~skipped
    _write_signatures(rng, window, consents, templates, ids, rows[given], signer[given], tables)
    _write_attempts(rng, window, people, consents, state, tables)


def _draw(
    rng: np.random.Generator, window: Window, people: People, templates: Templates, kind: str
) -> _Consents:
    """Return the first consent of ``kind`` of the patients who were asked for one."""
    number = len(people.id)
    asked = (rng.random(number) < ASKED[kind]) & (people.first < window.days)
    asked |= (rng.random(number) < 0.3) & (people.first >= window.days) & (kind in SIGNS_ALONE)
    asked &= people.is_online | (kind != "telehealth")
    patient = np.flatnonzero(asked)
    ends = ENDED.get(kind, ENDED_OTHERWISE)
    shares = np.array(list(ends.values()))
    state = rng.choice(list(ends), len(patient), p=shares / shares.sum())
    requested = np.minimum(people.opened[patient] + rng.integers(0, 4, len(patient)), window.now - 1)
    late = np.where(rng.random(len(patient)) < 0.06, rng.integers(15, 60, len(patient)), rng.integers(0, 4, len(patient)))
    signed = np.minimum(np.maximum(people.first[patient] - 2, requested) + late, window.now - 1)
    # Files opened long before the period were signed when they were opened.
    signed = np.where(people.opened[patient] < 0, np.minimum(requested + late, window.now - 1), signed)
    language = rng.random(len(patient)) < 0.96
    version = np.where((state == SUPERSEDED) | (rng.random(len(patient)) < 0.01), 1, 2 if kind == "treatment" else 1)
    lookup = np.array([[templates.id[kind, tongue, min(n, 2 if kind == "treatment" else 1)] for n in (1, 2)] for tongue in ("en", "es")])
    template = lookup[language.astype(int), version - 1]
    months = templates.months[template]
    until = np.where(months > 0, signed + (months * MONTH).astype(int), -(10**6))
    state = np.where((state == SIGNED) & (months > 0) & (until < window.now), EXPIRED, state)
    ended = np.minimum(signed + rng.integers(30, 300, len(patient)), window.now - 1)
    return _Consents(patient, np.full(len(patient), KINDS.index(kind)), template, state, requested, signed, until, ended)


def _renewals(rng: np.random.Generator, window: Window, consents: _Consents, templates: Templates) -> _Consents:
    """Return the consents that followed one superseded or expired: asked for then, mostly signed."""
    followed = (consents.state == SUPERSEDED) | ((consents.state == EXPIRED) & (rng.random(len(consents.state)) < 0.8))
    old = consents.rows(np.flatnonzero(followed))
    treatment = KINDS.index("treatment")
    template = np.where(old.kind == treatment, templates.id["treatment", "es", 2], old.template)
    began = np.where(old.state == SUPERSEDED, old.ended, np.minimum(old.until - 10, window.now - 1))
    signed = np.minimum(began + rng.integers(0, 12, len(began)), window.now - 1)
    months = templates.months[template]
    state = np.where(rng.random(len(began)) < 0.9, SIGNED, REQUESTED)
    until = np.where(months > 0, signed + (months * MONTH).astype(int), -(10**6))
    state = np.where((state == SIGNED) & (months > 0) & (until < window.now), EXPIRED, state)
    return _Consents(old.patient, old.kind, template, state, began, signed, until, signed)


def _signers(
    rng: np.random.Generator, people: People, guardians: Guardians, consents: _Consents
) -> tuple[Array, Array, Array]:
    """Return (consent, guardian or -1 for the patient) of every signature due, and consents that lack the last one."""
    age = people.age[consents.patient]
    alone = np.full(len(KINDS), 18)
    for kind, years in SIGNS_ALONE.items():
        alone[KINDS.index(kind)] = years
    signs_self = np.flatnonzero((age >= 18) | (age >= alone[consents.kind]))
    holders = np.flatnonzero(guardians.has_authority)
    start = np.searchsorted(guardians.patient[holders], consents.patient, side="left")
    count = np.searchsorted(guardians.patient[holders], consents.patient, side="right") - start
    row = np.repeat(np.arange(len(age)), count)
    turn = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    guardian = holders[start[row] + turn] if len(row) else np.array([], int)
    rows = np.r_[signs_self, row]
    guardian = np.r_[np.full(len(signs_self), -1), guardian]
    order = np.lexsort((guardian, rows))
    is_one_missing = (count >= 2) & (rng.random(len(age)) < 0.15)
    return rows[order], guardian[order], is_one_missing


def _write(window: Window, people: People, consents: _Consents, state: Array, is_signed: Array, tables: Tables) -> Array:
    number = len(state)
    ids = tables.take("consent", number)
    never = np.datetime64("NaT")
    seen = np.minimum(consents.requested + 1, window.now - 1)
    signed, ended = window.dates(consents.signed), window.dates(np.maximum(consents.ended, consents.signed))
    has_until = is_signed & (consents.until > -(10**5))
    tables.write(
        "consent",
        {
            "id": ids,
            "patient_id": people.id[consents.patient],
            "template_id": consents.template,
            "state": coded(STATES, state),
            "requested_on": window.dates(consents.requested),
            "viewed_on": np.where(state != REQUESTED, window.dates(np.minimum(seen, consents.signed)), never),
            "declined_on": np.where(state == DECLINED, window.dates(seen), never),
            "signed_on": np.where(is_signed, signed, never),
            "valid_until": np.where(has_until, window.dates(np.where(has_until, consents.until, 0)), never),
            "ended_on": np.where(np.isin(state, (WITHDRAWN, SUPERSEDED)), ended, never),
        },
    )
    return ids


def _write_signatures(
    rng: np.random.Generator,
    window: Window,
    consents: _Consents,
    templates: Templates,
    ids: Array,
    rows: Array,
    signer: Array,
    tables: Tables,
) -> None:
    method = rng.choice(len(METHODS), len(rows), p=[0.6, 0.25, 0.15])
    signature = tables.take("consent_signature", len(rows))
    tables.write(
        "consent_signature",
        {
            "id": signature,
            "consent_id": ids[rows],
            "guardian_id": blank(signer, signer == 0),
            "signed_at": window.moments(consents.signed[rows], rng.integers(540, 1_200, len(rows))),
            "method": coded(METHODS, method),
            "text_sha256": templates.sha256[consents.template[rows]],
            "evidence": joined("demo:", signature) if len(signature) else signature,
            "recorded_by_id": np.where(method == METHODS.index("electronic"), SECOND_DESK, FIRST_DESK),
        },
    )


def _write_attempts(
    rng: np.random.Generator, window: Window, people: People, consents: _Consents, state: Array, tables: Tables
) -> None:
    """Write up to three attempts (e-mail, SMS, call) for each consent of a current file that nobody has signed."""
    is_open = np.isin(state, (REQUESTED, VIEWED)) & people.is_current[consents.patient]
    waiting = np.flatnonzero(is_open)
    row = np.repeat(waiting, rng.integers(0, 4, len(waiting)))
    turn = np.arange(len(row)) - np.searchsorted(row, row)
    day = np.minimum(consents.requested[row] + 1 + 3 * turn, window.now - 1)
    outcome = np.where(turn < 2, OUTCOMES.index("sent"), rng.choice(len(OUTCOMES), len(row), p=[0, 0.25, 0.4, 0.3, 0.05, 0]))
    outcome = np.where((turn == 0) & (rng.random(len(row)) < 0.06), OUTCOMES.index("bounced"), outcome)
    tables.write(
        "consent_attempt",
        {
            "id": tables.take("consent_attempt", len(row)),
            "patient_id": people.id[consents.patient[row]],
            "kind": coded(KINDS, consents.kind[row]),
            "channel": coded(CHANNELS, turn),
            "outcome": coded(OUTCOMES, outcome),
            "attempted_at": window.moments(day, 600 + 30 * turn),
            "attempted_by_id": np.where(turn % 2 == 0, FIRST_DESK, SECOND_DESK),
        },
    )
