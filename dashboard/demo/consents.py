"""Consents: what was asked of whom, who signed, what lapsed, and the attempts to obtain what is missing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from dashboard.consent.models import CHANNELS, KINDS, METHODS, OUTCOMES, STATES
from dashboard.demo.consent_texts import TEXTS
from dashboard.demo.diary import Columns
from dashboard.demo.draws import deal, joined, spread, words
from dashboard.demo.family import Guardians
from dashboard.demo.people import People
from dashboard.demo.tables import Tables, Work, blank, coded
from dashboard.demo.team import FIRST_DESK, SECOND_DESK
from dashboard.demo.window import Array

REQUESTED, VIEWED, SIGNED, DECLINED, WITHDRAWN, EXPIRED, SUPERSEDED = range(len(STATES))
MONTH = 30.4375
NEVER = -(10**6)
SIGNS_ALONE = {"treatment": 16, "data_protection": 14}  # Ley 41/2002 art. 9; Ley Orgánica 3/2018 art. 7
# Per kind: the share of files that were asked, and of those asked how it ended.
ASKED = {
    "treatment": 0.985,
    "data_protection": 0.985,
    "telehealth": 0.93,
    "contact": 0.62,
    "recording": 0.06,
    "publication": 0.02,
}
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

    def choose(self, kind: str, is_spanish: Array, is_old: Array) -> Array:
        """Return the templates of ``kind`` in a language, the newest version or the one before it."""
        versions = sorted(version for of_kind, language, version in self.id if (of_kind, language) == (kind, "es"))
        old, new = versions[0], versions[-1]
        by_language = [[self.id[kind, language, version] for version in (new, old)] for language in ("en", "es")]
        chosen: Array = np.array(by_language)[is_spanish.astype(int), is_old.astype(int)]
        return chosen


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
        {
            (str(row["kind"]), str(row["language"]), int(str(row["version"]))): key
            for key, row in zip(ids, rows, strict=True)
        },
        words([None, *(str(row["text_sha256"]) for row in rows)]),
        np.array([0, *(int(str(row["validity_months"] or 0)) for row in rows)]),
    )


def write_consents(work: Work, people: People, guardians: Guardians, templates: Templates) -> None:
    """Write the consents of ``people``, their signatures and the attempts to obtain them."""
    consents, *others = (_draw(work, people, templates, kind) for kind in KINDS)
    for more in others:
        consents = consents.and_also(more)
    consents = consents.and_also(_renewals(work, consents, templates))
    consents = consents.rows(np.lexsort((consents.kind, consents.requested, consents.patient)))
    rows, signer, is_one_missing = _signers(work.rng, people, guardians, consents)
    can_be_signed = np.zeros(len(consents.patient), bool)
    can_be_signed[rows] = True
    has_signature = (consents.state >= SIGNED) & (consents.state != DECLINED)
    lacking = has_signature & (~can_be_signed | is_one_missing)
    consents = replace(consents, state=np.where(lacking, np.where(can_be_signed, VIEWED, REQUESTED), consents.state))
    ids = _write(work, people, consents, has_signature & ~lacking)
    is_last = np.r_[rows[1:], -1] != rows
    given = has_signature[rows] & ~(is_one_missing[rows] & is_last)
    _write_signatures(work, consents.rows(rows[given]), templates, ids[rows[given]], signer[given])
    _write_attempts(work, people, consents)


def _draw(work: Work, people: People, templates: Templates, kind: str) -> _Consents:
    """Return the first consent of ``kind`` of the patients who were asked for one."""
    rng, window = work.rng, work.window
    has_session = people.first < window.days
    asked = rng.random(len(people.id)) < np.where(has_session, ASKED[kind], 0.3 if kind in SIGNS_ALONE else 0.0)
    patient = np.flatnonzero(asked & (people.is_online | (kind != "telehealth")))
    number = len(patient)
    ends = ENDED.get(kind, ENDED_OTHERWISE)
    state = np.array(list(ends))[deal(rng, list(ends.values()), number)]
    # Nobody goes on for months without having signed, but for a few.
    is_settled = (people.first[patient] < window.now - 75) & (kind in SIGNS_ALONE) & (rng.random(number) < 0.85)
    state = np.where(is_settled & np.isin(state, (REQUESTED, VIEWED, DECLINED)), SIGNED, state)
    requested = np.minimum(people.opened[patient] + rng.integers(0, 4, number), window.now - 1)
    late = np.where(rng.random(number) < 0.06, rng.integers(15, 60, number), rng.integers(0, 4, number))
    before = np.where(people.opened[patient] < 0, requested, np.maximum(people.first[patient] - 4, requested))
    signed = np.minimum(before + late, window.now - 1)
    is_old = (state == SUPERSEDED) | (rng.random(number) < 0.01)
    template = templates.choose(kind, rng.random(number) < 0.96, is_old)
    until = _until(templates, template, signed)
    state = np.where((state == SIGNED) & (until > NEVER) & (until < window.now), EXPIRED, state)
    ended = np.minimum(signed + rng.integers(30, 300, number), window.now - 1)
    return _Consents(patient, np.full(number, KINDS.index(kind)), template, state, requested, signed, until, ended)


def _until(templates: Templates, template: Array, signed: Array) -> Array:
    """Return the day until which consents signed on some days are valid, ``NEVER`` for those without an end."""
    months = templates.months[template]
    return np.where(months > 0, signed + (months * MONTH).astype(int), NEVER)


def _renewals(work: Work, consents: _Consents, templates: Templates) -> _Consents:
    """Return the consents that followed one superseded or expired: asked for then, mostly signed."""
    rng, window = work.rng, work.window
    followed = (consents.state == SUPERSEDED) | ((consents.state == EXPIRED) & (rng.random(len(consents.state)) < 0.92))
    old = consents.rows(np.flatnonzero(followed))
    treatment = KINDS.index("treatment")
    template = np.where(old.kind == treatment, templates.id["treatment", "es", 2], old.template)
    began = np.where(old.state == SUPERSEDED, old.ended, np.minimum(old.until - 10, window.now - 1))
    signed = np.minimum(began + rng.integers(0, 12, len(began)), window.now - 1)
    until = _until(templates, template, signed)
    state = np.where(rng.random(len(began)) < 0.93, SIGNED, REQUESTED)
    state = np.where((state == SIGNED) & (until > NEVER) & (until < window.now), EXPIRED, state)
    return _Consents(old.patient, old.kind, template, state, began, signed, until, signed)


def _signers(
    rng: np.random.Generator, people: People, guardians: Guardians, consents: _Consents
) -> tuple[Array, Array, Array]:
    """Return (consent, guardian or 0 for the patient) of every signature due, and which consents lack the last one."""
    age = people.age[consents.patient]
    alone = np.full(len(KINDS), 18)
    for kind, years in SIGNS_ALONE.items():
        alone[KINDS.index(kind)] = years
    signs_self = np.flatnonzero((age >= 18) | (age >= alone[consents.kind]))
    holders = np.flatnonzero(guardians.has_authority)
    start = np.searchsorted(guardians.patient[holders], consents.patient, side="left")
    count = np.searchsorted(guardians.patient[holders], consents.patient, side="right") - start
    row, turn = spread(count)
    guardian = guardians.id[holders[start[row] + turn]]
    rows = np.r_[signs_self, row]
    guardian = np.r_[np.zeros(len(signs_self), int), guardian]
    order = np.lexsort((guardian, rows))
    is_one_missing = (count >= 2) & (rng.random(len(age)) < 0.15)
    in_force = (count >= 2) & (consents.state == SIGNED) & (consents.kind == KINDS.index("treatment"))
    in_force &= people.is_current[consents.patient]
    in_force[signs_self] = False
    if not is_one_missing[in_force].any():  # however small the practice, one treatment waits for the other guardian
        is_one_missing[np.flatnonzero(in_force)[:1]] = True
    return rows[order], guardian[order], is_one_missing


def _write(work: Work, people: People, consents: _Consents, is_signed: Array) -> Array:
    window, tables = work.window, work.tables
    state = consents.state
    ids = tables.take("consent", len(state))
    never = np.datetime64("NaT")
    seen = np.minimum(consents.requested + 1, window.now - 1)
    signed, ended = window.dates(consents.signed), window.dates(np.maximum(consents.ended, consents.signed))
    has_until = is_signed & (consents.until > NEVER)
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


def _write_signatures(work: Work, signed: _Consents, templates: Templates, ids: Array, signer: Array) -> None:
    """Write one signature a row: under which consent, by which guardian or, where 0, by the patient."""
    rng, number = work.rng, len(ids)
    method = rng.choice(len(METHODS), number, p=[0.6, 0.25, 0.15])
    signature = work.tables.take("consent_signature", number)
    work.tables.write(
        "consent_signature",
        {
            "id": signature,
            "consent_id": ids,
            "guardian_id": blank(signer, signer == 0),
            "signed_at": work.window.moments(signed.signed, rng.integers(540, 1_200, number)),
            "method": coded(METHODS, method),
            "text_sha256": templates.sha256[signed.template],
            "evidence": joined("demo:", signature),
            "recorded_by_id": np.where(method == METHODS.index("electronic"), SECOND_DESK, FIRST_DESK),
        },
    )


def _write_attempts(work: Work, people: People, consents: _Consents) -> None:
    """Write up to three attempts (e-mail, SMS, call) for each consent of a current file that nobody has signed."""
    rng, window, tables = work.rng, work.window, work.tables
    is_open = np.isin(consents.state, (REQUESTED, VIEWED)) & people.is_current[consents.patient]
    waiting = np.flatnonzero(is_open)
    row = np.repeat(waiting, rng.integers(0, 4, len(waiting)))
    turn = np.arange(len(row)) - np.searchsorted(row, row)
    day = np.minimum(consents.requested[row] + 1 + 3 * turn, window.now - 1)
    outcome = np.where(
        turn < 2, OUTCOMES.index("sent"), rng.choice(len(OUTCOMES), len(row), p=[0, 0.25, 0.4, 0.3, 0.05, 0])
    )
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
